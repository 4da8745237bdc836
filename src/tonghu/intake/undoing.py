"""Taking an import back, card by card: what it made is voided, what it changed gets its text back as a new version.

A card that somebody has done something with since (more than handing it on and taking it back, or asking a department
that has answered) is left as it is and named, and so is a card whose own archive month is locked, whatever the month of
the file. One that the batch took in hand (withdrew, began to revise) is submitted again where it may be; else it is
named, so that somebody sends it on. Voiding is an act like any other, so a card that was voided here comes back when
the file comes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db import connection, transaction

from tonghu.errors import InputRefused
from tonghu.intake.importing import NAMED, PORTION, hold, take_turn
from tonghu.intake.models import Batch, State
from tonghu.intake.services import require_unlocked
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import differences, open_
from tonghu.registry.locks import hold_open, locked_among
from tonghu.registry.models import CardAct, CardVersion, Origin
from tonghu.registry.services import move, save_card
from tonghu.registry.services.explaining import ANSWER, ASK
from tonghu.registry.states import EDITABLE

#: So many cards are taken back together, and of them so many get their earlier text back, as many as an import's
#: portion changes: a clerk who saves one of them waits for all.
CHUNK: Final = 100
#: What leaves no trace on a card that is in hand again: it was handed on and taken back, or asked about and answered.
_TRACELESS: Final = ["submit", "withdraw", ASK, ANSWER]
#: The cards of a batch after one of them: the version that it left each with, whether it made (or restored) it, and
#: whether somebody has done something with the card since: it is not in hand, waits for a department, or has a version
#: or an act since. Versions that were undone again until the card says exactly what the batch left are nobody's hand,
#: and neither are acts that leave a card in hand as it was.
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
SELECT c.id, c.version, each.made,
       c.state <> ALL (%(in_hand)s)
       OR (c.version <> each.number AND (
         now.origin <> 'undo' OR now.content_key <> own.content_key
         OR EXISTS (SELECT FROM registry_cardversion AS v WHERE v.card_id = c.id AND v.number > each.number
                    AND v.origin NOT IN ('import', 'bulk', 'undo'))))
       OR EXISTS (SELECT FROM registry_act AS a WHERE a.card_id = c.id AND a.version >= each.number
                  AND a.id > each.act AND a.act <> ALL (%(traceless)s))
       OR c.waits_for <> '' AS touched,
       c.archive_month
FROM each JOIN registry_card AS c ON c.id = each.card_id
JOIN registry_cardversion AS own ON own.card_id = c.id AND own.number = each.number
JOIN registry_cardversion AS now ON now.card_id = c.id AND now.number = c.version
ORDER BY c.id LIMIT %(limit)s
"""


class _Card(NamedTuple):
    """A card that a batch made or changed, as :data:`_CARDS` finds it."""

    card: int
    version: int
    made: bool
    touched: bool
    month: date


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an undo would do now.

    Attributes:
        voided, restored: how many cards it would void, or give their earlier text back.
        left: the cards that it would leave as they are, and whether for a locked month.
    """

    voided: int
    restored: int
    left: dict[int, bool]


def forecast(batch: Batch) -> Forecast:
    """Say what an undo of a confirmed batch would do, card by card."""
    found = _cards(batch, 0, None)
    shut = locked_among(batch.institution_id, (one.month for one in found))
    left = {one.card: one.month in shut for one in found if one.touched or one.month in shut}
    made = sum(one.made for one in found if one.card not in left)
    return Forecast(made, len(found) - len(left) - made, left)


def _cards(batch: Batch, after: int, limit: int | None) -> list[_Card]:
    asked = {"institution": batch.institution_id, "batch": batch.pk, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, {**asked, "in_hand": sorted(EDITABLE), "traceless": _TRACELESS})
        return [_Card(*row) for row in cursor.fetchall()]


def _portion(found: list[_Card]) -> list[_Card]:
    """As many of the next cards as are taken back together."""
    back = [at for at, one in enumerate(found) if not one.made and not one.touched]
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
    shut = locked_among(held.institution_id, (one.month for one in found))
    locked = sum(one.month in shut for one in found)
    kept = [one.card for one in found if one.touched or one.month in shut]
    left = set(kept)
    free = [one for one in found if one.card not in left]
    made = [one.card for one in free if one.made]
    changed = [(one.card, one.version) for one in free if not one.made]
    voided = 0
    if made:
        for moved in move(cards=made, act="void", by=by, reason=reason, batch=batch):
            voided += not moved.refused
            kept += [moved.card] if moved.refused else []
    restored = [card for card, version in changed if _put_back(card, version, reason, batch, by)]
    kept += [card for card, _version in changed if card not in set(restored)]
    submitted, in_hand = _give_back(restored, reason, batch, by)
    point("intake.in_undo")
    done = {
        "voided": voided, "restored": len(restored), "kept": len(kept), "locked": locked, "submitted": submitted,
        "in_hand": len(in_hand),
    }  # fmt: skip
    for name, count in done.items():
        held.counts[name] = held.counts.get(name, 0) + count
    held.summary = {**held.summary, "in_hand": [*held.summary.get("in_hand", []), *in_hand][:NAMED]}
    last = found[-1].card if found else undone_to(held)
    held.counts["undone_to"] = last
    held.kept_cards = [*held.kept_cards, *sorted(kept)]
    held.save(update_fields=["counts", "summary", "kept_cards"])
    return {"cards": len(found), "last": last}


def _give_back(cards: list[int], reason: str, batch: int, by: Scope) -> tuple[int, list[int]]:
    """Submit the cards again that the batch withdrew; returns how many, and which it took in hand and stay so.

    A card that the centre had accepted gets there again by people's acts only, and so does one with errors open.
    """
    taken = CardAct.objects.filter(card__in=cards, batch=batch, act__in=["withdraw", "revise"])
    acts = dict(taken.order_by("card_id", "pk").values_list("card_id", "act"))
    withdrawn = [card for card, act in acts.items() if act == "withdraw"]
    moved = move(cards=withdrawn, act="submit", by=by, reason=reason, batch=batch) if withdrawn else []
    again = {one.card for one in moved if not one.refused}
    return len(again), [card for card in acts if card not in again]


def _put_back(card: int, version: int, reason: str, batch: int, by: Scope) -> bool:
    """Give a card the text back that it had before the batch changed it."""
    now = open_(CardVersion.objects.get(card=card, number=version).content)
    # Of several versions of one batch the first is undone with the last.
    first = CardVersion.objects.filter(card=card, batch=batch, origin=Origin.IMPORT).order_by("number").first()
    assert first is not None
    before = open_(CardVersion.objects.get(card=card, number=first.number - 1).content)
    codes = [code for code in differences(now, before) if code in now.front or code in before.front]
    try:
        with transaction.atomic():
            save_card(
                card=card, based_on=version, by=by, front={code: before.front.get(code, "") for code in codes},
                origin=Origin.UNDO, reason=reason, batch=batch,
            )  # fmt: skip
    except InputRefused:
        return False
    return True
