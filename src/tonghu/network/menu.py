"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(
        _("Institutions"),
        "network:institutions",
        group=MenuGroup.NETWORK,
        icon="hospital",
        note=_("The hospitals and authorities of the network, with their codes, levels and regions."),
    ),
    MenuItem(
        _("Regions"),
        "network:regions",
        group=MenuGroup.NETWORK,
        icon="region",
        note=_("The regions of GB/T 2260 since 1984: what each code named, and what took its place."),
    ),
)
