"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.intake.access import UPLOAD
from tonghu.intake.queries import count_ready
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(
        _("Import"), "intake:imports", permission=UPLOAD, group=MenuGroup.REPORTING, count=count_ready, icon="upload"
    ),
)
