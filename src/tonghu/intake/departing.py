"""Children after an undo: whom only the batch brought leaves the hospital's lists with its cards.

A child stays who has a card in force, or of whom something else is on record (``patients.departures``). Done when all
cards are, some thousand children in a transaction; the batch counts up to which view, so that who takes the undo up
again goes on there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tonghu.intake.importing import take_turn
from tonghu.intake.models import Batch, State
from tonghu.patients.departures import Knows, hold, take_off, why_kept
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import Words

#: So many children leave together.
CHUNK: Final = 5_000
#: What the kinds of this room's jobs begin with: what they wrote of a child was no person's word.
OURS: Final = "intake."
#: Why children stay, in this order.
WHY: Final[dict[str, Promise]] = {
    "card": _("Another card of theirs is in force, or one of this import stays"),
    **{why.value: why.label for why in Knows},
}
#: The next children that a batch made or restored cards of, and whether another card of theirs is in force. A card that
#: was reported stands in the centre's records, voided or not.
_CHILDREN: Final = """
WITH done AS (
  SELECT v.card_id FROM registry_cardversion AS v
  WHERE v.institution_id = %(institution)s AND v.batch = %(batch)s AND v.origin = 'import' AND v.number = 1
  UNION
  SELECT a.card_id FROM registry_act AS a
  WHERE a.institution_id = %(institution)s AND a.batch = %(batch)s AND a.act = 'restore'
), named AS (
  SELECT DISTINCT c.view_id, c.child_id FROM done JOIN registry_card AS c ON c.id = done.card_id
  WHERE c.view_id > %(after)s ORDER BY 1 LIMIT %(limit)s
)
SELECT named.view_id, EXISTS (
  SELECT FROM registry_card AS held WHERE held.child_id = named.child_id AND held.view_id = named.view_id
    AND (held.state <> 'voided' OR held.first_reported_at IS NOT NULL) AND held.id <> ALL (%(voided)s::bigint[]))
FROM named ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Departing:
    """How many children would leave the lists, and how many stay, by the reason."""

    leave: int
    stay: dict[str, int]


def foreseen(batch: Batch, voided: Collection[int]) -> Departing:
    """Say what an undo would do with the children of a batch, if it voided these cards."""
    leaving, stay = _told(_children(batch, 0, None, voided))
    return Departing(len(leaving), stay)


@transaction.atomic
def let_go(batch: int, by: Scope) -> dict[str, int]:  # noqa: ARG001 -- the scope is open
    """Take the next children off the lists whom only the batch brought; returns how many were looked at, and the last
    one's view.
    """
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state != State.UNDOING:
        return {"children": 0, "last": gone_to(held)}
    take_turn(held.institution_id)
    mine = [view for view, _lives in _children(held, gone_to(held), CHUNK)]
    hold(mine)
    held_now = set(mine)
    # As they are now that nobody writes of them.
    found = [one for one in _children(held, gone_to(held), CHUNK) if one[0] in held_now]
    leaving, stay = _told(found)
    gone = take_off(leaving, held.pk)
    point("intake.in_leaving")
    last = mine[-1] if mine else gone_to(held)
    held.counts = {**held.counts, "children": held.counts.get("children", 0) + gone, "children_to": last}
    held.summary = {**held.summary, "children": dict(Counter(held.summary.get("children", {})) + Counter(stay))}
    held.save(update_fields=["counts", "summary"])
    return {"children": len(mine), "last": last}


def gone_to(batch: Batch) -> int:
    """The last view that an undo has dealt with; 0 for none."""
    return int(batch.counts.get("children_to", 0))


def told(stay: dict[str, int]) -> list[tuple[Promise, int]]:
    """How many children stay, by the reason in words."""
    return [(words, stay[why]) for why, words in WHY.items() if stay.get(why)]


def consequences(would: Departing | None) -> list[tuple[Words, Words]]:
    """What an undo would do with children, for its question; None where that was not counted."""
    if would is None:
        leave = _("Children whom it alone brought")
        return [(leave, _("leave the lists and searches; whom anything else speaks of stays"))]
    stay = str(_("children stay on the lists: %(why)s"))
    return [
        *(
            [(f"{would.leave:,}", _("children whom it alone brought leave the lists and searches"))]
            if would.leave
            else []
        ),
        *((f"{count:,}", stay % {"why": words}) for words, count in told(would.stay)),
    ]


def _children(batch: Batch, after: int, limit: int | None, voided: Collection[int] = ()) -> list[tuple[int, bool]]:
    asked: dict[str, Any] = {
        "institution": batch.institution_id, "batch": batch.pk, "after": after, "limit": limit, "voided": list(voided),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN, asked)
        return list(cursor.fetchall())


def _told(found: list[tuple[int, bool]]) -> tuple[list[int], dict[str, int]]:
    """The views that leave, and how many stay, by the reason; one that has left before is neither."""
    alone = [view for view, lives in found if not lives]
    kept = why_kept(alone, OURS) if alone else {}
    stay = Counter(why for why in kept.values() if why)
    if held := len(found) - len(alone):
        stay["card"] = held
    return [view for view, why in kept.items() if not why], dict(stay)
