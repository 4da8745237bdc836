"""Fills a demo site up: made-up monitoring points over the whole country, and up to a million made-up report cards.

Nobody here exists, every institution and person is marked made up, and nothing is worked out by the rules of the
system: figures are drawn by chance, so that pages can be looked at and timed at their real size. The contents of the
cards are a few dozen front pages of ``tonghu.synth``, each sealed once and used again.

    python -m bench.registry.fill [--points 1750] [--cards 1000000]      # the site is TONGHU_HOME
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.measure import WORK

STATEMENTS: Final = Path(__file__).with_name("fill.sql")
#: Tables whose history nobody asks for here: a million rows of it.
WITH_HISTORY: Final = (
    "patients_child", "patients_hospitalview", "registry_card", "surveillance_point", "surveillance_zeroreport",
    "accounts_person", "accounts_post",
)  # fmt: skip
POINTS, CARDS = 1_750, 1_000_000
CHUNK: Final = 100_000
CHILDREN_A_CARD: Final = 3
MONTHS: Final = 36
SEED: Final = 20
#: Seed of the demo's people and hospitals.
COUNTRY: Final = 7
#: Front pages that the cards share.
PAGES: Final = 60
#: Rules that the made-up findings name, and their level; chosen by hand, never run here.
FINDINGS: Final = (
    ("HQ009", "error"), ("HQ021", "error"), ("HQ022", "error"), ("HQ023", "error"), ("HQ034", "error"),
    ("HQ041", "error"), ("HQ012", "warning"), ("HQ052", "warning"), ("HQ065", "warning"),
)  # fmt: skip


def fill(points: int, cards: int) -> None:
    """Fill the open site, unless it was filled already."""
    from django.db import connections

    from tonghu.codes.dates import today_in_china
    from tonghu.platform.scope.scope import open_scope, system_scope

    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM network_institution WHERE code LIKE 'FILL%')")
        if cursor.fetchone()[0]:
            return
        started = time.perf_counter()
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SELECT setseed(0.42)")
        for table in WITH_HISTORY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER history_insert")
        _places(cursor, points)
        _pages(cursor)
        said = {
            "children": max(1, cards // CHILDREN_A_CARD),
            "months": MONTHS,
            "today": today_in_china(),
            "pages": PAGES,
        }
        for step, statement in _steps("children"):
            _do(cursor, step, statement, said)
        for first in range(1, cards + 1, CHUNK):
            last = min(cards, first + CHUNK - 1)
            for step, statement in _steps("cards"):
                _do(cursor, f"{step} {first:,}–{last:,}", statement, {**said, "first": first, "last": last})
        for step, statement in _steps("after"):
            _do(cursor, step, statement, said)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in WITH_HISTORY:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER history_insert")
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    from tonghu.surveillance import board, figures
    from tonghu.surveillance.tasks import nation

    with open_scope(nation(system_scope("summary"))), connections["default"].cursor() as cursor:
        cursor.execute("SELECT surveillance.fold_arrivals()")
        board.sum_up(today_in_china())
        figures.count(today_in_china())
    print(f"  {cards:,} made-up cards of {points:,} points in {time.perf_counter() - started:.0f} s", flush=True)


def _steps(part: str) -> Iterator[tuple[str, str]]:
    """The statements of a part of ``fill.sql``, each with its name."""
    for piece in STATEMENTS.read_text(encoding="utf-8").split("-- @")[1:]:
        head, _, statement = piece.partition("\n")
        if head.startswith(f"{part} "):
            yield head.removeprefix(f"{part} "), statement.rstrip().rstrip(";")


def _do(cursor: Any, step: str, statement: str, said: dict[str, Any]) -> None:
    begun = time.perf_counter()
    cursor.execute(statement, said)
    print(f"  {step}: {cursor.rowcount:,} rows, {time.perf_counter() - begun:.1f} s", flush=True)


def _places(cursor: Any, points: int) -> None:
    """Hospitals in counties over the whole country, those of the demo first; each a point with its three people."""
    from psycopg.types.range import Range

    from tonghu.codes.dates import today_in_china
    from tonghu.codes.pinyin import sort_key
    from tonghu.network.models import Institution, Region
    from tonghu.synth.chance import Chance
    from tonghu.synth.country import invent_hospital
    from tonghu.synth.people import invent_name

    chance = Chance(SEED, "points")
    held = Institution.objects.using("owner").filter(kind="hospital").count()
    counties = list(
        Region.objects.using("owner").filter(level=3, valid__contains=today_in_china()).values_list("code", "name")
    )
    fresh = []
    for number in range(held, points):
        code, name = chance.one(counties)
        invented = invent_hospital(SEED, number)
        called = f"{name}虚构{invented.name[-8:]}{number}"
        fresh.append(
            Institution(
                code=f"FILL{number:06d}", name=called, name_pinyin=sort_key(called)[:400], kind="hospital",
                region_code=code, type="A519" if invented.for_children else "A100", valid=Range(None, None),
                level=3 if invented.level == "三级" else 2, made_up=True,
            )
        )  # fmt: skip
    Institution.objects.using("owner").bulk_create(fresh)
    cursor.execute("CREATE TEMP TABLE filled_name (n int, name text, sort text)")
    names = sorted({invent_name(chance, "12"[n % 2]) for n in range(3000)})
    with cursor.copy("COPY filled_name FROM STDIN") as copy:
        for number, name in enumerate(names):
            copy.write_row((number, name, sort_key(name)))
    cursor.execute("CREATE TEMP TABLE filled_disease (n int, upto float, code text, scope text, iccc text, male float)")
    _diseases(cursor)
    for step, statement in _steps("places"):
        _do(cursor, step, statement, {})


def _diseases(cursor: Any) -> None:
    """The diseases of the made-up country by how many of its stays they make up."""
    from tonghu.codes.iccc import groups
    from tonghu.synth.catalogue import diseases

    first = {group.parent: group.code for group in reversed(groups("subgroup"))}
    main = {group.label: group.code for group in groups("main")}
    weights = [sum(one.incidence) * one.stays for one in diseases()]
    upto = 0.0
    with cursor.copy("COPY filled_disease FROM STDIN") as copy:
        for number, (one, weight) in enumerate(zip(diseases(), weights, strict=True)):
            upto += weight / sum(weights)
            iccc = first[main[one.iccc]] if one.iccc else "999"
            copy.write_row((number, min(upto, 1.0), one.code, one.group, iccc, one.male))


def _pages(cursor: Any) -> None:
    """Sealed front pages of the made-up country, to be shared by the cards."""
    from tonghu.registry.content import Content, key, seal
    from tonghu.synth.making import Order, make_file

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pages.csv"
        make_file(Order(out=out, rows=PAGES, children=1.0, in_scope=1.0, mistakes=0.4, seed=SEED))
        with out.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    cursor.execute("CREATE TEMP TABLE filled_page (n int, content bytea, content_key bytea)")
    with cursor.copy("COPY filled_page FROM STDIN") as copy:
        for number, row in enumerate(rows):
            content = Content("2012", {name: text for name, text in row.items() if name and text})
            copy.write_row((number, seal(content), key(content)))
    cursor.execute("CREATE TEMP TABLE filled_rule (n int, rule text, level text)")
    with cursor.copy("COPY filled_rule FROM STDIN") as copy:
        for number, (rule, level) in enumerate(FINDINGS):
            copy.write_row((number, rule, level))


def site(home: Path, points: int, cards: int) -> Any:
    """Open the site of a folder, with the demo's people, and fill it up; the caller closes it."""
    from tonghu.config.site import Site

    opened = Site(home)
    opened.open()
    opened.migrate()
    opened.collect()
    from tonghu.config import made_up

    made_up.fill(COUNTRY, made_up.password_of(home))
    fill(points, cards)
    return opened


def main() -> None:
    """Fill the site of ``TONGHU_HOME``; left running, so that ``./run demo`` finds it."""
    import os

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--cards", type=int, default=CARDS)
    asked = parser.parse_args()
    home = Path(os.environ.get("TONGHU_HOME") or WORK / "registry")
    site(home.resolve(), asked.points, asked.cards).close()


if __name__ == "__main__":
    main()
