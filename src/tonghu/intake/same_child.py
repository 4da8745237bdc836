"""Rows whose child the hospital had at that time under another record number: one stay under two numbers, perhaps.

A child is known here by the keyed hash of the identity number that the row names, among the hospital's own views of
children; other hospitals are not asked, and what they know is nowhere said. A person decides: two numbers of one stay
become one card, two stays two.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tonghu.intake import identity
from tonghu.intake.models import Batch, Match, Row
from tonghu.patients.models import DOCUMENT
from tonghu.platform.crypto.hashing import keyed_hashes
from tonghu.platform.crypto.keys import keyring
from tonghu.registry.services.near import TOGETHER, own_number

#: The document of nobody: it stands under more record numbers of one file than a child has.
SHARED: Final = 20
_NOBODYS: Final = """
UPDATE intake_row SET document_key = NULL WHERE batch_id = %(batch)s AND document_key IN (
  SELECT document_key FROM intake_row WHERE batch_id = %(batch)s AND document_key IS NOT NULL
  GROUP BY 1 HAVING count(DISTINCT record_number) > %(shared)s)
"""
_ASKED: Final = "w.batch_id = %(batch)s AND w.match = 'new' AND w.card IS NULL"
_ONLY: Final = "(%(only)s::bigint[] IS NULL OR w.id = ANY (%(only)s))"
#: Beside a card. Documents and children are looked up by index, each apart, whatever the statistics say; a record
#: number that somebody parted from the child stays another's.
_BESIDE_CARDS: Final = f"""
UPDATE intake_row AS r SET match = 'probable', why = 'same_child', card = beside.card, card_version = beside.version,
  card_state = beside.state
FROM (
  WITH said AS MATERIALIZED (
    SELECT w.id, w.institution_id, w.record_number, w.admission_at, w.discharge_at, w.document_key FROM intake_row AS w
    WHERE {_ASKED} AND w.document_key IS NOT NULL AND {_ONLY}
    UNION ALL
    SELECT w.id, w.institution_id, w.record_number, w.admission_at, w.discharge_at, other.document_key
    FROM unnest(%(rows)s::bigint[], %(documents)s::bytea[]) AS other (id, document_key)
    JOIN intake_row AS w ON w.id = other.id WHERE {_ASKED} AND {_ONLY}
  ), known AS MATERIALIZED (
    SELECT said.id, v.child_id, v.institution_id FROM said JOIN patients_hospitalview AS v USING (document_key)
    UNION SELECT said.id, i.child_id, i.institution_id FROM said JOIN patients_identifier AS i USING (document_key)
  ), cards AS MATERIALIZED (
    SELECT known.id AS row_id, known.institution_id AS known_at, c.id, c.institution_id, c.child_id, c.record_number,
           c.admission_at, c.discharge_at, c.version, c.state
    FROM known JOIN registry_card AS c ON c.child_id = known.child_id
  )
  SELECT DISTINCT ON (said.id) said.id AS row_id, c.id AS card, c.version, c.state
  FROM cards AS c JOIN said ON said.id = c.row_id
  WHERE c.institution_id = said.institution_id AND c.known_at = said.institution_id AND c.state <> 'voided'
    AND c.record_number <> said.record_number AND {TOGETHER.format(one="c", other="said")}
    AND NOT EXISTS (
      SELECT FROM patients_split AS parted WHERE parted.institution_id = said.institution_id
        AND parted.record_number = said.record_number AND parted.child_id = c.child_id)
  ORDER BY said.id, c.discharge_at <> said.discharge_at, c.id
) AS beside
WHERE beside.row_id = r.id
"""
#: Beside another row: its card, where it has one; else the row that comes first stands for the stay.
_BESIDE_ROWS: Final = f"""
UPDATE intake_row AS r SET match = 'probable', card = beside.card, card_version = beside.card_version,
  card_state = beside.card_state, why = CASE WHEN beside.card IS NULL THEN 'same_child_in_file' ELSE 'same_child' END
