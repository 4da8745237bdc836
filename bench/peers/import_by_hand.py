"""The same import as somebody would write it by hand for one file: COPY into staging tables without row security, then
one INSERT … SELECT a table, all in one transaction, under the same row security, triggers and constraints.

It makes the same rows in the same tables. What it leaves out is what the product is for: nothing waits for a look, no
card is compared, nothing resumes, two imports at once would break each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg
from django.db import connection

from tonghu.codes.pinyin import sort_key
from tonghu.intake.checking import Case
from tonghu.intake.identity import document
from tonghu.patients.identity import Asked, which_children
from tonghu.patients.models import DOCUMENT, DOCUMENT_TAIL, tail
from tonghu.patients.services import name_tokens
from tonghu.platform.crypto.box import seal as seal_text
from tonghu.platform.crypto.hashing import keyed_hash
from tonghu.registry.content import Content, key, seal
from tonghu.registry.services.bulk import BROUGHT

_TIMES = ("admission_at", "discharge_at")
_TYPES = {
    "age_years": "smallint", "age_days": "int", "scope_position": "smallint", "errors": "smallint",
    "warnings": "smallint", "confirms": "smallint", "admission_at": "timestamp", "discharge_at": "timestamp",
}  # fmt: skip
STAGING = f"""
CREATE SCHEMA IF NOT EXISTS by_hand;
GRANT USAGE ON SCHEMA by_hand TO tonghu_app, tonghu_owner;
DROP TABLE IF EXISTS by_hand.line, by_hand.person, by_hand.finding, by_hand.token;
CREATE UNLOGGED TABLE by_hand.line (row int, child bigint, {", ".join(f"{n} {_TYPES.get(n, 'text')}" for n in BROUGHT)},
  content bytea, content_key bytea, changed text[]);
CREATE UNLOGGED TABLE by_hand.person (child bigint, record_number text, patient_name text, name_sort text, sex text,
  birth_date date, ethnicity text, nationality text, document_type text, document_number bytea, document_key bytea,
  document_tail bytea, residence_code text, residence bytea, phone bytea);
CREATE UNLOGGED TABLE by_hand.finding (row int, rule text, rule_version smallint, col text, level text);
CREATE UNLOGGED TABLE by_hand.token (record_number text, child bigint, kind smallint, token text);
"""
#: The application's own, so that it may ANALYZE them: without figures the joins go row by row.
TABLES = ("line", "person", "finding", "token")


def prepare(admin_url: str) -> None:
    """Make the staging tables, as the server's administrator."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(admin_url, dbname=name) as admin:
        admin.execute(STAGING)
        for table in TABLES:
            admin.execute(f"ALTER TABLE by_hand.{table} OWNER TO tonghu_app")
            admin.execute(f"GRANT ALL ON by_hand.{table} TO tonghu_owner")


