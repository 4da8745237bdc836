"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.components.figures import counted_to
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import MenuGroup, MenuItem
from tonghu.registry.access import AUDIT, ENTER, READ, VERIFY
from tonghu.registry.pages import looking, working

#: More than these are counted as so many.
MOST_COUNTED = 999


def _queue(by: Scope) -> int | None:
    return counted_to(MOST_COUNTED, working.queue(by)) if by.institution is not None else None


def _audit(by: Scope) -> int | None:
    return counted_to(MOST_COUNTED, looking.to_audit(by)) if by.institution is not None else None


def _received(_by: Scope) -> int | None:
    return counted_to(MOST_COUNTED, looking.received())


MENU = (
    MenuItem(
        _("Correction queue"), "registry:queue", permission=ENTER, group=MenuGroup.TODO, count=_queue, icon="list"
    ),
    MenuItem(_("Card audit"), "registry:audit", permission=AUDIT, group=MenuGroup.TODO, count=_audit, icon="check"),
    MenuItem(
        _("Cards received"), "registry:received", permission=VERIFY, group=MenuGroup.TODO, count=_received, icon="check"
    ),
    MenuItem(
        _("Report cards"), "registry:cards", permission=READ, group=MenuGroup.REPORTING, icon="file",
        note=_("All report cards, filtered, searched and exported."),
    ),
    MenuItem(_("Enter a card"), "registry:new", permission=ENTER, group=MenuGroup.REPORTING, icon="edit"),
    MenuItem(
        _("Surveillance scope"), "registry:scope", permission=READ, group=MenuGroup.REPORTING, icon="list",
        note=_("Which diagnoses are reported, since when."),
    ),
)  # fmt: skip
