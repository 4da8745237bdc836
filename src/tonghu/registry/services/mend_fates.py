"""What became of a bulk mend, card by card, and what taking it back would do now; the undo itself asks the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db import models
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import open_
from tonghu.registry.locks import locked_among
from tonghu.registry.models import Card, CardVersion, Origin
from tonghu.registry.states import EDITABLE, State

#: Cards of which an undo may write a version: those in hand, and those that were only submitted and are withdrawn
#: first: no department was asked, and the centre holds none of them, where only people send them again.
MAY_BE_UNDONE: Final = Q(state__in=EDITABLE) | Q(state=State.SUBMITTED, first_reported_at=None, waits_for="")
#: So many cards are opened at once where versions do not tell what became of a text.
OPENED: Final = 500


class Standing(models.TextChoices):
    """What became of a text that a mend wrote."""

    STANDS = "stands", _("still stands")
    TAKEN_BACK = "taken_back", _("was taken back")
    CHANGED = "changed", _("was changed since")


class Fate(models.TextChoices):
    """What an undo would do with a card: give its earlier text back, or leave it for the first of these that holds."""

    BACK = "back", _("gets its earlier text back")
    WITHDRAWN = "withdrawn", _("is withdrawn from the audit and gets its earlier text back")
    LOCKED = "locked", _("stays: its archive month is locked; it can be corrected on its own")
    CENTRE = "centre", _("stays: the national centre holds a version of it; it can be corrected on its own")
    WAITS = "waits", _("stays: it is submitted and another department was asked about it")
    APPROVED = "approved", _("stays: it was approved; the auditor can recall that")
    VOIDED = "voided", _("stays: it was voided")
    CHANGED = "changed", _("stays: all that was mended was changed since")
    TAKEN_BACK = "taken_back", _("nothing: it was taken back already")


#: With which of them a card gets its earlier text back.
GOES_BACK: Final = frozenset({Fate.BACK, Fate.WITHDRAWN})
#: With which of them a card stays because it is no longer in the clerk's hand.
OUT_OF_HAND: Final = frozenset({Fate.CENTRE, Fate.WAITS, Fate.APPROVED, Fate.VOIDED})
#: Why a card that may not be undone stays, by its state.
_KEPT_IN: Final = {State.APPROVED: Fate.APPROVED, State.VOIDED: Fate.VOIDED, State.SUBMITTED: Fate.WAITS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mend on one card.

    Attributes:
        card: its number; `version` the row of the version that the mend wrote.
        texts: each column that was mended, and what became of it.
        fate: what an undo would do with the card now.
    """

    card: int
    version: int
    texts: Mapping[str, Standing]
    fate: Fate

    @property
    def partly(self) -> bool:
        """Whether an undo gives some texts back while others stay as they were changed since."""
        return self.fate in GOES_BACK and Standing.CHANGED in self.texts.values()


class _Mend(NamedTuple):
    """A version that a mend wrote."""

    pk: int
    card: int
    number: int
    changed: list[str]


class _Touch(NamedTuple):
    """A later version of its card."""

    card: int
    number: int
    changed: list[str]
    origin: str
    batch: int | None


def written(batch: int, by: Scope) -> QuerySet[CardVersion]:
    """The versions that a bulk mend wrote on the own hospital's cards.

    Args:
        batch: the mend's number as versions hold it (``mending.stored``).
    """
    return CardVersion.objects.filter(institution=by.institution, batch=batch, origin=Origin.BULK)


def outcomes(batch: int, by: Scope) -> list[Outcome]:
    """What became of a bulk mend on each of its cards, and what taking it back would do now; writes nothing."""
    mends = written(batch, by)
    texts = standing(mends, batch)
    held = Card.objects.filter(pk__in=mends.values("card")).annotate(
        free=Case(When(MAY_BE_UNDONE, then=Value(True)), default=Value(False), output_field=models.BooleanField())
    )
    cards = {pk: said for pk, *said in held.values_list("pk", "state", "archive_month", "free", "first_reported_at")}
    shut = shut_months(by, (month for _state, month, _free, _reported in cards.values()))
    found = []
    for version, card in mends.order_by("card", "pk").values_list("pk", "card"):
        state, month, free, reported = cards[card]
        fate = _fate(texts[version].values(), state, locked=month in shut, free=free, reported=reported is not None)
        found.append(Outcome(card, version, texts[version], fate))
    return found


