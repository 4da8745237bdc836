"""The edits that registries run on single records: the rules of ``rulebook/rules/tumours`` over tumours as written.

A *profile* is a choice of rule sets: ``iarc`` (IARC's list, the stricter and historical standard for childhood) or
``encr``; both with the edits that they share. The rules decide; here cells are brought into the shape that they read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

import duckdb
import polars as pl

from tonghu.codes.dates import today_in_china
from tonghu.codes.numbers import read_int
from tonghu.codes.text import clean, halfwidth
from tonghu.errors import InputRefused
from tonghu.rulebook.expressions import Value
from tonghu.rulebook.lean_executor import finding_judge
from tonghu.rulebook.python_executor import Judge, Record
from tonghu.rulebook.rulebook import packaged
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import UNREADABLE
from tonghu.tumours._each_once import each_once
from tonghu.tumours.classify import Histology, read_histology, read_site
from tonghu.tumours.recode import recode

PROFILES: Mapping[str, tuple[str, ...]] = {
    "iarc": ("tumours.both", "tumours.iarc"),
    "encr": ("tumours.both", "tumours.encr"),
}
DEFAULT_PROFILE = "iarc"
#: The columns of a file to be checked.
COLUMNS = ("age", "sex", "topography", "histology", "behaviour", "grade", "basis")
#: So many different tumours are judged sooner one by one (0.1 ms each) than DuckDB walks lists of hundreds of codes.
FEW = 500_000
OUTPUT = ("row", "check", "level", "message_zh", "message_en")


def rules(profile: str = DEFAULT_PROFILE, on: date | None = None) -> RuleSet:
    """The edits of a profile that hold on a day (default: today in China). Raises InputRefused for other profiles."""
    if profile not in PROFILES:
        raise InputRefused(
            f"没有校验表“{profile}”，可用：{'、'.join(PROFILES)}",
            f"there is no profile “{profile}”: {', '.join(PROFILES)}",
        )
    return packaged("tumours").on(on or today_in_china(), sets=PROFILES[profile])


class Finding(NamedTuple):
    """What an edit found on one tumour."""

    check: str
    level: str
    message_zh: str
    message_en: str


def check_one(cells: Mapping[str, str | None], profile: str = DEFAULT_PROFILE, on: date | None = None) -> list[Finding]:
    """The findings on one tumour written in the cells of :data:`COLUMNS`, in the order of the rules."""
    tumour = facts_of(cells)
    answers = _judge(profile, on or today_in_china())(tumour)
    return [finding(answer.rule, tumour) for answer in answers]


def finding(rule: Rule, tumour: Record) -> Finding:
    """What a rule says of a tumour on which it finds."""
    words = rule.message.filled(tumour)
    return Finding(rule.reports, str(rule.level), words.zh, words.en)


@cache
def _judge(profile: str, on: date) -> Judge:
    return finding_judge(rules(profile, on))


def facts_of(cells: Mapping[str, str | None]) -> dict[str, Value]:
    """The facts of one tumour from its cells.

    A code that can be read is put into its plain form (C649; an M-code as its ICD-O-3 number, its behaviour where
    the column has none); one that cannot stays as written, so that the edits on valid codes find it.
    """
    tumour: dict[str, Value] = {}
    for names, (columns, read) in _READERS.items():
        tumour.update(zip(names, read(*(cells.get(name) for name in columns)), strict=True))
    return tumour


def _age(text: str | None) -> tuple[int | None, bool]:
    reading = read_int(text)
    return reading.value, reading.value is None and reading.note is not None


def _site(text: str | None) -> tuple[str | None]:
    written = clean(text)
    known = read_site(written, recode())
    return (known if isinstance(known, str) else written,)


def _digit(text: str | None) -> tuple[str | None]:
    written = clean(text)
    return (halfwidth(written) if written else None,)


def _morphology(histology: str | None, behaviour: str | None) -> tuple[str | None, str | None, str | None]:
    number, (digit,) = clean(histology), _digit(behaviour)
    read = read_histology(number)
    if isinstance(read, Histology):
        number, digit = f"{read.number:04d}", digit or read.behaviour
    return number, digit, number + digit if number and digit else None


Read = Callable[..., tuple[Value, ...]]
#: Facts, the columns that they come from, and how they are read.
_READERS: Mapping[tuple[str, ...], tuple[tuple[str, ...], Read]] = {
    ("age", f"age{UNREADABLE}"): (("age",), _age),
    ("sex",): (("sex",), _digit),
    ("topography",): (("topography",), _site),
    ("histology", "behaviour", "morphology"): (("histology", "behaviour"), _morphology),
    ("grade",): (("grade",), _digit),
    ("basis",): (("basis",), _digit),
}
_FACTS: Mapping[str, pl.DataType] = {
    **dict.fromkeys((*COLUMNS, "morphology"), pl.String()),
    "age": pl.Int64(),
    f"age{UNREADABLE}": pl.Boolean(),
}


def check(cells: pl.DataFrame, profile: str = DEFAULT_PROFILE, on: date | None = None, few: int = FEW) -> pl.DataFrame:
    """The findings on a frame with :data:`COLUMNS` as text, as a frame of :data:`OUTPUT`.

    ``row`` counts data rows from 1. Ordered by row, and within a row as the rules stand. Up to `few` different tumours
    are judged one by one, more of them by DuckDB; both answer alike.
    """
    tumours = pl.concat(
        [
            each_once(cells.select(columns), read, {name: _FACTS[name] for name in names})
            for names, (columns, read) in _READERS.items()
        ],
        how="horizontal",
    ).with_row_index("row", offset=1)
    chosen = rules(profile, on)
    different = tumours.select(pl.struct(*_FACTS).n_unique()).item()
    found = (_one_by_one if different <= few else _in_duckdb)(tumours, chosen)
    said = [_said(rule, tumours, found.filter(pl.col("rule") == at)) for at, rule in enumerate(chosen.rules)]
    return pl.concat(said).sort("row", "rule").select(OUTPUT)


def _one_by_one(tumours: pl.DataFrame, chosen: RuleSet) -> pl.DataFrame:
    """Row and rule of each finding, every different tumour judged once."""
    place = {rule.id: at for at, rule in enumerate(chosen.rules)}
    judge = finding_judge(chosen)

    def found(*values: Value) -> tuple[list[int]]:
        answers = judge(dict(zip(_FACTS, values, strict=True)))
        return ([place[answer.rule.id] for answer in answers],)

    by_row = each_once(tumours.select(*_FACTS), found, {"rule": pl.List(pl.Int32())})
    return tumours.select("row").hstack(by_row).explode("rule").drop_nulls()


def _in_duckdb(tumours: pl.DataFrame, chosen: RuleSet) -> pl.DataFrame:
    """Row and rule of each finding. One statement for each rule: planning costs more than the lists are long."""
    with duckdb.connect() as connection:
        connection.register("tumours", tumours.to_arrow())
        parts = []
        for at, rule in enumerate(chosen.rules):
            plan = RuleSet(chosen.schema, (rule,), chosen.layout).for_table(_FACTS)
            rows = plan.run(connection, "tumours").pl()["row"].cast(pl.get_index_type())
            parts.append(pl.DataFrame({"row": rows}).with_columns(pl.lit(at, pl.Int32).alias("rule")))
    return pl.concat(parts)


def _said(rule: Rule, tumours: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The findings of one rule with their words; each different message is made once."""
    names = sorted(rule.message.placeholders)
    values = tumours.select("row", *names).join(found, on="row", how="semi", maintain_order="left")
    words = each_once(
        values.select(names or "row"),
        lambda *cells: finding(rule, dict(zip(names, cells, strict=False))),
        dict.fromkeys(Finding._fields, pl.String()),
    )
    return pl.concat([values.select("row"), words], how="horizontal").join(found, on="row", how="left")
