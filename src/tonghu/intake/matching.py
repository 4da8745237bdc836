"""What each row of a file is to the cards that are there. Set-wise; only what seems to differ is opened and compared.

A stay is known by hospital, record number and discharge time (or by the card's number in an exported file). One that
fits by record number and admission count alone, by record number and the day of discharge, or by a record number in
another writing (zeros, letter case, marks), or by its child under another number (``same_child.py``), is a question to
a person. A row that says what the card says, or what the card's last import said, brings nothing new: it is unchanged,
whatever a clerk has mended since. A row of an exported file says which version it was of: only what that one and an
import after it say is nothing new, so that whoever puts an earlier text back, or empties a cell, is not passed over. A
row that would write over what a person wrote waits for a person; one that somebody decided on before does not
(``answering.py``).
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from functools import cache
from typing import Final

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from tonghu.codes import hqms_fields
from tonghu.codes.text import halfwidth
from tonghu.intake import same_child
from tonghu.intake.answering import ANSWERED, KEPT, under_earlier_keys
from tonghu.intake.damage import damage
from tonghu.intake.filling import fills
from tonghu.intake.items import differing_items, filling_items
from tonghu.intake.meaning import says_the_same
from tonghu.intake.models import Answer, Batch, Damage, Match, Row
from tonghu.registry.content import Content, differences, open_
from tonghu.registry.from_page import filled_by
from tonghu.registry.models import Card, Origin
from tonghu.registry.services.near import LIKE, SAME_DAY
from tonghu.registry.states import State
from tonghu.registry.supplement import items

#: So many rows are opened and compared together.
COMPARED: Final = 1_000
#: The version of the card that a row of an exported file was; 0 where no file says so.
_EXPORTED: Final = "CASE WHEN c.id = r.card_key THEN r.card_key_version ELSE 0 END"
#: The last import of a card that was not undone, after that version; 0 for none.
_LAST_IMPORT: Final = f"""
coalesce((SELECT max(i.number) FROM registry_cardversion i WHERE i.card_id = c.id AND i.origin = 'import'
          AND i.number > {_EXPORTED}
          AND NOT EXISTS (SELECT FROM registry_cardversion u WHERE u.card_id = c.id AND u.origin = 'undo'
                          AND u.batch = i.batch AND u.number > i.number)), 0)
"""
_VOIDED_BY_UNDO: Final = """
(c.state = 'voided' AND c.first_reported_at IS NULL
 AND (SELECT a.batch FROM registry_act a WHERE a.card_id = c.id AND a.act = 'void'
      ORDER BY a.id DESC LIMIT 1) IS NOT NULL)
"""
#: Where a batch is compared again: which of its rows are.
_ONLY: Final = "(%(only)s::bigint[] IS NULL OR {row}.id = ANY (%(only)s))"
#: One stay twice in a file: the first row stands for it.
_REPEATED: Final = """
UPDATE intake_row AS r SET match = 'repeated',
  why = CASE WHEN r.content_key = f.content_key THEN 'repeated_same' ELSE 'repeated' END
FROM (
  SELECT id, first_value(content_key) OVER stay AS content_key, row_number() OVER stay AS nth
  FROM intake_row WHERE batch_id = %(batch)s AND match <> 'unusable'
  WINDOW stay AS (PARTITION BY record_number, discharge_at ORDER BY row)
) AS f
WHERE f.id = r.id AND f.nth > 1
"""
_MATCHED: Final = f"""
UPDATE intake_row AS r SET card = c.id, card_version = c.version, card_state = c.state, match = CASE
  WHEN {_VOIDED_BY_UNDO} THEN 'new'
  WHEN c.state = 'voided' THEN 'changed'
  WHEN EXISTS (SELECT FROM registry_cardversion v WHERE v.card_id = c.id AND v.content_key = r.content_key
               AND v.number IN (c.version, {_EXPORTED}, {_LAST_IMPORT})) THEN 'unchanged'
  ELSE 'changed' END
