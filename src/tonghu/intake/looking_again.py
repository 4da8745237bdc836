"""A file that waits is compared again where its cards moved on: another import, an undo, or somebody's hand."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from tonghu.intake.access import UPLOAD
from tonghu.intake.matching import match
from tonghu.intake.models import Batch, Match, Row, State
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import open_

#: So long a transaction that changed a card may have begun before it ended: cards bear the time of its beginning.
_LONGEST: Final = "interval '15 minutes'"
#: Rows whose card has another version or state now, and rows of stays whose card was not there.
_MOVED: Final = f"""
WITH touched AS MATERIALIZED (
  SELECT id, record_number, admission_count, discharge_at, version, state, changed_at FROM registry_card
  WHERE institution_id = %(institution)s AND changed_at > %(since)s::timestamptz - {_LONGEST}
)
SELECT r.id FROM touched AS t JOIN intake_row AS r ON r.batch_id = %(batch)s AND r.card = t.id
WHERE r.match <> 'repeated' AND (r.card_version, r.card_state) IS DISTINCT FROM (t.version, t.state)
UNION
SELECT r.id FROM touched AS t JOIN intake_row AS r ON r.batch_id = %(batch)s AND r.record_number = t.record_number
WHERE t.state <> 'voided' AND r.card IS DISTINCT FROM t.id AND (
  r.match IN ('new', 'undetermined') AND r.card IS NULL AND r.discharge_at = t.discharge_at
  OR r.match IN ('new', 'probable') AND t.changed_at > %(since)s::timestamptz
    AND (r.discharge_at = t.discharge_at OR (r.card IS NULL AND r.admission_count = t.admission_count
      AND r.admission_count <> '')))
"""  # noqa: S608 -- a constant of the code
_ANSWERED: Final = """
SELECT r.id FROM intake_row AS r JOIN intake_batch AS b ON b.id = r.answered
WHERE r.batch_id = %s AND b.state <> 'confirmed'
"""
#: As they were staged; choices were made beside a card that says something else now.
_RESET: Final = """
UPDATE intake_row SET match = 'new', why = '', choice = '', answered = NULL, card = NULL, card_version = NULL,
  card_state = '' WHERE batch_id = %s AND id = ANY (%s)
"""


def moved_on(batch: Batch) -> list[int]:
    """Return the ids of the rows of a waiting batch that are said wrongly by now."""
    asked = {"batch": batch.pk, "institution": batch.institution_id, "since": batch.summary.get("compared_at")}
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, asked)
        found = {row for (row,) in cursor.fetchall()}
        before = batch.summary.get("answered_in", [])
        if before and Batch.objects.filter(pk__in=before).exclude(state=State.CONFIRMED).exists():
            cursor.execute(_ANSWERED, [batch.pk])
            found |= {row for (row,) in cursor.fetchall()}
    return sorted(found)


@transaction.atomic
def look_again(*, batch: int, by: Scope) -> int:
    """Compare again what is said wrongly of a file that waits; returns how many rows. Choices on these are gone.

    Raises:
        PermissionDenied: `by` may not.
    """
    check_may(by, UPLOAD)
    held = Batch.objects.filter(pk=batch, state=State.READY).first()
    if held is None or not moved_on(held):
        return 0
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    rows = moved_on(held) if held.state == State.READY else []
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_RESET, [held.pk, rows])
        match(held, only=rows)
        _whole(held, rows)
        held.save(update_fields=["summary"])
    return len(rows)


def _whole(batch: Batch, rows: list[int]) -> None:
    """Rows that have no card any more bring all of their fields again."""
    alone = Row.objects.filter(batch=batch, pk__in=rows, card=None, match__in=[Match.NEW, Match.UNDETERMINED])
    fresh = list(alone.only("content"))
    for row in fresh:
        row.changed = list(open_(row.content).front)
    Row.objects.bulk_update(fresh, ["changed"], batch_size=1_000)
