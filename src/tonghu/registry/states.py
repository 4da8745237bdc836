"""The states of a report card and the acts that lead from one to another: one table for everything.

The database's trigger (through the table ``registry_transition``, which a migration fills from here), the services, the
pages, the tests and the diagram in ``docs/registry.md`` all use it. No card changes its state in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.functional import lazy
from django.utils.translation import get_language

from tonghu.registry.access import AUDIT, ENTER, REPORT, VERIFY

#: What the states are called, in Chinese and English.
WORDS: Final = {
    "draft": ("草稿", "Draft"),
    "submitted": ("已提交", "Submitted"),
    "returned": ("审核退回", "Returned by the auditor"),
    "approved": ("审核通过", "Approved"),
    "reported": ("已上报", "Reported"),
    "returned_by_centre": ("国家中心退回", "Returned by the centre"),
    "accepted": ("国家中心已接收", "Accepted by the centre"),
    "voided": ("已作废", "Voided"),
}


def _word(state: str) -> str:
    # Without any language (migrations are written so) the English word.
    return WORDS[state][0 if (get_language() or "en").startswith("zh") else 1]


_label = lazy(_word, str)


class State(models.TextChoices):
    """Where a card stands on its way."""

    DRAFT = "draft", _label("draft")
    SUBMITTED = "submitted", _label("submitted")
    RETURNED = "returned", _label("returned")
    APPROVED = "approved", _label("approved")
    REPORTED = "reported", _label("reported")
    RETURNED_BY_CENTRE = "returned_by_centre", _label("returned_by_centre")
    ACCEPTED = "accepted", _label("accepted")
    VOIDED = "voided", _label("voided")


#: In which a card may get a new version: the clerk has it in hand.
EDITABLE: Final = frozenset({State.DRAFT, State.RETURNED, State.RETURNED_BY_CENTRE})
#: In which somebody other than its authors and those who asked for it has approved the version.
AUDITED: Final = frozenset({State.APPROVED, State.REPORTED, State.RETURNED_BY_CENTRE, State.ACCEPTED})
#: In which a card is with its hospital for the hospital to know: above it they are one.
IN_HAND: Final = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED)
#: In which the card came back with a reason: whoever sends it on mends something or answers.
RETURNED: Final = frozenset({State.RETURNED, State.RETURNED_BY_CENTRE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody does with a card, and what it leads to.

    Attributes:
        code: its stable name, the same in the database, in forms and in the API.
        sources: the states in which it can be done.
        to: the state that it leads to.
        permission: the right that it needs.
        zh, en: what the button says.
        done_zh, done_en: what the card's history says of it, past tense.
        reason: whoever does it must say why.
        answers: a card that came back (:data:`RETURNED`) or whose revision began, without a version since, goes on
            with a reason only.
        clean: refused while errors are open or warnings are without a reason.
        not_by_authors: refused to whoever wrote a field of the version, submitted it or explained a finding of it
            (invariant 6: nobody audits what they wrote, nobody approves their own request).
        notice: the kind of notice that it causes, empty for none; see ``notices``.
        centre_holds: only of a card of which a version was reported (True), only of another one (False); None of any.
    """

    code: str
    sources: tuple[State, ...]
    to: State
    permission: str
    zh: str
    en: str
    done_zh: str
    done_en: str
    reason: bool = False
    answers: bool = False
    clean: bool = False
    not_by_authors: bool = False
    notice: str = ""
    centre_holds: bool | None = None

    @property
    def label(self) -> str:
        """What the button says, in the language of the reader."""
        return self.zh if _chinese() else self.en

    @property
    def done(self) -> str:
        """What the history says, in the language of the reader."""
        return self.done_zh if _chinese() else self.done_en


