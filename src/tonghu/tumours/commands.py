"""``tonghu tumours classify | check``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tonghu.errors import InputRefused

if TYPE_CHECKING:
    import polars as pl

VERSIONS = ("iarc2017", "who2008", "iccc3-2005")
PROFILES = ("iarc", "encr")


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Fill in the sub-commands. Imports nothing heavy: start-up counts."""
    words = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    word = words.add_parser("classify", help="ICD-O-3 → ICCC-3 分类 · ICCC-3 groups beside each tumour")
    word.add_argument("input", type=Path, metavar="IN.csv", help="topography, histology, behaviour; 其余列保留")
    word.add_argument("output", type=Path, metavar="OUT.csv")
    word.add_argument("--version", choices=VERSIONS, default=VERSIONS[0], help="ICCC-3 版本 (default: %(default)s)")
    word.set_defaults(run=classify)
    word = words.add_parser("check", help="肿瘤登记单条校验 · single-record edits of the registries")
    word.add_argument(
        "input", type=Path, metavar="IN.csv", help="age, sex, topography, histology, behaviour, grade, basis"
    )
    word.add_argument("output", type=Path, metavar="OUT.csv")
    word.add_argument("--profile", choices=PROFILES, default=PROFILES[0], help="校验表 (default: %(default)s)")
    word.set_defaults(run=check)


def classify(args: argparse.Namespace) -> int:
    """Classify a file and say in one line how many tumours have a group."""
    from tonghu.tumours.columns import KEYS, OUTPUT, outcomes_of
    from tonghu.tumours.files import open_table, refuse_same
    from tonghu.tumours.recode import NOT_CLASSIFIED

    refuse_same(args.input, args.output)
    table = open_table(args.input)
    refuse_taken(table.header, OUTPUT)
    rows, left = [], []

    def answer(part: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
        found, answers = outcomes_of(part, args.version)
        rows.append(found.len())
        left.append(int((answers["iccc3_subgroup"] == NOT_CLASSIFIED).gather(found).sum()))
        return found, answers

    table.append(args.output, OUTPUT, KEYS, answer)
    print(f"{sum(rows)} 行，已归类 {sum(rows) - sum(left)} 行，未归类 {sum(left)} 行：{args.output}")
    print(f"{sum(rows)} rows, {sum(rows) - sum(left)} classified, {sum(left)} not: {args.output}")
    return 0


def refuse_taken(header: Sequence[str], new: Sequence[str]) -> None:
    """Raises InputRefused when the input already has a column that would be written."""
    if taken := [name for name in new if name in header]:
        raise InputRefused(
            f"输入文件已有列 {'、'.join(taken)}，请先改名或删除",
            f"the input already has the columns {', '.join(taken)}; rename or remove them first",
        )


def check(args: argparse.Namespace) -> int:
    """Check a file and say in one line what was found."""
    from tonghu.tumours.checks import COLUMNS
    from tonghu.tumours.checks import check as check_rows
    from tonghu.tumours.files import open_table, refuse_same, write_table

    refuse_same(args.input, args.output)
    cells = open_table(args.input).read(COLUMNS)
    found = check_rows(cells, args.profile)
    write_table(args.output, found)
    levels = found["level"].value_counts()
    counts = dict(levels.iter_rows())
    error, warning, confirm = (counts.get(level, 0) for level in ("error", "warning", "confirm"))
    print(f"{cells.height} 行，错误 {error} 条，警告 {warning} 条，待核实 {confirm} 条：{args.output}")
    print(f"{cells.height} rows, {error} errors, {warning} warnings, {confirm} to confirm: {args.output}")
    return 0
