"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.files.access import VIEW
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(
        _("Files of the institution"),
        "files:all",
        permission=VIEW,
        group=MenuGroup.SITE,
        icon="file",
        note=_("What was uploaded and made here, who took it, and when it is destroyed."),
    ),
)
