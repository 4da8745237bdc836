"""A file that waits is compared again where its cards moved on: another import, an undo, or somebody's hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import connection, transaction

from tonghu.intake import kinds
from tonghu.intake.access import UPLOAD
from tonghu.intake.matching import match
from tonghu.intake.models import Batch, Match, Row, State
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import open_
from tonghu.registry.services.near import SAME_DAY, TOGETHER

#: So many rows are compared while somebody waits for the page, two milliseconds each; more by a job, a part at a time.
AT_ONCE: Final = 200
PART: Final = 1_000
#: So long a transaction that changed a card may have begun before it ended: cards bear the time of its beginning.
_LONGEST: Final = "interval '15 minutes'"
#: Rows whose card has another version or state now, and rows of stays, or children, whose card was not there.
_MOVED: Final = f"""
WITH touched AS MATERIALIZED (
  SELECT id, child_id, record_number, admission_count, admission_at, discharge_at, version, state, changed_at
  FROM registry_card
  WHERE institution_id = %(institution)s AND changed_at > %(since)s::timestamptz - {_LONGEST}
)
SELECT r.id FROM touched AS t JOIN intake_row AS r ON r.batch_id = %(batch)s AND r.card = t.id
WHERE r.match <> 'repeated' AND (r.card_version, r.card_state) IS DISTINCT FROM (t.version, t.state)
UNION
SELECT r.id FROM touched AS t JOIN intake_row AS r ON r.batch_id = %(batch)s AND r.record_number = t.record_number
WHERE t.state <> 'voided' AND r.card IS DISTINCT FROM t.id AND (
  r.match IN ('new', 'undetermined') AND r.card IS NULL AND r.discharge_at = t.discharge_at
  OR r.match IN ('new', 'probable') AND t.changed_at > %(since)s::timestamptz
    AND (r.discharge_at = t.discharge_at OR (r.card IS NULL AND (
      r.admission_count = t.admission_count AND r.admission_count <> '' OR {SAME_DAY.format(one="r", other="t")}))))
UNION
SELECT r.id FROM touched AS t
JOIN patients_hospitalview AS v ON v.child_id = t.child_id AND v.institution_id = %(institution)s
JOIN intake_row AS r ON r.batch_id = %(batch)s AND r.document_key = v.document_key
WHERE t.state <> 'voided' AND t.changed_at > %(since)s::timestamptz AND r.match = 'new' AND r.card IS NULL
  AND r.record_number <> t.record_number AND {TOGETHER.format(one="r", other="t")}
"""  # noqa: S608 -- a constant of the code
_ANSWERED: Final = """
SELECT r.id FROM intake_row AS r JOIN intake_batch AS b ON b.id = r.answered
WHERE r.batch_id = %s AND b.state <> 'confirmed'
"""
#: As they were staged; choices were made beside a card that says something else now. That they were made stays known.
_RESET: Final = """
UPDATE intake_row SET match = 'new', why = '', choice = '', answered = NULL, card = NULL, card_version = NULL,
  card_state = '', damage = CASE damage WHEN 'ragged' THEN damage ELSE '' END WHERE batch_id = %s AND id = ANY (%s)
"""
#: Where somebody had chosen, nothing happens by itself, nor by an earlier answer: the row waits for a choice.
_ASKED_AGAIN: Final = """
UPDATE intake_row SET choice = '', answered = NULL, why = CASE why WHEN '' THEN 'moved' ELSE why END
WHERE batch_id = %s AND id = ANY (%s) AND chosen AND why NOT IN ('held', 'voided_held')
  AND match IN ('new', 'changed', 'probable', 'undetermined')
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


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking again: how many rows were compared, or how many a job has to compare."""

    compared: int = 0
    left: int = 0


@transaction.atomic
def look_again(*, batch: int, by: Scope) -> Looked:
    """Compare again what is said wrongly of a file that waits, unless that takes long; choices there are asked anew.

    Raises:
        PermissionDenied: `by` may not.
    """
    check_may(by, UPLOAD)
    held = Batch.objects.filter(pk=batch, state=State.READY).first()
    if held is None or not (rows := moved_on(held)):
        return Looked()
    if len(rows) > AT_ONCE:
        return Looked(left=len(rows))
    held = _waiting(batch)
    rows = moved_on(held) if held else []
    if held and rows:
        _compare(held, rows)
        held.save(update_fields=["summary"])
    return Looked(compared=len(rows))


def wish(batch: Batch) -> str:
    """Return what the job that compares a batch again is called by, until it has: by how many did so before it."""
    return f"intake-compare-{batch.pk}-{batch.summary.get('comparisons', 0)}"


@transaction.atomic
def begin(batch: int) -> dict[str, int]:
    """How many rows a job has to compare, and since when it has looked (seconds)."""
    held = _waiting(batch)
    return {"rows": len(moved_on(held)) if held else 0, "since": int(datetime.now(UTC).timestamp())}


@transaction.atomic
def compare_part(batch: int, after: int) -> dict[str, int]:
    """Compare the next rows after one of them; returns how many, and the last one."""
    held = _waiting(batch)
    rows = [row for row in moved_on(held) if row > after][:PART] if held else []
    if held and rows:
        since = held.summary.get("compared_at")
        _compare(held, rows)
        held.summary["compared_at"] = since  # others are still said wrongly since then
        held.save(update_fields=["summary"])
    return {"rows": len(rows), "last": max(rows, default=after)}


@transaction.atomic
def compared(batch: int, since: int) -> None:
    """All parts are compared: what moves on from the beginning of the job is another matter."""
    if held := _waiting(batch):
        held.summary["compared_at"] = datetime.fromtimestamp(since, UTC).isoformat()
        held.summary["comparisons"] = held.summary.get("comparisons", 0) + 1
        held.save(update_fields=["summary"])


def _waiting(batch: int) -> Batch | None:
    return Batch.objects.select_for_update(of=("self",)).filter(pk=batch, state=State.READY).first()


def _compare(batch: Batch, rows: list[int]) -> None:
    batch.summary["looked_again"] = batch.looked_again + 1
    batch.summary.pop("absent", None)  # which cards no row is of may be others by now: asked anew
    with connection.cursor() as cursor:
        cursor.execute(_RESET, [batch.pk, rows])
    match(batch, only=rows)
    with connection.cursor() as cursor:
        cursor.execute(_ASKED_AGAIN, [batch.pk, rows])
    _whole(batch, rows)
    kinds.count(batch)


def _whole(batch: Batch, rows: list[int]) -> None:
    """Rows that have no card any more bring all of their fields again."""
    alone = Row.objects.filter(batch=batch, pk__in=rows, card=None, match__in=[Match.NEW, Match.UNDETERMINED])
    fresh = list(alone.only("content"))
    for row in fresh:
        row.changed = open_(row.content).filled
    Row.objects.bulk_update(fresh, ["changed"], batch_size=1_000)
