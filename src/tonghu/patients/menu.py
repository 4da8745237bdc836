"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.patients.access import ENTER, MERGE, READ
from tonghu.patients.queries import count_open
from tonghu.platform.components.figures import OrMore
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import MenuGroup, MenuItem

#: More questions than this are counted as so many.
MOST_COUNTED = 99


def _waiting(by: Scope) -> int:
    found = count_open(by, MOST_COUNTED + 1)
    return OrMore(MOST_COUNTED) if found > MOST_COUNTED else found


MENU = (
    MenuItem(
        _("Are these one child?"), "patients:questions", permission=MERGE, group=MenuGroup.TODO, count=_waiting,
        icon="link",
    ),
    MenuItem(_("Enter a child"), "patients:enter", permission=ENTER, group=MenuGroup.CHILDREN, icon="plus"),
    MenuItem(
        _("Children"), "patients:children", permission=READ, group=MenuGroup.CHILDREN, icon="child",
        note=_("The children this hospital has met: search by name, pinyin, record or ID tail."),
    ),
)  # fmt: skip
