"""What somebody decided on a row is remembered: the same row, brought again, is not asked about and does nothing.

An answer stands while its batch is confirmed and not undone, and while no import has changed its card since. It holds
the keyed hash of the row, no text of it; whoever brings the row again sees the earlier choice and may choose otherwise.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from tonghu.intake.models import Batch, Choice, Match, Row
from tonghu.intake.outcomes import HELD
from tonghu.platform.crypto.keys import keyring
from tonghu.registry.content import keys, open_

#: By these the file, or a part of it, is not taken: without a memory the same row would be asked about again, or taken.
REMEMBERED: Final = frozenset({Choice.KEEP, Choice.FILL, Choice.SKIP})
_ONLY: Final = "(%(only)s::bigint[] IS NULL OR w.id = ANY (%(only)s))"
#: Whether a later import stands on an answer's card, or one that it rests on was undone.
_OVERTAKEN: Final = """
EXISTS (
  SELECT FROM registry_cardversion AS v WHERE v.card_id = a.card AND v.number > a.card_version AND (
    v.origin = 'import' AND NOT EXISTS (
      SELECT FROM registry_cardversion AS u
      WHERE u.card_id = v.card_id AND u.origin = 'undo' AND u.batch = v.batch AND u.number > v.number)
    OR v.origin = 'undo' AND EXISTS (
      SELECT FROM registry_cardversion AS i
      WHERE i.card_id = v.card_id AND i.origin = 'import' AND i.batch = v.batch AND i.number <= a.card_version)))
"""
#: Other rows that would change a field in which somebody kept the card wait.
KEPT: Final = f"""
UPDATE intake_row AS w SET why = 'kept'
WHERE w.batch_id = %(batch)s AND w.match = 'changed' AND w.why = '' AND w.answered IS NULL AND {_ONLY} AND EXISTS (
  SELECT FROM intake_answer AS a JOIN intake_batch AS b ON b.id = a.batch_id AND b.state = 'confirmed'
  WHERE a.institution_id = w.institution_id AND a.card = w.card AND a.changed && w.changed AND NOT {_OVERTAKEN})
"""
#: A file that says nothing of a field is another one than a file in which it is blank.
ANSWERED: Final = f"""
UPDATE intake_row AS r SET answered = said.batch_id,
  choice = CASE WHEN r.match IN ('new', 'undetermined') OR r.card IS NULL THEN 'skip' ELSE 'keep' END
FROM (
  SELECT DISTINCT ON (w.id) w.id, a.batch_id
  FROM intake_row AS w
  JOIN (
    SELECT id, content_key FROM intake_row WHERE batch_id = %(batch)s
    UNION ALL SELECT * FROM unnest(%(rows)s::bigint[], %(keys)s::bytea[])
  ) AS known (id, content_key) ON known.id = w.id
  JOIN intake_answer AS a ON a.institution_id = w.institution_id AND a.content_key = known.content_key
  JOIN intake_batch AS b ON b.id = a.batch_id AND b.state = 'confirmed'
    AND coalesce(b.summary -> 'missing_columns', '[]') @> %(absent)s::jsonb
    AND coalesce(b.summary -> 'missing_columns', '[]') <@ %(absent)s::jsonb
    AND coalesce(b.summary -> 'supplement_items', '[]') = %(items)s::jsonb
  WHERE w.batch_id = %(batch)s AND {_ONLY} AND CASE
    WHEN w.match IN ('new', 'undetermined') THEN a.choice = 'skip'
    WHEN w.why IN ('same_child', 'same_child_in_file') AND a.card IS NULL THEN a.choice = 'skip'
    WHEN w.match IN ('changed', 'probable') THEN a.choice IN ('keep', 'fill') AND a.card = w.card AND NOT {_OVERTAKEN}
    ELSE false END
  ORDER BY w.id, a.id DESC
) AS said
WHERE said.id = r.id
"""
#: A hash begins with its key's number.
_EARLIER: Final = """
SELECT content_key, card, choice FROM intake_answer
WHERE institution_id = %s AND substring(content_key from 1 for 2) <> %s
"""
#: Of a fill, what stands is the filled version, and kept are the fields that it left.
_KEEP: Final = """
INSERT INTO intake_answer (batch_id, institution_id, content_key, card, card_version, choice, changed)
SELECT r.batch_id, r.institution_id, r.content_key, r.card,
       CASE r.choice WHEN 'fill' THEN c.version ELSE r.card_version END, r.choice,
       CASE WHEN r.card IS NULL THEN '{}' ELSE ARRAY (
         SELECT unnest(r.changed)
         EXCEPT SELECT unnest(v.changed) FROM registry_cardversion AS v
         WHERE v.card_id = r.card AND v.origin = 'import' AND v.batch = r.batch_id
       ) END
FROM intake_row AS r LEFT JOIN registry_card AS c ON c.id = r.card
WHERE r.batch_id = %s AND r.row = ANY (%s)
"""


def under_earlier_keys(batch: Batch, only: Sequence[int] | None = None) -> dict[str, list[Any]]:
    """Where the key of hashes was changed, the rows of a batch that have an answer under an earlier one.

    Returns:
        ``rows`` and ``keys``, as :data:`ANSWERED` takes them: ids, and the hash under which each is answered.
    """
    newest = keyring().writer("hash").number.to_bytes(2, "big")
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [batch.institution_id, newest])
        answers = cursor.fetchall()
    found: dict[str, list[Any]] = {"rows": [], "keys": []}
    if not answers:
        return found
    known = {bytes(held) for held, _card, _choice in answers}
    rows = Q(match__in=(Match.CHANGED, Match.PROBABLE), card__in={card for _key, card, _choice in answers})
    if any(choice == Choice.SKIP for _key, _card, choice in answers):
        rows |= Q(match__in=(Match.NEW, Match.UNDETERMINED, Match.PROBABLE))
    asked = Row.objects.filter(rows, batch=batch, **({} if only is None else {"pk__in": only}))
    for row in asked.only("content").iterator(chunk_size=1_000):
        for held in known.intersection(keys(open_(row.content))):
            found["rows"].append(row.pk)
            found["keys"].append(held)
    return found


def remember(batch: Batch, rows: Iterable[Row], failed: Container[int]) -> None:
    """Keep what somebody decided on the rows of a chunk, before they go; a row without such a choice costs nothing.

    A choice that came from an earlier answer is that answer's, and ends with it.

    Args:
        failed: the numbers of the rows that could not be imported: of these nothing was decided.
    """
    asked = [
        row.row
        for row in rows
        if row.choice in REMEMBERED
        and row.why not in HELD
        and (row.answered is None or row.chosen)
        and row.row not in failed
    ]
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [batch.pk, asked])
