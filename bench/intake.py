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
        return _measured(server.admin_url(), rows, base, min(runs, 2))
    finally:
        server.stop()


def _measured(admin_url: str, rows: int, base: int, runs: int) -> list[Line]:
    import django

    django.setup()
    from django.db import connection

    from bench.peers import import_by_hand
    from bench.registry.fill import fill
    from tonghu.platform.crypto import site_keys
    from tonghu.platform.database.migrate import migrate

    migrate()
    site_keys.prepare()
    import_by_hand.prepare(admin_url)
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
        fill(HOSPITALS, base)
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
    from tonghu.intake.importing import import_rows
    from tonghu.intake.matching import match
    from tonghu.intake.models import Batch, Row, State
    from tonghu.intake.services import COUNTS
    from tonghu.intake.staging import count_rows, stage

    with _acting():
        batch = _batch(checked.layout)
    started = time.perf_counter()
    with _acting():
        for cases, findings in checked.blocks:
            stage(batch, cases, findings, checked.layout)
    staged = time.perf_counter()
    with _acting():
        count_rows()
    with _acting():
        match(batch)
    matched = time.perf_counter()
    with _acting():
        Row.objects.filter(batch=batch, match__in=["undetermined", "probable"]).update(choice="new")
        batch.state, batch.counts = State.CONFIRMING, dict.fromkeys(COUNTS, 0)
        batch.save(update_fields=["state", "counts"])
    left = rows
    while left:
        with _acting() as by:
            left = import_rows(batch.pk, by)["rows"]
    seconds = time.perf_counter() - started
    with _acting():
        counts = Batch.objects.get(pk=batch.pk).counts
    print(f"  staged {staged - started:.1f} s, counted and compared {matched - staged:.1f} s, imported "
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
    from django.db import connections
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
            with connections["owner"].cursor() as cursor:  # whoever comes later gets other numbers
                for table in ("network_institution", "accounts_person"):
                    cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


def _empty() -> None:
    """Nobody's cards are there; institutions and people stay."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "TRUNCATE registry_card, registry_card_event, registry_tally, patients_child, patients_child_event, "
            "patients_hospitalview_event, patients_recordkey, patients_documentkey, surveillance_zeroreport, "
            "surveillance_zeroreport_event, intake_batch, by_hand.line, by_hand.person, by_hand.finding, by_hand.token "
            "CASCADE"
        )
        cursor.execute("ANALYZE")


def _require(counted: int, rows: int) -> None:
    if counted != rows:
        raise SystemExit(f"{counted} rows came of {rows}")
