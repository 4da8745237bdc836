"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.jobs.access import MANAGE
from tonghu.platform.jobs.queries import count_dead, count_live
from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (
    MenuItem(_("My jobs"), "jobs:mine", group=MenuGroup.TODO, count=count_live, icon="job"),
    MenuItem(_("Failed jobs"), "jobs:dead", permission=MANAGE, group=MenuGroup.TODO, count=count_dead, icon="warning"),
)
