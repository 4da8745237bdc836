"""What the menu shows of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.jobs.access import MANAGE
from tonghu.platform.jobs.queries import count_dead, count_live
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import MenuGroup, MenuItem


def _may_start(scope: Scope) -> bool:
    """A post that holds no permission has nothing that it could ask for."""
    return bool(scope.permissions)


MENU = (
    MenuItem(_("My jobs"), "jobs:mine", group=MenuGroup.TODO, count=count_live, icon="job", when=_may_start),
    MenuItem(_("Failed jobs"), "jobs:dead", permission=MANAGE, group=MenuGroup.TODO, count=count_dead, icon="warning"),
)
