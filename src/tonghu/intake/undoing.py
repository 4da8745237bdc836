"""Taking an import back, card by card: what it made is voided, what it changed gets its text back as a new version.

A card that was handed on, and nothing else, is withdrawn first. One that somebody has done more with since (written on
it, audited it, reported it, asked a department that has not answered) is left as it is and named with the reason, and
so is a card whose own archive month is locked, whatever the month of the file. One that the batch took in hand
(withdrew, began to revise) is submitted again where it may be; else it is named, so that somebody sends it on. Voiding
is an act like any other, so a card that was voided here comes back when the file comes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from tonghu.errors import InputRefused
from tonghu.intake.departing import Departing, foreseen
from tonghu.intake.importing import NAMED, PORTION, hold, take_turn
from tonghu.intake.models import Batch, State
from tonghu.intake.services import require_unlocked
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import differences, open_
from tonghu.registry.drafts import Told, drafts_told
from tonghu.registry.locks import hold_open, locked_among
from tonghu.registry.models import CardAct, CardVersion, Origin
from tonghu.registry.services import move, save_card
from tonghu.registry.services.explaining import ANSWER, ASK
from tonghu.registry.states import State as CardState
from tonghu.registry.void_requests import ASK_VOID, DECLINE_VOID, VOIDS

#: So many cards are taken back together, and of them so many get their earlier text back, as many as an import's
#: portion changes: a clerk who saves one of them waits for all.
CHUNK: Final = 100


class Stays(models.TextChoices):
    """Why an undo leaves a card as it is: the first of these that holds."""

    CENTRE = "centre", _("The national centre holds a version of it")
    AUDITED = "audited", _("The auditor approved or returned it after the import")
    WAITS = "waits", _("Another department was asked about it and has not answered")
    VOIDED = "voided", _("It was voided after the import")
    EDITED = "edited", _("Somebody changed it, or explained a finding, after the import")
    LOCKED = "locked", _("Its archive month is locked; it can still be corrected on its own")
    REFUSED = "refused", _("Its earlier text could not be put back")


#: What leaves no trace on a card: it was handed on, or taken back, or asked about and answered.
_TRACELESS: Final = ["submit", "withdraw", ASK, ANSWER]
#: What is done with a card of which the centre holds a version, and what an auditor does on the way there.
_OF_CENTRE: Final = [
    "report", "return_by_centre", "accept", "revise", VOIDS.code, "restore_reported", ASK_VOID, DECLINE_VOID,
]  # fmt: skip
_OF_AUDITOR: Final = ["return", "approve", "recall"]
#: The cards of a batch after one of them: the version that it left each with, whether it made (or restored) it, how the
#: card stands, and why it stays, a :class:`Stays` or '': for what somebody has done with it since. Versions that were
#: undone again until the card says exactly what the batch left are nobody's hand, and neither are acts that leave no
#: trace. One that was submitted is taken back, but not where the centre holds a version: only people send it there.
_CARDS: Final = """
WITH done AS (
  SELECT v.card_id, v.number, v.number = 1 AS made, 0 AS act FROM registry_cardversion AS v
  WHERE v.institution_id = %(institution)s AND v.batch = %(batch)s AND v.origin = 'import'
    AND v.card_id > %(after)s
  UNION ALL
  SELECT a.card_id, a.version, true, a.id FROM registry_act AS a
  WHERE a.institution_id = %(institution)s AND a.batch = %(batch)s AND a.act = 'restore' AND a.card_id > %(after)s
), each AS (
  SELECT card_id, max(number) AS number, bool_or(made) AS made, max(act) AS act FROM done GROUP BY 1
)
SELECT c.id, c.version, each.made, c.state,
       CASE
         WHEN c.state = ANY (%(at_centre)s) OR since.centre
              OR c.first_reported_at IS NOT NULL AND (each.made OR c.state = %(submitted)s) THEN 'centre'
         WHEN c.state = 'approved' OR since.auditor THEN 'audited'
         WHEN c.waits_for <> '' THEN 'waits'
         WHEN c.state = 'voided' THEN 'voided'
         WHEN since.anything OR c.version <> each.number AND (
              now.origin <> 'undo' OR now.content_key <> own.content_key
              OR EXISTS (SELECT FROM registry_cardversion AS v WHERE v.card_id = c.id AND v.number > each.number
                         AND v.origin NOT IN ('import', 'bulk', 'undo'))) THEN 'edited'
         ELSE ''
       END AS stays,
       c.archive_month
