"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.notices.access import OPERATE
from tonghu.platform.notices.queries import count_unread
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(_("Notices"), "notices:mine", group=MenuGroup.TODO, count=count_unread, icon="bell"),
    MenuItem(
        _("E-mail and SMS"),
        "notices:outgoing",
        permission=OPERATE,
        group=MenuGroup.SITE,
        icon="bell",
        note=_("What was sent outside the site, and what could not be."),
    ),
)
