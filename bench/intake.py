"""Importing 100,000 reportable stays against COPY and INSERT … SELECT written by hand, and the cost with a large base.

Both begin with the same rows as the check of the file has left them in memory, and end with the same children, views,
names, cards, versions, findings, histories and counts, behind the same row security. Ours puts the rows down to wait
first, compares them with what is there, and imports them in chunks that resume; the peer does it in one go.
"""

# ruff: noqa: E501 -- SQL, a statement a line

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from bench.measure import WORK, Line, made

ROWS = 100_000
BASE = 1_000_000
LIMIT = 1.5
#: Cost per row may be so much higher with the base than on an empty site.
GROWTH = 1.2
MONTH = date(2026, 10, 1)
HOSPITALS = 1_750
SITE = WORK / "intake-site"


def suite(runs: int) -> list[Line]:
    """Imports on an empty site and with the base, each against the peer, in turn; the last of `runs` base turns counts."""
    os.environ["TONGHU_HOME"] = str(SITE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tonghu.config.settings"
    rows = int(os.environ.get("TONGHU_BENCH_ROWS", ROWS))
    base = int(os.environ.get("TONGHU_BENCH_BASE", BASE))
    from tonghu.platform.database.roles import prepare
    from tonghu.platform.database.server import Server

    server = Server(SITE / "postgres", durable=False)
    server.start()
    try:
        prepare(server.admin_url(), SITE)
        return _measured(rows, base, min(runs, 2))
    finally:
        server.stop()


def _measured(rows: int, base: int, runs: int) -> list[Line]:
    import django

    django.setup()
    from django.db import connection

    from bench.peers import import_by_hand
    from tonghu.platform.crypto import site_keys
    from tonghu.platform.database.migrate import migrate

    migrate()
    site_keys.prepare()
    import_by_hand.prepare()
    _hospitals()
    file = made(f"stays-{rows}.csv", "--rows", str(rows), "--children", "1", "--in-scope", "1", "--month", "2026-10")
    checked = _checked(file)
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _turn in range(runs):
        _empty()
        times["ours"].append(_ours(checked, rows))
        _empty()
        times["peer"].append(_peer(checked))
    ours, peer = min(times["ours"]), min(times["peer"])
    print(f"  empty: ours {ours:.1f} s ({rows / ours:,.0f} rows/s), by hand {peer:.1f} s", flush=True)
    lines = [
        Line(
            f"import {rows:,} reportable stays, sealed, under row security", "COPY + INSERT … SELECT by hand",
            ours, peer, LIMIT, 0, note=f"{rows / ours:,.0f} rows/s",
        )
    ]  # fmt: skip
    if base:
        _empty()
        _fill(checked, base)
        large = _ours(checked, rows)
        print(f"  with {base:,} cards: ours {large:.1f} s ({rows / large:,.0f} rows/s)", flush=True)
        lines.append(
            Line(
                f"the same with {base:,} cards there", "the same import into an empty site", large, ours, GROWTH, 0,
                note=f"{rows / large:,.0f} rows/s",
            )
        )  # fmt: skip
    connection.close()
    return lines


class _Checked:
    """The rows of a file as its check leaves them, in memory: read once, imported several times."""

    def __init__(self, file: Path) -> None:
        from tonghu.hqms.check import Options
        from tonghu.intake.checking import checked

        with checked(file, file.name, Options(archive_month=MONTH), lambda _rows: None) as found:
            self.layout = str(found.summary["layout"])
            self.blocks = list(found.blocks())


def _checked(file: Path) -> _Checked:
    started = time.perf_counter()
    found = _Checked(file)
    print(f"  checked in {time.perf_counter() - started:.1f} s", flush=True)
    return found


@contextmanager
def _acting() -> Iterator[Any]:
    from django.db import transaction

    from tonghu.platform.scope.scope import Scope, open_scope

    may = frozenset(
        {"children.read", "children.enter", "registry.read", "registry.enter", "intake.upload", "intake.undo"}
    )
    scope = Scope(person=1, post=None, institution=1, permissions=may, purpose="bench", label="made up")
    with transaction.atomic(), open_scope(scope):
        yield scope


def _ours(checked: _Checked, rows: int) -> float:
    from tonghu.intake.importing import import_rows, next_row
    from tonghu.intake.matching import match
    from tonghu.intake.models import Batch, Row, State
    from tonghu.intake.services import COUNTS
    from tonghu.intake.staging import stage

    with _acting():
        batch = _batch(checked.layout)
    started = time.perf_counter()
    with _acting():
        for cases, findings in checked.blocks:
            stage(batch, cases, findings, checked.layout)
        staged = time.perf_counter()
        match(batch)
    matched = time.perf_counter()
    with _acting():
        Row.objects.filter(batch=batch, match="undetermined").update(choice="new")
        batch.state, batch.counts = State.CONFIRMING, dict.fromkeys(COUNTS, 0)
        batch.save(update_fields=["state", "counts"])
    while True:
        with _acting() as by:
            if next_row(batch.pk) is None:
                break
        with _acting() as by:
            import_rows(batch.pk, by)
    seconds = time.perf_counter() - started
    with _acting():
        counts = Batch.objects.get(pk=batch.pk).counts
    print(f"  staged {staged - started:.1f} s, compared {matched - staged:.1f} s, imported "
          f"{started + seconds - matched:.1f} s: {counts}", flush=True)  # fmt: skip
    _require(counts["created"] + counts["unchanged"] + counts["failed"], rows)
    return seconds


def _peer(checked: _Checked) -> float:
    from bench.peers import import_by_hand
    from tonghu.intake.staging import counted

    with _acting():
        batch = _batch(checked.layout)
    started = time.perf_counter()
    with _acting():
        known: set[tuple[str, Any]] = set()
        cases = []
        for block, _findings in checked.blocks:
            for case in block:  # what cannot become a card, or is there twice, it leaves out by hand as well
                stay = (case.typed[0], case.typed[3])
                if not case.why and stay not in known:
                    known.add(stay)
                    cases.append(case)
        findings = [
            row
            for _block, found in checked.blocks
            for row in found.select("row", "rule", "column", "level").iter_rows()
        ]
        levels = {row: level for _block, found in checked.blocks for row, level in counted(found).items()}
        import_by_hand.run(1, MONTH, checked.layout, batch.pk, cases, findings, levels)
    seconds = time.perf_counter() - started
    print(f"  by hand {seconds:.1f} s: {len(cases):,} rows", flush=True)
    return seconds


def _batch(layout: str) -> Any:
    from tonghu.intake.models import Batch
    from tonghu.platform.files.models import StoredFile

    file = StoredFile.objects.create(
        purpose="discharge_upload", kind="csv", name="made up", size=1, sha256="0" * 64, place=f"{time.time_ns():032x}",
        algorithm="SM4-GCM", key="made up", person_id=1,
    )  # fmt: skip
    return Batch.objects.create(
        institution_id=1, file=file, sha256=f"{time.time_ns():064x}", archive_month=MONTH, layout=layout, person_id=1
    )


def _hospitals() -> None:
    from psycopg.types.range import Range

    from tonghu.network.models import Institution
    from tonghu.platform.accounts.models import Person
    from tonghu.platform.scope.scope import open_scope, system_scope

    regions = [f"{province}{city:02d}01" for province in (11, 31, 33, 44, 51) for city in (1, 2, 3)]
    with open_scope(system_scope("migration"), using="owner"):
        if Institution.objects.using("owner").count() == 0:
            Institution.objects.using("owner").bulk_create(
                Institution(
                    id=n + 1, code=f"B{n}", name=f"虚构{n}医院", kind="hospital", region_code=regions[n % len(regions)],
                    valid=Range(None, None),
                )
                for n in range(HOSPITALS)
            )  # fmt: skip
            Person.objects.using("owner").create(id=1, username="bench", name="虚构", institution_id=1, made_up=True)


def _empty() -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "TRUNCATE registry_card, registry_cardversion, registry_finding, registry_act, registry_tally, "
            "registry_card_event, patients_child, patients_child_event, patients_hospitalview, "
            "patients_hospitalview_event, patients_nametoken, patients_recordkey, patients_documentkey, intake_batch, "
            "intake_row, intake_row_finding, by_hand.line, by_hand.person, by_hand.finding, by_hand.token CASCADE"
        )
        cursor.execute("ANALYZE")


