"""The rulebook: a million records against one hand-written DuckDB query, and one record against a limit."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

import duckdb
import polars as pl

from bench.front_page import LAYOUT, ON, SET, front_page
from bench.measure import ROOT, WORK, Line, in_turn, made, peer
from tonghu.codes import hqms_fields, icdo
from tonghu.hqms import across, casting, facts, record
from tonghu.rulebook import PACKAGED, load
from tonghu.rulebook.schema import UNREADABLE
from tonghu.tumours import checks

ROWS = 1_000_000
#: Cells that do not read are rare: these columns have some in the made-up file, and the hand-written query knows it.
UNREADABLE_THERE = {
    f"{name}{UNREADABLE}" for name in ("birth_date", "length_of_stay_days", "quality_date", "cost_other")
}
P95_LIMIT = 0.002
CHECKS = 20_000


def suite(runs: int) -> list[Line]:
    """A million records, then one."""
    return [_million(runs), _one()]


# --- A million records


def _million(runs: int) -> Line:
    table = _facts()
    ours = [sys.executable, "-m", "bench.front_page", table]
    theirs = peer("rules_by_hand", table)
    _must_agree(_printed(ours), _printed(theirs))
    seen = in_turn({"ours": ours, "peer": theirs}, runs=runs)
    rules = front_page().rules
    checks_named = len({rule.reports for rule in rules})
    return Line(
        f"{ROWS:,} records of 346 fields, all in scope: {checks_named} front-page checks ({len(rules)} rules)",
        "one hand-written DuckDB query with the same findings",
        seen["ours"].wall,
        seen["peer"].wall,
        1.2,
        seen["ours"].peak / 1e6,
        note=f"processor {seen['ours'].cpu:.1f} s and {seen['peer'].cpu:.1f} s",
    )


def _facts() -> Path:
    """The made-up file as a DuckDB table of typed facts, with what the file's other rows say of each."""
    table = WORK / "rules.duckdb"
    if table.exists():
        return table
    source = made("rules.csv", "--rows", str(ROWS), "--in-scope", "1")
    print(f"  making {table.name} …", flush=True)
    parts, partial = WORK / "rules-parts", table.with_name("partial-" + table.name)
    shutil.rmtree(parts, ignore_errors=True)
    partial.unlink(missing_ok=True)
    parts.mkdir()
    stays = []
    for number, part in enumerate(facts.tables(source, ON)[1]):
        part.write_parquet(parts / f"{number:04}.parquet", compression="lz4")
        stays.append(across.kept(part))
    others = across.among(pl.concat(stays)).select("row", *across.supplied(set(across.KEPT)))  # noqa: F841 -- in SQL
    with duckdb.connect(str(partial)) as connection:
        connection.execute(
            f"CREATE TABLE facts AS FROM read_parquet('{parts}/*.parquet', union_by_name = true)"
            " JOIN others USING (row) ORDER BY row"
        )
        _must_be_as_expected(connection)
    shutil.rmtree(parts)
    partial.rename(table)
    return table


def _must_be_as_expected(connection: duckdb.DuckDBPyConnection) -> None:
    names = {name for name, *_ in connection.execute("DESCRIBE facts").fetchall()}
    found = {name for name in names if name.endswith(UNREADABLE)}
    if found != UNREADABLE_THERE:
        raise SystemExit(
            f"The made-up file has cells that do not read in {sorted(found)}; bench/peers/rules_by_hand.py expects"
            f" {sorted(UNREADABLE_THERE)}"
        )
    # A frame without such a cell has no such column.
    for name in found:
        connection.execute(f'UPDATE facts SET "{name}" = FALSE WHERE "{name}" IS NULL')


def _printed(command: Sequence[str | Path]) -> list[list[str]]:
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return sorted(json.loads(done.stdout))


def _must_agree(ours: list[list[str]], theirs: list[list[str]]) -> None:
    """The same number of findings, on the same rows, for each rule and field; otherwise the peer does other work."""
    if ours != theirs:
        only = [line for line in ours if line not in theirs][:5], [line for line in theirs if line not in ours][:5]
        raise SystemExit(f"The findings differ. Only ours: {only[0]}. Only by hand: {only[1]}")


# --- One record


def _one() -> Line:
    """The 95th percentile over varied records: the front page with its dictionary checks, scope, and tumour edits."""
    registry = load([PACKAGED / "registry"])
    scope = registry.on(ON, sets={"registry.scope"}, layout=LAYOUT)
    in_scope = scope.for_record()
    pages = _pages()
    tumours = _tumours(pages)
    typed = [_typed(page) for page in pages]

    def check(page: Mapping[str, str], known: Mapping[str, object], tumour: Mapping[str, str | None]) -> None:
        record.check(page, LAYOUT, ON)
        in_scope(known)  # type: ignore[arg-type]
        for profile in checks.PROFILES:
            checks.check_one(tumour, profile, ON)

    seconds = sorted(_timed(check, pages, typed, tumours))
    p50, p95 = statistics.median(seconds), seconds[len(seconds) * 95 // 100]
    rules = Counter(front_page=len(registry.on(ON, sets={SET}, layout=LAYOUT).rules), scope=len(scope.rules))
    rules["tumours"] = len({rule.id for profile in checks.PROFILES for rule in checks.rules(profile, ON).rules})
    return Line(
        f"One record against all {rules.total()} rules, in process, 95th percentile of {len(seconds):,}",
        "the limit, 2 ms",
        p95,
        P95_LIMIT,
        1.0,
        0,
        note=f"median {p50 * 1000:.2f} ms; front page {rules['front_page']}, scope {rules['scope']},"
        f" tumour edits of both profiles {rules['tumours']}",
    )


def _timed(check: Callable[..., None], *columns: Sequence[object]) -> list[float]:
    rows = list(zip(*columns, strict=True))
    for row in rows[:1000]:
        check(*row)
    seconds = []
    for row in rows:
        started = time.perf_counter()
        check(*row)
        seconds.append(time.perf_counter() - started)
    return seconds


def _pages() -> list[dict[str, str]]:
    """Front pages as a form would hold them: the filled cells by field code."""
    file = made("rules.csv", "--rows", str(ROWS), "--in-scope", "1")
    data = pl.read_csv(file, infer_schema=False, n_rows=CHECKS)
    return [{code: text for code, text in page.items() if text} for page in data.iter_rows(named=True)]


def _typed(page: Mapping[str, str]) -> dict[str, object]:
    fields = hqms_fields.layout(LAYOUT).by_code
    cells = {fields[code].name: casting.cell(fields[code], text)[0] for code, text in page.items() if code in fields}
    return {"today": ON, "layout": LAYOUT} | {name: value for name, value in cells.items() if value is not None}


def _tumours(pages: Sequence[Mapping[str, str]]) -> list[dict[str, str | None]]:
    """A tumour for each page: its own age, sex, morphology and basis, and sites in turn (the page has none)."""
    return [
        {
            "age": page.get("P7"),
            "sex": page.get("P5"),
            "topography": site,
            "histology": page.get("P351", "M80000/3"),
            "behaviour": None,
            "grade": page.get("P688", "9"),
            "basis": page.get("P687"),
        }
        for page, site in zip(pages, cycle(icdo.topography()), strict=False)
    ]
