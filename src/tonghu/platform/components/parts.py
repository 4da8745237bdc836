"""What components are given: findings, events of a timeline, changes, progress, consequences, masked values.

Rooms make these from their own records; the tags in ``templatetags/components.py`` show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tonghu.platform.shell import Words


class Level(Enum):
    """How much a finding asks for; the same three as in the rules."""

    ERROR = "error"
    WARNING = "warning"
    CONFIRM = "confirm"

    @property
    def tone(self) -> str:
        """The tone of its mark."""
        return {"error": "block", "warning": "ask", "confirm": "quiet"}[self.value]

    @property
    def label(self) -> str:
        """The word beside the mark."""
        return {"error": _("Must be mended"), "warning": _("Look, or give a reason"), "confirm": _("Confirm")}[
            self.value
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding on a record.

    Attributes:
        level: what it asks for.
        what: what is wrong, in a sentence.
        where: the field or line that it names.
        why: the clause or rule behind it, in words.
        rule: the rule's id.
        mend: how to mend it.
        field: name of the form field that ``M`` goes to; '' where there is none on the page.
        override_url: where a reason to let it pass is given; '' where it may not pass.
    """

    level: Level
    what: Words
    where: Words = ""
    why: Words = ""
    rule: str = ""
    mend: Words = ""
    field: str = ""
    override_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: who did what, when and why; ``url`` opens what changed."""

    at: datetime
    who: Words
    what: Words
    why: Words = ""
    post: Words = ""
    url: str = ""
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field before and after; None is shown as empty. ``secret``: only that it changed, not what."""

    label: Words
    before: Any
    after: Any
    secret: bool = False

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``: said in words beside the colour."""
        if self.before in (None, ""):
            return "added"
        return "removed" if self.after in (None, "") else "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far something is; ``url`` is asked again until ``state`` is not ``running``.

    Attributes:
        done, total: in `unit`; ``total`` None where it is not known yet.
        rate: units a second, None before anything can be said.
        state: ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``.
        note: what it is doing, or what went wrong and how to go on.
        cancel_url: where a cancellation is posted; '' where it cannot be cancelled.
    """

    label: Words
    done: int
    total: int | None = None
    unit: Words = ""
    rate: float | None = None
    state: str = "running"
    note: Words = ""
    url: str = ""
    cancel_url: str = ""

    @property
    def percent(self) -> int | None:
        """Whole percent, never 100 before everything is done; None where the total is unknown."""
        if not self.total:
            return None
        return 100 if self.done >= self.total else min(99, self.done * 100 // self.total)

    @property
    def counted(self) -> bool:
        """Whether a bar says something: not where the work is finished and nobody ever knew how much it was."""
        return self.state != "done" or self.total is not None

    @property
    def rate_whole(self) -> int:
        """The rate in whole units a second, at least one."""
        return max(1, round(self.rate or 0))

    @property
    def left(self) -> str:
        """The time that is left, in words; '' where nothing can be said."""
        if self.state != "running" or not self.rate or not self.total or self.done >= self.total:
            return ""
        return in_words(timedelta(seconds=(self.total - self.done) / self.rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """An act that is asked once more before it is done, with what it does in numbers.

    Attributes:
        question: what is about to happen, as a question.
        consequences: pairs of number (with unit) and what happens to them.
        act: the verb on the button.
        url: where it is posted.
        fields: further hidden values of the post.
        reason: whether a reason must be given.
        final: whether it cannot be undone, which the question then says.
        way_back: who puts it right afterwards and how, said instead.
    """

    question: Words
    consequences: Sequence[tuple[Words, Words]]
    act: Words
    url: str
    fields: Sequence[tuple[str, str]] = ()
    reason: bool = False
    tone: str = "block"
    final: bool = True
    way_back: Words = ""


def in_words(duration: timedelta) -> str:
    """A duration as people say it: seconds under a minute, minutes under an hour, then hours and minutes."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = round(seconds / 60)
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