def counted(found: Iterable[Outcome]) -> Counter[Fate]:
    """How many cards have each fate."""
    return Counter({one.card: one.fate for one in found}.values())


def shut_months(by: Scope, months: Iterable[date]) -> frozenset[date]:
    """Which archive months are locked: nothing of them is taken back in bulk."""
    assert by.institution is not None
    return locked_among(by.institution, months)


def standing(mends: QuerySet[CardVersion], batch: int) -> dict[int, dict[str, Standing]]:
    """What became of each text that versions of a mend wrote, by the versions' keys.

    A text stands while the card says what the mend wrote. Versions name the columns that they change: only where
    another one than the undo of this mend wrote the column last are the contents opened and compared.
    """
    each = [_Mend(*row) for row in mends.values_list("pk", "card", "number", "changed")]
    later: dict[int, list[_Touch]] = {}
    newer = CardVersion.objects.filter(card__in=mends.filter(number__lt=F("card__version")).values("card")).order_by(
        "card", "-number"
    )
    for row in newer.values_list("card", "number", "changed", "origin", "batch"):
        later.setdefault(row[0], []).append(_Touch(*row))
    found: dict[int, dict[str, Standing]] = {}
    disputed: list[_Mend] = []
    for mend in each:
        since = [touch for touch in later.get(mend.card, ()) if touch.number > mend.number]
        texts = {column: _of_last(column, since, batch) for column in mend.changed}
        found[mend.pk] = {column: said or Standing.CHANGED for column, said in texts.items()}
        if None in texts.values():
            disputed.append(mend)
    for mend, same in _said_again(disputed, later):
        found[mend.pk] |= {
            column: Standing.STANDS
            for column in same
            if found[mend.pk][column] == Standing.CHANGED
        }  # fmt: skip
    return found


def _of_last(column: str, since: Iterable[_Touch], batch: int) -> Standing | None:
    """What the newest later version that wrote a column says of it; None where the contents must say it."""
    last = next((touch for touch in since if column in touch.changed), None)
    if last is None:
        return Standing.STANDS
    return Standing.TAKEN_BACK if last.origin == Origin.UNDO and last.batch == batch else None


def _said_again(
    disputed: list[_Mend], later: Mapping[int, list[_Touch]]
) -> Iterator[tuple[_Mend, list[str]]]:  # fmt: skip
    """The columns of which a card says by now what the mend wrote, though others wrote them meanwhile."""
    for start in range(0, len(disputed), OPENED):
        some = disputed[start : start + OPENED]
        newest = {mend.card: later[mend.card][0].number for mend in some}
        wanted = {(mend.card, mend.number) for mend in some} | set(newest.items())
        versions = CardVersion.objects.filter(card__in=newest, number__in={number for _card, number in wanted})
        contents = {
            (one.card_id, one.number): open_(one.content)
            for one in versions.only("card_id", "number", "content")
            if (one.card_id, one.number) in wanted
        }
        for mend in some:
            mended, now = contents[mend.card, mend.number], contents[mend.card, newest[mend.card]]
            yield mend, [column for column in mend.changed if mended.value(column) == now.value(column)]


def _fate(texts: Iterable[Standing], state: str, *, locked: bool, free: bool, reported: bool) -> Fate:
    said = set(texts)
    if Standing.STANDS not in said:
        return Fate.TAKEN_BACK if Standing.TAKEN_BACK in said else Fate.CHANGED
    if locked:
        return Fate.LOCKED
    if free:
        return Fate.WITHDRAWN if state == State.SUBMITTED else Fate.BACK
    return Fate.CENTRE if reported and state != State.VOIDED else _KEPT_IN.get(State(state), Fate.CENTRE)
