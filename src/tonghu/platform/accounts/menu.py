"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.accounts.access import VIEW
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(
        _("People and posts"),
        "accounts:people",
        permission=VIEW,
        group=MenuGroup.SITE,
        icon="people",
        note=_("Who works here, in which posts, from when until when."),
    ),
    MenuItem(
        _("Roles"),
        "accounts:roles",
        permission=VIEW,
        group=MenuGroup.SITE,
        icon="role",
        note=_("What each role is for and may do, a sentence for each right."),
    ),
)