def _fill(checked: _Checked, base: int) -> None:
    """Other hospitals' cards, copied from one import until there are as many as `base`; their histories are left out."""
    from django.db import connections

    from tonghu.platform.scope.scope import open_scope, system_scope

    started = time.perf_counter()
    rows = sum(len(block) for block, _findings in checked.blocks)
    _ours(checked, rows)
    tables = ("registry_card", "registry_cardversion", "registry_finding", "patients_child", "patients_hospitalview",
              "patients_nametoken", "patients_recordkey", "patients_documentkey")  # fmt: skip
    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        copies = [
            f"c.{name}" for name in _columns(cursor, "registry_card", {"id", "institution_id", "child_id", "view_id"})
        ]
        names = [name.removeprefix("c.") for name in copies]
        step = 10_000_000
        cursor.execute("SELECT count(*) FROM registry_card")
        held = cursor.fetchone()[0]
        for copy in range(1, max(1, base // held) + 1):
            shift, place = copy * step, f"(2 + (c.child_id + {copy} * 37) % {HOSPITALS - 1})"
            cursor.execute(
                f"INSERT INTO patients_child (id, created_at) SELECT id + {shift}, now() FROM patients_child WHERE id < {step}"
            )
            cursor.execute(
                "INSERT INTO patients_hospitalview (id, child_id, institution_id, record_number, patient_name, name_sort, sex, "
                "birth_date, ethnicity, nationality, document_type, residence_code, created_at, updated_at) "
                f"SELECT c.id + {shift}, c.child_id + {shift}, {place}, c.record_number, c.patient_name, c.name_sort, c.sex, "
                f"c.birth_date, c.ethnicity, c.nationality, c.document_type, c.residence_code, now(), now() "
                f"FROM patients_hospitalview AS c WHERE c.id < {step}"
            )
            cursor.execute(
                "INSERT INTO patients_recordkey (institution_id, record_number, child_id) "
                f"SELECT {place}, c.record_number, c.child_id + {shift} FROM patients_recordkey AS c WHERE c.child_id < {step} "
                "ON CONFLICT DO NOTHING"
            )
            cursor.execute(
                "INSERT INTO patients_documentkey (key, number, child_id) "
                f"SELECT decode(md5(c.key::text || '{copy}'), 'hex'), c.number, c.child_id + {shift} "
                f"FROM patients_documentkey AS c WHERE c.child_id < {step}"
            )
            cursor.execute(
                "INSERT INTO patients_nametoken (kind, token, former, institution_id, child_id, view_id) "
                f"SELECT c.kind, c.token, false, {place}, c.child_id + {shift}, c.view_id + {shift} "
                f"FROM patients_nametoken AS c WHERE c.view_id < {step}"
            )
            cursor.execute(
                f"INSERT INTO registry_card (id, institution_id, child_id, view_id, {', '.join(names)}) "
                f"SELECT c.id + {shift}, {place}, c.child_id + {shift}, c.view_id + {shift}, {', '.join(copies)} "
                f"FROM registry_card AS c WHERE c.id < {step}"
            )
            cursor.execute(
                "INSERT INTO registry_cardversion (card_id, institution_id, number, origin, changed, content, content_key) "
                f"SELECT c.card_id + {shift}, card.institution_id, c.number, c.origin, c.changed, c.content, c.content_key "
                f"FROM registry_cardversion AS c JOIN registry_card AS card ON card.id = c.card_id + {shift} WHERE c.card_id < {step}"
            )
            cursor.execute(
                'INSERT INTO registry_finding (card_id, institution_id, rule, rule_version, level, "column", overridden_reason) '
                f"SELECT c.card_id + {shift}, card.institution_id, c.rule, c.rule_version, c.level, c.\"column\", '' "
                f"FROM registry_finding AS c JOIN registry_card AS card ON card.id = c.card_id + {shift} WHERE c.card_id < {step}"
            )
            print(f"  base: {copy * held:,} cards, {time.perf_counter() - started:.0f} s", flush=True)
        # The hospital's own cards go: its file comes as new to a nation that has the others.
        for table in ("registry_finding", "registry_cardversion"):
            cursor.execute(f"DELETE FROM {table} WHERE card_id < {step}")
        cursor.execute(f"DELETE FROM registry_card WHERE id < {step}")
        cursor.execute(f"DELETE FROM patients_nametoken WHERE view_id < {step}")
        cursor.execute(f"DELETE FROM patients_hospitalview WHERE id < {step}")
        for table in ("patients_recordkey", "patients_documentkey"):
            cursor.execute(f"DELETE FROM {table} WHERE child_id < {step}")
        cursor.execute(f"DELETE FROM patients_child WHERE id < {step}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def _columns(cursor: Any, table: str, without: set[str]) -> list[str]:
    cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    return sorted(name for (name,) in cursor.fetchall() if name not in without)


def _require(counted: int, rows: int) -> None:
    if counted != rows:
        raise SystemExit(f"{counted} rows came of {rows}")
