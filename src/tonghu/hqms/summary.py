"""summary.json: what the file was, what was counted, and everything that the answer rests on.

Its shape is published beside this module (`summary.schema.json`), and a test holds every kind of result against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from tonghu.hqms.findings import Register
from tonghu.hqms.labels import field_label
from tonghu.hqms.layout import Columns

LEVELS = ("error", "warning", "confirm")
SCHEMA_FILE = Path(__file__).parent / "summary.schema.json"


@dataclass(frozen=True)
class Summary:
    """One run, counted. Field names are those of summary.json and are explained in its schema."""

    tool: str
    version: str
    made_on: str
    file: str
    size: int
    sha256: str
    layout: str
    format: str
    zipped: bool
    encoding: str | None
    delimiter: str | None
    taken_for: Mapping[str, str]
    notes: Sequence[Mapping[str, str | bool]]
    on: str
    region: str | None
    archive_month: str | None
    archive_month_assumed: bool
    all_rows: bool
    layers: Sequence[str]
    rows: int
    under_20: int
    in_scope: int
    by_group: Mapping[str, int]
    undetermined: int
    ragged_rows: Sequence[int]
    findings: int
    findings_by_level: Mapping[str, int]
    findings_by_rule: Sequence[Mapping[str, object]]
    problem_cards: int
    unknown_columns: Sequence[str]
    missing_columns: Sequence[str]
    ignored_columns: Sequence[str]
    rule_sets: Sequence[Mapping[str, object]]
    inert_rules: Sequence[str]
    outputs: Sequence[str]
    seconds: float

    @property
    def scoped(self) -> bool:
        """Whether a scope was in force on the day: without one no row was screened."""
        return any(one["set"] == "registry.scope" and one["rules"] for one in self.rule_sets)

    def said(self, *, attention: bool) -> list[str]:
        """The notes in Chinese: those that ask for attention before anything else, or the others."""
        return [str(note["zh"]) for note in self.notes if note["attention"] == attention]

    def write(self, path: Path) -> None:
        """Write it as JSON, readable to people."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


Notes = Iterable[tuple[str, str]]
"""Remarks for the user, each (Chinese, English)."""


def notes(attention: Notes, others: Notes) -> list[dict[str, str | bool]]:
    """The notes of a summary, those first that the user should read before anything else."""
    return [
        {"zh": zh, "en": en, "attention": first}
        for first, remarks in ((True, attention), (False, others))
        for zh, en in remarks
    ]


def not_last_month(assumed: str | None, on: date) -> Notes:
    """A remark where the month that a file was taken to be of (``YYYY-MM``, assumed) is not the one before `on`.

    What is reported this month is what was archived last month: an older file is more often the wrong one than meant.
    """
    last = (on.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    if assumed is None or assumed == last:
        return []
    return [
        (
            f"病例多在 {assumed} 出院，不是上月（{last}）：请核对导出的月份；"
            f"确是要查的月份，可用 --archive-month {assumed} 声明",
            f"Most cases were discharged in {assumed}, not last month ({last}): check which month was exported, or "
            f"declare it with --archive-month {assumed}",
        )
    ]


def by_rule(findings: pl.DataFrame, register: Register, columns: Columns) -> list[dict[str, object]]:
    """Findings per rule, by level (errors first), then the most frequent first; in each the columns likewise."""
    on_columns: dict[int, list[dict[str, object]]] = {}
    found = findings.filter(pl.col("column") >= 0).group_by("entry", "column").agg(pl.len().alias("count"))
    for number, at, count in found.sort("count", "column", descending=[True, False]).iter_rows():
        one = {"column": columns.header[at], "label": field_label(columns, at), "findings": count}
        on_columns.setdefault(number, []).append(one)
    counts = findings.group_by("entry").agg(pl.len().alias("count"), pl.col("row").n_unique().alias("rows"))
    lines: list[dict[str, object]] = []
    order = []
    for number, count, rows in counts.iter_rows():
        entry = register.entries[number]
        order.append((LEVELS.index(entry.level), -count, entry.id))
        lines.append(
            {
                "rule": entry.id,
                "level": entry.level,
                "title_zh": entry.title_zh,
                "title_en": entry.title_en,
                "mend_zh": entry.mend_zh,
                "mend_en": entry.mend_en,
                "clauses": list(entry.clauses),
                "verified": entry.verified,
                "findings": count,
                "rows": rows,
                "columns": on_columns.get(number, []),
            }
        )
    return [line for _, line in sorted(zip(order, lines, strict=True), key=lambda pair: pair[0])]


def by_level(findings: pl.DataFrame, register: Register) -> dict[str, int]:
    """Findings per level; error and warning are always there."""
    found = {"error": 0, "warning": 0}
    for number, count in findings.group_by("entry").len().sort("entry").iter_rows():
        level = register.entries[number].level
        found[level] = found.get(level, 0) + count
    return found


def problem_cards(findings: pl.DataFrame, register: Register) -> int:
    """How many rows have at least one error."""
    errors = [number for number, entry in enumerate(register.entries) if entry.level == "error"]
    return int(findings.filter(pl.col("entry").is_in(errors) & (pl.col("row") > 0))["row"].n_unique())