FROM each JOIN registry_card AS c ON c.id = each.card_id
JOIN registry_cardversion AS own ON own.card_id = c.id AND own.number = each.number
JOIN registry_cardversion AS now ON now.card_id = c.id AND now.number = c.version
CROSS JOIN LATERAL (
  SELECT coalesce(bool_or(a.act = ANY (%(of_centre)s)), false) AS centre,
         coalesce(bool_or(a.act = ANY (%(of_auditor)s)), false) AS auditor,
         count(*) > 0 AS anything
  FROM registry_act AS a WHERE a.card_id = c.id AND a.version >= each.number AND a.id > each.act
    AND a.act <> ALL (%(traceless)s)
) AS since
ORDER BY c.id LIMIT %(limit)s
"""


class _Card(NamedTuple):
    """A card that a batch made or changed, as :data:`_CARDS` finds it."""

    card: int
    version: int
    made: bool
    state: str
    stays: str
    month: date

    @property
    def handed_on(self) -> bool:
        """Whether it waits for the auditor, and is withdrawn before it is taken back."""
        return self.state == CardState.SUBMITTED


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an undo would do now.

    Attributes:
        voided, restored: how many cards it would void, or give their earlier text back.
        withdrawn: how many of these were submitted since: their submission would be withdrawn.
        left: the cards that it would leave as they are, each with the reason.
        children: what would become of the children of the cards that it would void.
        typing: who has typed something on such cards and not saved it, the newest first; it is kept in their drafts.
    """

    voided: int
    restored: int
    withdrawn: int
    left: dict[int, Stays]
    children: Departing
    typing: list[Told]


def forecast(batch: Batch) -> Forecast:
    """Say what an undo of a confirmed batch would do, card by card."""
    found = _cards(batch, 0, None)
    left = _left(batch.institution_id, found)
    free = [one for one in found if one.card not in left]
    made = [one.card for one in free if one.made]
    handed_on = sum(one.handed_on for one in free)
    touched = {one.card for one in free}
    typing = [told for told in drafts_told() if told.card in touched]
    return Forecast(len(made), len(free) - len(made), handed_on, left, foreseen(batch, made), typing)


def _left(institution: int, found: list[_Card]) -> dict[int, Stays]:
    """Those of a batch's cards that an undo leaves as they are, each with the reason."""
    shut = locked_among(institution, (one.month for one in found))
    why = {one.card: one.stays or (Stays.LOCKED if one.month in shut else "") for one in found}
    return {card: Stays(said) for card, said in why.items() if said}


def _cards(batch: Batch, after: int, limit: int | None) -> list[_Card]:
    asked = {
        "institution": batch.institution_id, "batch": batch.pk, "after": after, "limit": limit,
        "traceless": _TRACELESS, "of_centre": _OF_CENTRE, "of_auditor": _OF_AUDITOR,
        "at_centre": [CardState.REPORTED, CardState.ACCEPTED], "submitted": CardState.SUBMITTED,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, asked)
        return [_Card(*row) for row in cursor.fetchall()]


def _portion(found: list[_Card]) -> list[_Card]:
    """As many of the next cards as are taken back together."""
    back = [at for at, one in enumerate(found) if not one.made and not one.stays]
    return found[: back[PORTION - 1] + 1] if len(back) >= PORTION else found


