"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.audit.access import HISTORY, READ
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(
        _("What was changed"),
        "trail:changes",
        HISTORY,
        MenuGroup.SITE,
        icon="history",
        note=_("What was changed, by whom and when, with before and after."),
    ),
    MenuItem(
        _("Log of acts"),
        "trail:events",
        READ,
        MenuGroup.SITE,
        icon="list",
        note=_("Who looked, showed whole numbers, took data away or acted."),
    ),
)
