"""A browser and its system in two words, from what the browser says of itself: ``Chrome · Windows``."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The first that fits holds: most browsers say that they are Chrome or Safari as well.
_BROWSERS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("MicroMessenger/", _("WeChat")), ("DingTalk/", _("DingTalk")), ("Edg", "Edge"), ("OPR/", "Opera"),
    ("QQBrowser/", _("QQ Browser")), ("UCBrowser/", _("UC Browser")), ("UBrowser/", _("UC Browser")),
    ("HuaweiBrowser/", _("Huawei Browser")), ("MiuiBrowser/", _("Mi Browser")), ("QIHU", _("360 Browser")),
    ("360SE", _("360 Browser")), ("360EE", _("360 Browser")), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Trident/", "Internet Explorer"), ("MSIE ", "Internet Explorer"),
    ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("OpenHarmony", "HarmonyOS"), ("HarmonyOS", "HarmonyOS"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Kylin", _("Kylin")), ("UOS", _("UOS")),
    ("Linux", "Linux"), ("CrOS", "ChromeOS"),
)  # fmt: skip


def in_two_words(agent: str) -> str:
    """Return browser and system; what is neither known says so."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), _("unknown browser"))
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return f"{browser} · {system}" if system else str(browser)
