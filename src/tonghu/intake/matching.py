"""What each row of a file is to the cards that are there. Set-wise; only what seems to differ is opened and compared.

A stay is known by hospital, record number and discharge time (or by the card's number in an exported file). One that
fits by record number and admission count alone is a question to a person. A row that says what the card says, or what
the card's last import said, brings nothing new: it is unchanged, whatever a clerk has mended since.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from functools import cache
from typing import Final

from django.db import connection

from tonghu.codes import hqms_fields
from tonghu.intake.models import Batch, Match, Row
from tonghu.registry.content import Content, differences, open_

#: So many rows are opened and compared together.
COMPARED: Final = 1_000
#: The last import of a card that was not undone; 0 for none.
_LAST_IMPORT: Final = """
coalesce((SELECT max(i.number) FROM registry_cardversion i WHERE i.card_id = c.id AND i.origin = 'import'
          AND NOT EXISTS (SELECT FROM registry_cardversion u
                          WHERE u.card_id = c.id AND u.origin = 'undo' AND u.number > i.number)), 0)
"""
_VOIDED_BY_UNDO: Final = """
(c.state = 'voided' AND (SELECT a.batch FROM registry_act a WHERE a.card_id = c.id AND a.act = 'void'
                         ORDER BY a.id DESC LIMIT 1) IS NOT NULL)
"""
#: One stay twice in a file: the first row stands for it.
_REPEATED: Final = """
UPDATE intake_row AS r SET match = 'repeated',
  why = CASE WHEN r.content_key = f.content_key THEN 'repeated_same' ELSE 'repeated' END
FROM (
  SELECT id, first_value(content_key) OVER stay AS content_key, row_number() OVER stay AS nth
  FROM intake_row WHERE batch_id = %s AND match <> 'unusable'
  WINDOW stay AS (PARTITION BY record_number, discharge_at ORDER BY row)
) AS f
WHERE f.id = r.id AND f.nth > 1
"""
_MATCHED: Final = f"""
UPDATE intake_row AS r SET card = c.id, card_version = c.version, match = CASE
  WHEN {_VOIDED_BY_UNDO} THEN 'new'
  WHEN EXISTS (SELECT FROM registry_cardversion v WHERE v.card_id = c.id AND v.content_key = r.content_key
               AND v.number IN (c.version, {_LAST_IMPORT})) THEN 'unchanged'
  ELSE 'changed' END
FROM registry_card AS c
WHERE r.batch_id = %s AND r.match = 'new' AND c.institution_id = r.institution_id AND {{fits}}
"""
#: An exported file names the card; then record number and discharge time may have been put right.
_BY_KEY: Final = _MATCHED.format(fits="c.id = r.card_key")
_BY_STAY: Final = _MATCHED.format(
    fits="r.card IS NULL AND c.record_number = r.record_number AND c.discharge_at = r.discharge_at"
)
#: A card that another row of the file fits exactly is no question.
_PROBABLE: Final = """
UPDATE intake_row AS r SET match = 'probable', card = near.id, card_version = near.version, why = 'probable'
FROM (
  SELECT DISTINCT ON (r.id) r.id AS row_id, c.id, c.version
  FROM intake_row AS r
  JOIN registry_card AS c ON c.institution_id = r.institution_id AND c.record_number = r.record_number
    AND c.admission_count = r.admission_count AND c.state <> 'voided'
  WHERE r.batch_id = %s AND r.match = 'new' AND r.card IS NULL AND r.admission_count <> ''
    AND NOT EXISTS (SELECT FROM intake_row AS own WHERE own.batch_id = r.batch_id AND own.card = c.id)
  ORDER BY r.id, c.id
) AS near
WHERE near.row_id = r.id
"""
_UNDETERMINED: Final = """
UPDATE intake_row SET match = 'undetermined', why = 'undetermined'
WHERE batch_id = %s AND match = 'new' AND scope_group = 'undetermined'
"""
#: What happens without anybody's word: new stays are made, and a card that nobody has touched follows the file.
_DEFAULTS: Final = f"""
UPDATE intake_row AS r SET
  why = said.why,
  choice = CASE said.why WHEN '' THEN 'replace' WHEN 'held' THEN 'keep' ELSE '' END
