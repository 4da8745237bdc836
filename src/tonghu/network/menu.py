"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(_("Institutions"), "network:institutions", group=MenuGroup.NETWORK, icon="hospital"),
    MenuItem(_("Regions"), "network:regions", group=MenuGroup.NETWORK, icon="region"),
)