FROM registry_card AS c
WHERE r.batch_id = %(batch)s AND r.match = 'new' AND c.institution_id = r.institution_id AND {{fits}}
  AND {_ONLY.format(row="r")}
"""
#: An exported file names the card; then record number and discharge time may have been put right.
_BY_KEY: Final = _MATCHED.format(fits="c.id = r.card_key")
#: The number of a card in a row that seems another stay's (copied, shifted or sorted in the exported file): where two
#: rows bear it, where another card is of the row's stay, or where nothing of the stay is the card's. A question to a
#: person; beside it stands the card of the row's stay, where there is one.
_KEY_IN_DOUBT: Final = f"""
UPDATE intake_row AS r SET match = 'probable', why = 'key_in_doubt', card = doubted.card,
  card_version = doubted.version, card_state = doubted.state
FROM (
  SELECT w.id, coalesce(stay.id, named.id) AS card, coalesce(stay.version, named.version) AS version,
         coalesce(stay.state, named.state) AS state
  FROM intake_row AS w
  JOIN registry_card AS named ON named.id = w.card
  LEFT JOIN registry_card AS stay ON stay.institution_id = w.institution_id
    AND stay.record_number = w.record_number AND stay.discharge_at = w.discharge_at
  WHERE w.batch_id = %(batch)s AND w.card = w.card_key AND w.match = 'changed' AND {_ONLY.format(row="w")}
    AND (w.record_number, w.discharge_at) IS DISTINCT FROM (named.record_number, named.discharge_at)
    AND (stay.id IS NOT NULL
      OR w.card_key IN (SELECT card_key FROM intake_row WHERE batch_id = %(batch)s GROUP BY 1 HAVING count(*) > 1)
      OR (w.record_number <> named.record_number AND w.discharge_at IS DISTINCT FROM named.discharge_at
          AND w.admission_at IS DISTINCT FROM named.admission_at))
) AS doubted
WHERE doubted.id = r.id
"""
_BY_STAY: Final = _MATCHED.format(
    fits="r.card IS NULL AND c.record_number = r.record_number AND c.discharge_at = r.discharge_at"
)
#: A card that another row of the file fits exactly is no question.
_NEAR: Final = f"""
UPDATE intake_row AS r SET match = 'probable', card = near.id, card_version = near.version, card_state = near.state,
  why = near.why
FROM (
  SELECT DISTINCT ON (r.id) r.id AS row_id, c.id, c.version, c.state, {{why}} AS why
  FROM intake_row AS r
  JOIN registry_card AS c ON c.institution_id = r.institution_id AND {{fits}} AND c.state <> 'voided'
  WHERE r.batch_id = %(batch)s AND r.match = 'new' AND r.card IS NULL AND {_ONLY.format(row="r")}
    AND NOT EXISTS (SELECT FROM intake_row AS own WHERE own.batch_id = r.batch_id AND own.card = c.id)
  ORDER BY r.id, why, c.id
) AS near
WHERE near.row_id = r.id
"""
_SAME_COUNT: Final = "(c.admission_count = r.admission_count AND r.admission_count <> '')"
#: Also the day alone: a card that somebody typed may lack the hour.
_PROBABLE: Final = _NEAR.format(
    why=f"CASE WHEN {_SAME_COUNT} THEN 'probable' ELSE 'same_day' END",
    fits=f"c.record_number = r.record_number AND ({_SAME_COUNT} OR {SAME_DAY.format(one='c', other='r')})",
)
_ANOTHER_WRITING: Final = _NEAR.format(
    why="'another_writing'",
    fits=f"{SAME_DAY.format(one='c', other='r')} AND {LIKE.format(one='c', other='r')}",
)
#: By no index: the hospital's cards and the file's rows are read once each, whatever the statistics say.
_BY_WRITING: Final = f"SET LOCAL enable_nestloop = off; {_ANOTHER_WRITING}; SET LOCAL enable_nestloop = on"
#: Of these nobody knows whether they are in scope, or what a row of too many or too few cells says.
_UNSURE: Final = """
UPDATE intake_row SET
  match = CASE scope_group WHEN 'undetermined' THEN 'undetermined' ELSE match END,
  why = CASE scope_group WHEN 'undetermined' THEN 'undetermined' ELSE 'ragged' END