FROM (
  SELECT c.id, CASE
    WHEN c.state = 'voided' THEN 'voided'
    WHEN c.state IN ('approved', 'reported') THEN 'held'
    WHEN c.state = 'submitted' THEN 'submitted'
    WHEN c.state = 'accepted' THEN 'accepted'
    WHEN EXISTS (SELECT FROM registry_cardversion v WHERE v.card_id = c.id AND v.number > {_LAST_IMPORT}
                 AND v.origin IN ('manual', 'mend', 'bulk', 'docking')) THEN 'edited'
    ELSE '' END AS why
  FROM registry_card AS c
) AS said
WHERE said.id = r.card AND r.batch_id = %s AND r.match = 'changed'
"""


def match(batch: Batch) -> None:
    """Work out what every staged row of a batch is."""
    with connection.cursor() as cursor:
        # By index, also while the statistics of tables that have just been filled say that they are empty.
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in (_REPEATED, _BY_KEY, _BY_STAY, _PROBABLE, _UNDETERMINED):
            cursor.execute(statement, [batch.pk])
    _compare(batch)
    with connection.cursor() as cursor:
        cursor.execute(_DEFAULTS, [batch.pk])
        cursor.execute("SET LOCAL enable_seqscan = on")


def _compare(batch: Batch) -> None:
    """Open what seems to differ: the fields that do, or that none does (a card with a supplement has another hash)."""
    seem = Row.objects.filter(batch=batch, match=Match.CHANGED).order_by("pk")
    last = 0
    while rows := list(seem.filter(pk__gt=last)[:COMPARED]):
        last = rows[-1].pk
        held = contents([row.card for row in rows if row.card is not None])
        for row in rows:
            now, imported = held[row.card or 0]
            incoming = open_(row.content)
            row.changed = differing(incoming, now)
            if not row.changed or (imported and not differing(incoming, imported)):
                row.match = Match.UNCHANGED
        Row.objects.bulk_update(rows, ["changed", "match"])


def differing(incoming: Content, held: Content) -> list[str]:
    """The codes, in the card's layout, of the fields in which a front page differs from a card's."""
    before, after = Content(held.layout, held.front), Content(held.layout, in_layout(incoming, held.layout))
    known = set(_names(incoming.layout))
    return [code for code in differences(before, after) if _codes(held.layout).get(code) in known]


def in_layout(content: Content, layout: str) -> dict[str, str]:
    """A front page by the codes of a layout; what that layout cannot hold is left out."""
    if content.layout == layout:
        return dict(content.front)
    names, codes = _codes(content.layout), _names(layout)
    return {codes[names[code]]: text for code, text in content.front.items() if names.get(code) in codes}


@cache
def _codes(layout: str) -> dict[str, str]:
    """Code → name of every field of a layout."""
    return {field.code: field.name for field in hqms_fields.layout(layout).fields}


@cache
def _names(layout: str) -> dict[str, str]:
    return {name: code for code, name in _codes(layout).items()}


def contents(cards: list[int]) -> dict[int, tuple[Content, Content | None]]:
    """What cards say now, and what their last import said where that is another version."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.id, now.content, i.content FROM registry_card AS c
            JOIN registry_cardversion AS now ON now.card_id = c.id AND now.number = c.version
            LEFT JOIN registry_cardversion AS i ON i.card_id = c.id AND i.number = {_LAST_IMPORT}
              AND i.number <> c.version
            WHERE c.id = ANY (%s)
            """,
            [cards],
        )
        return {
            card: (open_(bytes(now)), open_(bytes(imported)) if imported is not None else None)
            for card, now, imported in cursor.fetchall()
        }