FROM (
  WITH said AS MATERIALIZED (
    SELECT id, row, match, record_number, admission_at, discharge_at, document_key, card, card_version, card_state
    FROM intake_row WHERE batch_id = %(batch)s AND document_key IN (
      SELECT document_key FROM intake_row
      WHERE batch_id = %(batch)s AND document_key IS NOT NULL AND match NOT IN ('unusable', 'repeated')
      GROUP BY 1 HAVING count(DISTINCT record_number) > 1)
    AND match NOT IN ('unusable', 'repeated') AND card_state <> 'voided'
  )
  SELECT DISTINCT ON (w.id) w.id AS row_id, o.card, o.card_version, o.card_state
  FROM said AS w JOIN said AS o USING (document_key)
  WHERE w.match = 'new' AND w.card IS NULL AND {_ONLY} AND o.record_number <> w.record_number
    AND (o.card IS NOT NULL OR o.row < w.row) AND {TOGETHER.format(one="o", other="w")}
  ORDER BY w.id, o.card IS NULL, o.row
) AS beside
WHERE beside.row_id = r.id
"""
#: Then every row of the few documents with several numbers against every other, by no index, whatever statistics say.
_BESIDE: Final = f"{_BESIDE_CARDS}; SET LOCAL enable_nestloop = off; {_BESIDE_ROWS}; SET LOCAL enable_nestloop = on"
_OTHER: Final = f"""
SELECT o.id FROM intake_row AS w
JOIN intake_row AS o ON o.batch_id = w.batch_id AND o.document_key = w.document_key AND o.row < w.row
WHERE w.id = %s AND o.record_number <> w.record_number AND {TOGETHER.format(one="o", other="w")}
  AND o.match NOT IN ('unusable', 'repeated')
ORDER BY o.row LIMIT 1
"""


def ask(cursor: CursorWrapper, batch: Batch, asked: Mapping[str, Any]) -> None:
    """Find the rows of a batch that may be stays of which there is a card, or another row, under another number.

    Args:
        asked: ``batch`` and ``only``, as :func:`matching.match` has them.
    """
    if asked["only"] is None:
        cursor.execute(_NOBODYS, {**asked, "shared": SHARED})
    cursor.execute(_BESIDE, {**asked, **_under_other_keys(batch, asked["only"])})


def other_row(row: Row) -> Row | None:
    """Return the row of the file that stands for the stay of one that waits for a word on that; None without one."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHER, [row.pk])
        found = cursor.fetchone()
    return Row.objects.get(pk=found[0]) if found else None


def _under_other_keys(batch: Batch, only: Sequence[int] | None) -> dict[str, list[Any]]:
    """Where the hospital's views of children or the rows stand under an earlier key, the rows' numbers under all keys:
    ids and hashes.
    """
    found: dict[str, list[Any]] = {"rows": [], "documents": []}
    if len(list(keyring().of("hash"))) == 1:
        return found
    newest = keyring().writer("hash").number.to_bytes(2, "big")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM patients_hospitalview WHERE institution_id = %s "
            "AND substring(document_key from 1 for 2) <> %s) OR EXISTS (SELECT FROM intake_row WHERE batch_id = %s "
            "AND substring(document_key from 1 for 2) <> %s)",
            [batch.institution_id, newest, batch.pk, newest],
        )
        if not cursor.fetchone()[0]:
            return found
    rows = Row.objects.filter(batch=batch, match=Match.NEW, card=None, document_key__isnull=False)
    for row in (rows if only is None else rows.filter(pk__in=only)).only("identity").iterator(chunk_size=1_000):
        hashes = keyed_hashes(own_number(identity.opened(row.identity)), DOCUMENT)
        found["rows"] += [row.pk] * len(hashes)
        found["documents"] += hashes
    return found