_IN_HAND = (State.DRAFT, State.RETURNED, State.RETURNED_BY_CENTRE)
_ALL = (
    Act(
        code="submit", sources=_IN_HAND, to=State.SUBMITTED, permission=ENTER, clean=True,
        answers=True,
        zh="提交审核", en="Submit", done_zh="提交了审核", done_en="submitted it",
    ),
    Act(
        code="withdraw", sources=(State.SUBMITTED,), to=State.DRAFT, permission=ENTER,
        zh="撤回提交", en="Withdraw", done_zh="撤回了提交", done_en="withdrew it",
    ),
    Act(
        code="return", sources=(State.SUBMITTED,), to=State.RETURNED, permission=AUDIT, reason=True,
        zh="退回", en="Return", done_zh="退回给录入员", done_en="returned it", notice="registry.returned",
    ),
    Act(
        code="approve", sources=(State.SUBMITTED,), to=State.APPROVED, permission=AUDIT, clean=True,
        not_by_authors=True,
        zh="审核通过", en="Approve", done_zh="审核通过了", done_en="approved it",
    ),
    Act(
        code="recall", sources=(State.APPROVED,), to=State.RETURNED, permission=AUDIT, reason=True,
        zh="撤销通过并退回", en="Recall and return",
        done_zh="撤销了审核通过，退回给录入员", done_en="recalled and returned it",
        notice="registry.returned",
    ),
    Act(
        code="report", sources=(State.APPROVED,), to=State.REPORTED, permission=REPORT,
        zh="上报", en="Report", done_zh="上报了国家监测中心", done_en="reported it to the centre",
    ),
    Act(
        code="return_by_centre", sources=(State.REPORTED,), to=State.RETURNED_BY_CENTRE, permission=VERIFY, reason=True,
        zh="退回监测点", en="Return to the point", done_zh="退回了监测点", done_en="returned it to the point",
        notice="registry.returned_by_centre",
    ),
    Act(
        code="accept", sources=(State.REPORTED,), to=State.ACCEPTED, permission=VERIFY,
        zh="接收", en="Accept", done_zh="接收了", done_en="accepted it",
    ),
    Act(
        code="revise", sources=(State.ACCEPTED,), to=State.DRAFT, permission=ENTER, reason=True,
        zh="更正已接收的卡", en="Revise an accepted card", done_zh="开始了更正", done_en="began to revise it",
    ),
    Act(
        code="void", sources=_IN_HAND, to=State.VOIDED, permission=ENTER, reason=True, centre_holds=False,
        zh="作废", en="Void", done_zh="作废了", done_en="voided it",
    ),
    # What the nation counts is taken out of it by somebody who audits, and the centre is told.
    Act(
        code="void_reported", sources=(*_IN_HAND, State.SUBMITTED), to=State.VOIDED, permission=AUDIT, reason=True,
        centre_holds=True, not_by_authors=True,
        zh="作废已上报的卡", en="Void a reported card", done_zh="作废了已上报的卡", done_en="voided the reported card",
        notice="registry.voided",
    ),
    Act(
        code="restore", sources=(State.VOIDED,), to=State.DRAFT, permission=ENTER, reason=True, centre_holds=False,
        zh="恢复", en="Restore", done_zh="恢复为草稿", done_en="restored it",
    ),
    # What was taken out of the nation's figures comes back into them by the same hands, and the centre is told.
    Act(
        code="restore_reported", sources=(State.VOIDED,), to=State.DRAFT, permission=AUDIT, reason=True,
        centre_holds=True, not_by_authors=True,
        zh="恢复已上报的卡", en="Restore a reported card",
        done_zh="恢复了已上报的卡，退为草稿", done_en="restored the reported card as a draft",
        notice="registry.restored",
    ),
)  # fmt: skip

ACTS: Final[dict[str, Act]] = {act.code: act for act in _ALL}


def transitions() -> Iterator[tuple[Act, State]]:
    """Every pair of an act and a state in which it can be done, in the order of the table."""
    for act in ACTS.values():
        for source in act.sources:
            yield act, source


def acts_in(state: str) -> tuple[Act, ...]:
    """Return the acts that can be done in a state."""
    return tuple(act for act in ACTS.values() if state in act.sources)


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
