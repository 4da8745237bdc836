"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.api.access import ISSUE
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(
        _("Docking clients"),
        "docking:clients",
        permission=ISSUE,
        group=MenuGroup.SITE,
        icon="link",
        note=_("The hospital's systems that may call the interface, and their credentials."),
    ),
)
