"""Kinds of notices: what each says, in both languages, and how it goes out unless its reader wants it otherwise.

A notice carries numbers and codes only; what it says is made from these words when it is read or sent. So an e-mail
cannot hold an identity: there is nothing in the row to put into it. Example::

    RETURNED = declare(
        "registry.returned", group="reporting",
        zh="有 {count} 份报告卡被退回修改", en="{count} report cards were returned for correction",
        mail=Mail.AT_ONCE,
    )
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Mail(models.TextChoices):
    """When a notice goes out by e-mail."""

    AT_ONCE = "at_once", _("at once")
    DAILY = "daily", _("once a day")
    NEVER = "never", _("never")


#: Turns codes of a notice into words of the language that is active: ``{"kind": "intake.screen"}`` → its title.
Words = Callable[[Mapping[str, Any]], Mapping[str, Any]]
#: What readers set their preferences for.
GROUPS: Final = {"reporting": _("Reporting"), "jobs": _("Background jobs"), "accounts": _("Log-in and account")}


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice.

    Attributes:
        code: ``room.what``.
        group: under which readers choose how it reaches them; one of :data:`GROUPS`.
        zh, en: one sentence, with ``{field}`` for what the notice carries.
        mail: how it goes out where the reader has not chosen.
        sms: it is urgent enough for an SMS, where the reader wants them.
        words: turns codes into words.
    """

    code: str
    group: str
    zh: str
    en: str
    mail: Mail = Mail.DAILY
    sms: bool = False
    words: Words | None = None

    def sentence(self, data: Mapping[str, Any]) -> str:
        """Return what a notice says, in the language that is active."""
        said = {**data, **(self.words(data) if self.words else {})}
        return (self.zh if (get_language() or "zh").startswith("zh") else self.en).format(**said)


_kinds: dict[str, NoticeKind] = {}


def declare(
    code: str,
    *,
    group: str,
    zh: str,
    en: str,
    mail: Mail = Mail.DAILY,
    sms: bool = False,
    words: Words | None = None,
) -> str:
    """Make a kind known and return its code.

    Raises:
        ValueError: the code is taken, a sentence is missing, or the group is unknown.
    """
    if code in _kinds or not zh or not en or group not in GROUPS:
        raise ValueError(f"notice {code!r} is declared twice, lacks a sentence, or has no group")
    _kinds[code] = NoticeKind(code, group, zh, en, mail, sms, words)
    return code


def kinds() -> Mapping[str, NoticeKind]:
    """Return every kind by code; complete once Django has loaded its apps."""
    return MappingProxyType(_kinds)


def sentence(code: str, data: Mapping[str, Any]) -> str:
    """Return what a notice says in the active language; its code where this version knows it no more."""
    kind = _kinds.get(code)
    return kind.sentence(data) if kind else code
