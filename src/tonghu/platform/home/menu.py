"""The first entry of everybody's menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tonghu.platform.shell import MenuGroup, MenuItem

MENU = (MenuItem(_("Today"), "home:home", group=MenuGroup.TODO, icon="home"),)