WHERE batch_id = %(batch)s AND match = 'new' AND (scope_group = 'undetermined' OR damage = 'ragged')
"""
#: What happens without anybody's word: new stays are made, and what nobody has written by hand follows the file.
_DEFAULTS: Final = f"""
UPDATE intake_row AS r SET
  why = said.why,
  choice = CASE WHEN r.answered IS NOT NULL THEN r.choice
                WHEN said.why = '' THEN 'replace' WHEN said.why IN ('held', 'voided_held') THEN 'keep' ELSE '' END
FROM (
  SELECT w.id, CASE
    WHEN c.state = 'voided' THEN CASE WHEN c.first_reported_at IS NULL THEN 'voided' ELSE 'voided_held' END
    WHEN c.state IN ('approved', 'reported') THEN 'held'
    WHEN c.state = 'submitted' THEN 'submitted'
    WHEN c.state = 'accepted' THEN 'accepted'
    ELSE w.why END AS why
  FROM intake_row AS w JOIN registry_card AS c ON c.id = w.card
  WHERE w.batch_id = %(batch)s AND w.match = 'changed' AND {_ONLY.format(row="w")}
) AS said
WHERE said.id = r.id
"""


def match(batch: Batch, only: Sequence[int] | None = None) -> None:
    """Work out what every staged row of a batch is; notes on the batch when, and in which others rows were answered.

    Args:
        only: the ids of those rows alone, where others are known; they stand as they were staged.
    """
    asked = {"batch": batch.pk, "only": None if only is None else list(only)}
    with connection.cursor() as cursor:
        # By index, also while the statistics of tables that have just been filled say that they are empty.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SELECT statement_timestamp()")
        batch.summary["compared_at"] = cursor.fetchone()[0].isoformat()
        if only is None:
            cursor.execute(_REPEATED, asked)
        for statement in (_BY_KEY, _KEY_IN_DOUBT, _BY_STAY, _PROBABLE, _BY_WRITING):
            cursor.execute(statement, asked)
        same_child.ask(cursor, batch, asked)
        cursor.execute(_UNSURE, asked)
    _compare(batch, only)
    with connection.cursor() as cursor:
        answers = Answer.objects.filter(institution=batch.institution_id).exists()
        if answers:
            absent = json.dumps(sorted(batch.summary.get("missing_columns", ())))
            items_there = json.dumps(batch.summary.get("supplement_items", []))
            columns = {"absent": absent, "items": items_there}
            cursor.execute(ANSWERED, {**asked, **columns, **under_earlier_keys(batch, only)})
            cursor.execute(KEPT, asked)
            cursor.execute(
                "SELECT DISTINCT answered FROM intake_row WHERE batch_id = %(batch)s AND answered IS NOT NULL", asked
            )
            batch.summary["answered_in"] = sorted(number for (number,) in cursor.fetchall())
        cursor.execute(_DEFAULTS, asked)
        cursor.execute("SET LOCAL enable_seqscan = on")


def _compare(batch: Batch, only: Sequence[int] | None) -> None:
    """Open what seems to differ: the fields that do, or that none does (a card with a supplement has another hash).

    A row that would write over what a person wrote is ``edited``; one that would give the card another record number,
    discharge time or document ``renames`` it, which stays noted where the card's state is said instead; so does in what
    way a row seems damaged (``damage.py``). One whose
    card's number is in doubt, but that says what the card of its stay says, brings nothing new either. Of each it is
    noted whether it fills a blank.
    """
    absent = lacking(batch)
    seem = Row.objects.filter(Q(match=Match.CHANGED) | Q(match=Match.PROBABLE, card__isnull=False), batch=batch)
    if only is not None:
        seem = seem.filter(pk__in=only)
    last = 0
    while rows := list(seem.order_by("pk").filter(pk__gt=last)[:COMPARED]):
        last = rows[-1].pk
        cards = [row.card for row in rows if row.card is not None]
        held, by_hand = contents(cards), written_by_hand(cards)
        there = Card.objects.only("record_number", "discharge_at", "scope_group").in_bulk(cards)
        known = _known_before([row.pk for row in rows])
        for row in rows:
            now = held[row.card or 0]
            incoming = open_(row.content)
            # A voided card comes back, whatever of it is blank.
            row.fills = row.card_state == State.VOIDED or bool(filling(incoming, now, absent))
            if row.match == Match.PROBABLE and row.why != "key_in_doubt":
                continue
            changed = differing(incoming, now, absent)
            if row.match == Match.CHANGED:  # a question may yet lead to a new card, which has all of the row's fields
                row.changed = changed
            # A stay that somebody voided is not reported, whatever its card says: a person decides if it comes back.
            voided = row.match == Match.CHANGED and row.card_state == State.VOIDED
            if not voided and (
                not changed or any(not differing(incoming, earlier, absent) for earlier in known.get(row.pk, ()))
            ):
                row.match, row.why = Match.UNCHANGED, ""
            changes, card = row.match == Match.CHANGED, there[row.card or 0]
            renames = (row.record_number, row.discharge_at) != (card.record_number, card.discharge_at)
            row.renames = changes and (renames or _other_document(incoming, now))
            if row.damage != Damage.RAGGED:
                row.damage = damage(in_layout(incoming, now.layout), now, changed) if changes and not voided else ""
            if changes:
                row.why = _asked_why(row, card, changed, by_hand[card.pk])
        Row.objects.bulk_update(rows, ["changed", "match", "why", "fills", "renames", "damage"])


def _asked_why(row: Row, card: Card, changed: Sequence[str], by_hand: Container[str]) -> str:
    """Why somebody is asked before a row changes a card, whatever its state; '' where the card follows the file."""
    if row.renames:
        return "renames"
    if row.damage:
        return row.damage
    if row.scope_group == "undetermined" != card.scope_group:  # it takes away what told that the child is under 20
        return "undetermined"
    return "edited" if any(code in by_hand for code in changed) else ""


def _other_document(incoming: Content, held: Content) -> bool:
    """Whether both say a document number, each another one: the card would be another child's."""
    said = (halfwidth(content.value(_names(content.layout)["national_id"])).upper() for content in (incoming, held))
    one, other = ("".join(filter(str.isalnum, text)) for text in said)  # a dash stands for none
    return bool(one and other and one != other)