def cards_of(batch: int, institution: int) -> int:
    """How many cards a batch made or changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT card_id) FROM registry_cardversion "
            "WHERE institution_id = %s AND batch = %s AND origin = 'import'",
            [institution, batch],
        )
        return int(cursor.fetchone()[0])


def undone_to(batch: Batch) -> int:
    """The last card of a batch that an undo has dealt with; 0 for none."""
    return int(batch.counts.get("undone_to", 0))


@transaction.atomic
def undo_cards(batch: int, by: Scope) -> dict[str, int]:
    """Take the next cards back; returns how many, and the last one's number. Cards of a locked month stay as they are.

    Raises:
        InputRefused: the month was locked meanwhile.
    """
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state != State.UNDOING:
        return {"cards": 0, "last": undone_to(held)}
    take_turn(held.institution_id)
    mine = {one.card for one in _portion(_cards(held, undone_to(held), CHUNK))}
    hold(mine)
    # As they are now that nobody else changes them.
    found = [one for one in _cards(held, undone_to(held), CHUNK) if one.card in mine]
    # From here to the end of the transaction nobody locks these months.
    hold_open([held.archive_month, *(one.month for one in found)])
    require_unlocked(held)
    reason = f"撤销导入批次 {held.label}"
    left = _left(held.institution_id, found)
    free = [one for one in found if one.card not in left]
    # Before anything is withdrawn here: these acts are the import's own.
    taken = _taken_in_hand([one.card for one in free], batch)
    made = [one for one in free if one.made]
    if handed_on := [one.card for one in made if one.handed_on]:
        move(cards=handed_on, act="withdraw", by=by, reason=reason, batch=batch)
    voided = move(cards=[one.card for one in made], act="void", by=by, reason=reason, batch=batch) if made else []
    changed = [one for one in free if not one.made]
    back = {one.card for one in voided if not one.refused}
    restored = [one.card for one in changed if _put_back(one, reason, batch, by)]
    left |= dict.fromkeys([one.card for one in free if one.card not in back.union(restored)], Stays.REFUSED)
    submitted, in_hand = _give_back({card: taken[card] for card in restored if card in taken}, reason, batch, by)
    point("intake.in_undo")
    done = {
        "voided": len(back), "restored": len(restored), "kept": len(left), "submitted": submitted,
        "withdrawn": sum(one.handed_on for one in free if one.card not in left), "in_hand": len(in_hand),
    }  # fmt: skip
    for name, count in done.items():
        held.counts[name] = held.counts.get(name, 0) + count
    held.summary = {
        **held.summary, "in_hand": [*held.summary.get("in_hand", []), *in_hand][:NAMED],
        "left": stays_by_reason(left, held.summary.get("left")),
    }  # fmt: skip
    last = found[-1].card if found else undone_to(held)
    held.counts["undone_to"] = last
    held.kept_cards = [*held.kept_cards, *sorted(left)]
    held.save(update_fields=["counts", "summary", "kept_cards"])
    return {"cards": len(found), "last": last}


def stays_by_reason(left: Mapping[int, Stays], before: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Return cards that are left by the reason: how many (``count``), and the first of them (``cards``).

    Args:
        before: what was left earlier in the same undo, to which these are added.
    """
    told = {why: dict(said) for why, said in (before or {}).items()}
    for card, why in sorted(left.items()):
        said = told.setdefault(why.value, {"count": 0, "cards": []})
        said["count"] += 1
        if len(said["cards"]) < NAMED:
            said["cards"] = [*said["cards"], card]
    return told


def _taken_in_hand(cards: list[int], batch: int) -> dict[int, str]:
    """Those of the cards that the batch withdrew or began to revise, each with which of these it did."""
    taken = CardAct.objects.filter(card__in=cards, batch=batch, act__in=["withdraw", "revise"])
    return dict(taken.order_by("card_id", "pk").values_list("card_id", "act"))


def _give_back(taken: dict[int, str], reason: str, batch: int, by: Scope) -> tuple[int, list[int]]:
    """Submit the cards again that the batch withdrew; returns how many, and which it took in hand and stay so.

    A card that the centre had accepted gets there again by people's acts only, and so does one with errors open.
    """
    withdrawn = [card for card, act in taken.items() if act == "withdraw"]
    moved = move(cards=withdrawn, act="submit", by=by, reason=reason, batch=batch) if withdrawn else []
    again = {one.card for one in moved if not one.refused}
    return len(again), [card for card in taken if card not in again]


def _put_back(one: _Card, reason: str, batch: int, by: Scope) -> bool:
    """Give a card the text back that it had before the batch changed it; one that was handed on is in hand first."""
    card, version = one.card, one.version
    now = open_(CardVersion.objects.get(card=card, number=version).content)
    # Of several versions of one batch the first is undone with the last.
    own = CardVersion.objects.filter(card=card, batch=batch, origin=Origin.IMPORT).order_by("number")
    written = list(own.values_list("number", "changed"))
    before = open_(CardVersion.objects.get(card=card, number=written[0][0] - 1).content)
    differing = differences(now, before)
    codes = [code for code in differing if code in now.front or code in before.front]
    brought = {name for _number, changed in written for name in changed}
    items = [name for name in differing if name not in codes and name in brought]
    try:
        with transaction.atomic():
            if one.handed_on:
                move(cards=[card], act="withdraw", by=by, reason=reason, batch=batch)
            save_card(
                card=card, based_on=version, by=by, front={code: before.front.get(code, "") for code in codes},
                supplement={name: before.supplement.get(name, "") for name in items}, origin=Origin.UNDO,
                reason=reason, batch=batch,
            )  # fmt: skip
    except InputRefused:
        return False
    return True