def run(
    institution: int,
    month: date,
    layout: str,
    batch: int,
    cases: Sequence[Case],
    findings: Sequence[tuple[int, str, str, str]],
    counted: dict[int, tuple[int, int, int]],
) -> None:
    """Import rows; the caller's transaction and scope are open."""
    documents = [document(case.identity) for case in cases]
    with connection.cursor() as cursor:
        # As ours: a plan that is kept takes any array for ten rows, and joins the file row by row.
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        children = which_children(
            [Asked(institution, case.typed[0], number) for case, (_kind, number) in zip(cases, documents, strict=True)]
        )
        cursor.execute("SET LOCAL plan_cache_mode = auto")
    people: dict[tuple[str, int], tuple[Any, ...]] = {}
    tokens: dict[tuple[str, int], set[tuple[int, str]]] = {}
    with connection.cursor() as cursor:
        with cursor.copy("COPY by_hand.line FROM STDIN") as copy:
            for case, child in zip(cases, children, strict=True):
                content = Content(layout, case.front, case.supplement)
                copy.write_row(
                    (case.row, child, *case.typed, *counted.get(case.row, (0, 0, 0)), seal(content), key(content),
                     content.filled)
                )  # fmt: skip
        names = {name: (sort_key(name), name_tokens(name)) for name in {case.identity.patient_name for case in cases}}
        for case, child, (kind, number) in zip(cases, children, documents, strict=True):
            said = case.identity
            end = tail(number) if number else None
            people[case.typed[0], child] = (
                child, case.typed[0], said.patient_name, names[said.patient_name][0], said.sex, said.birth_date,
                said.ethnicity, said.nationality, kind, _sealed("document_number", number),
                keyed_hash(number, DOCUMENT) if number else None, keyed_hash(end, DOCUMENT_TAIL) if end else None,
                said.residence_code, _sealed("residence", said.residence), _sealed("phone", said.phone),
            )  # fmt: skip
            tokens[case.typed[0], child] = names[said.patient_name][1]
        with cursor.copy("COPY by_hand.person FROM STDIN") as copy:
            for person in people.values():
                copy.write_row(person)
        with cursor.copy("COPY by_hand.token FROM STDIN") as copy:
            for (record, child), ways in tokens.items():
                for way, token in ways:
                    copy.write_row((record, child, int(way), token))
        with cursor.copy("COPY by_hand.finding FROM STDIN") as copy:
            for row, rule, column, level in findings:
                copy.write_row((row, rule, 1, column, level))
        cursor.execute("ANALYZE by_hand.line, by_hand.person, by_hand.finding, by_hand.token")
        cursor.execute(
            "INSERT INTO patients_hospitalview (institution_id, child_id, record_number, patient_name, name_sort, sex, "
            "birth_date, ethnicity, nationality, document_type, document_number, document_key, document_tail, "
            "residence_code, residence, phone, created_at, updated_at) "
            "SELECT %s, person.*, now(), now() FROM by_hand.person",
            [institution],
        )
        cursor.execute(
            "INSERT INTO patients_nametoken (institution_id, kind, token, former, child_id, view_id) "
            "SELECT %s, kind, token, false, child, held.id FROM by_hand.token "
            "JOIN patients_hospitalview AS held ON held.institution_id = %s AND held.child_id = child "
            "AND held.record_number = token.record_number",
            [institution, institution],
        )
        brought = ", ".join(f"line.{n} AT TIME ZONE 'Asia/Shanghai'" if n in _TIMES else f"line.{n}" for n in BROUGHT)
        cursor.execute(
            f"INSERT INTO registry_card (institution_id, child_id, view_id, {', '.join(BROUGHT)}, archive_month, "
            "archive_month_assumed, layout, origin, state, version, authors, problem_at_first, waits_for, waits_note) "
            f"SELECT %s, line.child, held.id, {brought}, %s, false, %s, 'import', 'draft', 1, '{{}}', false, '', '' "
            "FROM by_hand.line JOIN patients_hospitalview AS held ON held.institution_id = %s "
            "AND held.child_id = line.child AND held.record_number = line.record_number",
            [institution, month, layout, institution],
        )
        of_line = (
            "JOIN registry_card AS card ON card.institution_id = %s AND card.record_number = line.record_number "
            "AND card.discharge_at = line.discharge_at AT TIME ZONE 'Asia/Shanghai'"
        )
        cursor.execute(
            "INSERT INTO registry_cardversion (card_id, institution_id, number, origin, batch, changed, content, "
            f"content_key) SELECT card.id, %s, 1, 'import', %s, line.changed, line.content, line.content_key "
            f"FROM by_hand.line {of_line}",
            [institution, batch, institution],
        )
        cursor.execute(
            'INSERT INTO registry_finding (card_id, institution_id, rule, rule_version, level, "column", '
            "overridden_reason) SELECT card.id, %s, rule, rule_version, level, col, '' FROM by_hand.finding "
            f"JOIN by_hand.line USING (row) {of_line}",
            [institution, institution],
        )


def _sealed(column: str, text: str) -> bytes | None:
    return seal_text(text.encode(), f"patients_hospitalview.{column}") if text else None