def written_by_hand(cards: list[int]) -> dict[int, Container[str]]:
    """The fields of cards whose text a person wrote, at whatever time, and that no file has written since.

    What an undo gives back is again whose it was before. Of a card that a person made all fields are that person's,
    also those left blank.
    """
    found: dict[int, Container[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT card_id, array_agg(origin ORDER BY number), array_agg(batch ORDER BY number),
                   array_agg(CASE WHEN number > 1 THEN array_to_string(changed, ' ') ELSE '' END ORDER BY number)
            FROM registry_cardversion WHERE card_id = ANY (%s) GROUP BY card_id
            """,
            [cards],
        )
        for card, origins, batches, changed in cursor.fetchall():
            if origins[0] != Origin.IMPORT:
                found[card] = _EVERY_FIELD
                continue
            writers: dict[str, list[tuple[str, int | None]]] = {}
            for origin, batch, codes in zip(origins, batches, changed, strict=True):
                for code in codes.split():
                    wrote = writers.setdefault(code, [])
                    if origin == Origin.UNDO:
                        _let_go(wrote, batch)
                    else:
                        wrote.append((origin, batch))
            found[card] = {code for code, wrote in writers.items() if wrote and wrote[-1][0] != Origin.IMPORT}
    return found


def _let_go(wrote: list[tuple[str, int | None]], batch: int | None) -> None:
    """Take back the last writing of a batch; imports and bulk mends count theirs each for themselves."""
    if (last := next((one for one in reversed(wrote) if one[1] == batch), None)) is not None:
        wrote[:] = [one for one in wrote if one != last]


class _EveryField:
    def __contains__(self, _code: object) -> bool:
        return True


_EVERY_FIELD: Final = _EveryField()


def lacking(batch: Batch) -> frozenset[str]:
    """What a batch's file says nothing of: the codes, in its layout, of the columns that it has not, and the names of
    the items of the supplement that have no column in it."""
    has = batch.summary.get("supplement_items", ())
    return frozenset(batch.summary.get("missing_columns", ())) | {one.name for one in items() if one.name not in has}


def differing(incoming: Content, held: Content, absent: Container[str] = ()) -> list[str]:
    """The codes, in the card's layout, of the fields in which a row differs from a card by what they say; then the
    names of such items of the supplement.

    Args:
        absent: codes, in its own layout, and items of the columns that the file has not (:func:`lacking`): it says
            nothing of them, while an empty cell says that the field is blank.
    """
    before, after = Content(held.layout, held.front), Content(held.layout, in_layout(incoming, held.layout))
    known = {name for name, code in _names(incoming.layout).items() if code not in absent}
    fields = hqms_fields.layout(held.layout).by_code
    of_the_page = [
        code
        for code in differences(before, after)
        if _codes(held.layout).get(code) in known
        and not says_the_same(fields[code], after.front.get(code, ""), before.front.get(code, ""))
    ]
    return [*of_the_page, *differing_items(incoming, held, absent)]


def filling(incoming: Content, held: Content, absent: Container[str] = ()) -> dict[str, str]:
    """What filling a card's blanks from a file's row writes, by the codes of the card's layout and by items.

    Args:
        absent: as :func:`differing` takes them.
    """
    said = {code: text for code, text in incoming.front.items() if code not in absent}
    of_the_page = fills(in_layout(Content(incoming.layout, said), held.layout), held)
    return of_the_page | filling_items(incoming, held, absent)


def as_it_came(incoming: Content, layout: str, absent: Container[str], before: Content | None) -> Content:
    """A file's row by the codes of a card's layout, to be kept beside the card.

    Args:
        absent: as :func:`differing` takes them.
        before: the row that the card had so far: it still speaks for the columns that the file has not.
    """
    codes = _names(layout)
    silent = {codes[name] for name, code in _names(incoming.layout).items() if code in absent and name in codes}
    kept = {code: text for code, text in before.front.items() if code in silent} if before else {}
    filled = filled_by(layout, timezone.localdate())
    # What the page says of the supplement; other items of a card that somebody typed are no file's word.
    said = before.supplement.items() if before else ()
    of_items = {name: text for name, text in said if filled.get(name) in silent}
    return Content(layout, {**kept, **in_layout(incoming, layout)}, {**of_items, **incoming.supplement})


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


def contents(cards: list[int]) -> dict[int, Content]:
    """What cards say now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, now.content FROM registry_card AS c
            JOIN registry_cardversion AS now ON now.card_id = c.id AND now.number = c.version
            WHERE c.id = ANY (%s)
            """,
            [cards],
        )
        return {card: open_(bytes(now)) for card, now in cursor.fetchall()}


def _known_before(rows: list[int]) -> dict[int, list[Content]]:
    """What the cards of rows said before, as far as a row that says it again brings nothing new."""
    known: dict[int, list[Content]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id, v.content FROM intake_row AS r
            JOIN registry_card AS c ON c.id = r.card
            JOIN registry_cardversion AS v ON v.card_id = c.id AND v.number <> c.version
              AND v.number IN ({_EXPORTED}, {_LAST_IMPORT})
            WHERE r.id = ANY (%s)
            """,
            [rows],
        )
        for row, content in cursor.fetchall():
            known.setdefault(row, []).append(open_(bytes(content)))
    return known
