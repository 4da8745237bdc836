"""Putting the rows of a checked file where they wait for somebody to decide: set-wise, in one transaction.

Values go over as arrays: the application makes no temporary tables (docs/scope.md), and COPY is refused on tables
behind row security.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from typing import Any, Final

import polars as pl
from django.db import connection

from tonghu.intake import identity
from tonghu.intake.checking import FINDING, TYPED, Case
from tonghu.intake.models import Batch, Damage, Match
from tonghu.patients.models import DOCUMENT
from tonghu.platform.crypto.hashing import keyed_hash
from tonghu.platform.database.arrays import array_cursor, columns
from tonghu.registry.content import Content, key, seal
from tonghu.registry.services.near import own_number

_KINDS: Final = {
    "admission_at": "timestamp", "discharge_at": "timestamp", "age_years": "smallint", "age_days": "int",
    "scope_position": "smallint",
}  # fmt: skip
_OWN: Final = (
    ("row", "int"), *((name, _KINDS.get(name, "text")) for name in TYPED), ("errors", "smallint"),
    ("warnings", "smallint"), ("confirms", "smallint"), ("content", "bytea"), ("content_key", "bytea"),
    ("identity", "bytea"), ("document_key", "bytea"), ("card_key", "bigint"), ("card_key_version", "int"),
    ("match", "text"), ("why", "text"), ("damage", "text"),
)  # fmt: skip
_TIMES: Final = frozenset({"admission_at", "discharge_at"})
_READ: Final = ", ".join(f"line.{name} AT TIME ZONE 'Asia/Shanghai'" if name in _TIMES else name for name, _ in _OWN)
#: The codes of a row's fields travel as one text: arrays of arrays must be rectangular.
_INSERT: Final = f"""
INSERT INTO intake_row (batch_id, institution_id, {", ".join(name for name, _ in _OWN)}, choice, changed)
SELECT %b, %b, {_READ}, '', string_to_array(codes, ' ')
FROM unnest({", ".join(f"%b::{kind}[]" for _, kind in _OWN)}, %b::text[])
  AS line ({", ".join(name for name, _ in _OWN)}, codes)
"""
_FINDINGS: Final = """
INSERT INTO intake_row_finding (batch_id, institution_id, row, rule, rule_version, "column", level)
SELECT %b, %b, * FROM unnest(%b::int[], %b::text[], %b::smallint[], %b::text[], %b::text[])
"""
_LEVELS: Final = ("error", "warning", "confirm")
_MOST: Final = 32_767  # what a smallint holds: a row with more findings than that says so by this number


def stage(
    batch: Batch,
    cases: Iterable[Case],
    findings: pl.DataFrame,
    layout: str,
    others: Container[str] = (),
) -> None:
    """Stage a block of rows with their findings (columns of ``checking.FINDING``).

    Args:
        others: organisation codes of other institutions: their rows do not become cards here.
    """
    found = counted(findings)
    rows = [
        _line(case, layout, found.get(case.row, (0, 0, 0)), "foreign" if case.organisation in others else case.why)
        for case in cases
    ]
    if not rows:
        return
    place = [batch.pk, batch.institution_id]
    with array_cursor() as cursor:
        cursor.execute(_INSERT, [*place, *columns(rows)])
        if len(findings):
            cursor.execute(_FINDINGS, [*place, *(findings[name].to_list() for name in FINDING)])


def count_rows() -> None:
    """Have the planner know how many rows wait; in a transaction of its own, since two counts wait for each other.

    The tables fill and empty with each import, and what the database last counted may be the emptiness in between: it
    then believes that there is one row, and looks for each of a hundred thousand among a hundred thousand.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT intake.count_rows()")


def found_on_cards(batch: Batch, known: Iterable[str]) -> list[dict[str, Any]]:
    """Return what rules other than the `known` find in the staged rows, as cards: rule, level, findings, rows, columns.

    The check of the file does not ask these; each rule has one level here, its worst. A column is a field's code or an
    item of the supplement, with its findings; the most frequent first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH found AS (
              SELECT rule, level::text, "column", row FROM intake_row_finding WHERE batch_id = %s AND rule <> ALL (%s)
            ), named AS (
              SELECT rule, jsonb_agg(jsonb_build_object('column', "column", 'findings', many)
                                     ORDER BY many DESC, "column") AS columns
              FROM (SELECT rule, "column", count(*) AS many FROM found WHERE "column" <> '' GROUP BY 1, 2) AS each
              GROUP BY rule
            )
            SELECT rule, min(array_position(%s, level)), count(*), count(DISTINCT row),
                   (SELECT columns::text FROM named WHERE named.rule = found.rule)
            FROM found GROUP BY rule ORDER BY 2, 4 DESC, rule
            """,
            [batch.pk, sorted(known), list(_LEVELS)],
        )
        return [
            {
                "rule": rule, "level": _LEVELS[level - 1], "findings": findings, "rows": rows,
                "columns": json.loads(columns or "[]"),
            }
            for rule, level, findings, rows, columns in cursor.fetchall()
        ]  # fmt: skip


def counted(findings: pl.DataFrame) -> dict[int, tuple[int, int, int]]:
    """Row → findings of each level."""
    levels: dict[int, list[int]] = {}
    for row, level, count in findings.group_by("row", "level").len().iter_rows():
        levels.setdefault(row, [0, 0, 0])[_LEVELS.index(level)] = min(count, _MOST)
    return {row: (one[0], one[1], one[2]) for row, one in levels.items()}


def _line(case: Case, layout: str, counted: tuple[int, int, int], why: str) -> tuple[Any, ...]:
    content = Content(layout, case.front, case.supplement)
    match = Match.UNUSABLE if why else Match.NEW
    number = own_number(case.identity)
    return (
        case.row, *case.typed, *counted, seal(content), key(content), identity.sealed(case.identity),
        keyed_hash(number, DOCUMENT) if number else None, case.card_key,
        case.card_key_version, match.value, why, Damage.RAGGED.value if case.ragged else "", " ".join(content.filled),
    )  # fmt: skip
