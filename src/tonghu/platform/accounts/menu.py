"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.accounts.access import VIEW
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(_("People and posts"), "accounts:people", permission=VIEW, group=MenuGroup.SITE, icon="people"),
    MenuItem(_("Roles"), "accounts:roles", permission=VIEW, group=MenuGroup.SITE, icon="role"),
)
