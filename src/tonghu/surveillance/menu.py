"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.shell import MenuGroup, MenuItem
from tonghu.surveillance.access import VIEW

MENU = (
    MenuItem(
        _("How reporting stands"), "surveillance:board", permission=VIEW, group=MenuGroup.REPORTING, icon="calendar"
    ),
    MenuItem(_("Weak points"), "surveillance:quality", permission=VIEW, group=MenuGroup.QUALITY, icon="chart"),
    MenuItem(_("The cases"), "surveillance:cases", permission=VIEW, group=MenuGroup.QUALITY, icon="chart"),
    MenuItem(
        _("Monitoring points"),
        "surveillance:points",
        permission=VIEW,
        group=MenuGroup.NETWORK,
        icon="hospital",
        note=_("The hospitals that report, since when, and who answers there."),
    ),
)
