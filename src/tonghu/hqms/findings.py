"""Findings: kept small while a file is read, put into words when they are written.

A million findings share a few hundred texts, so a finding holds the number of its text; each distinct one is kept once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TypeVar

import polars as pl

from tonghu.hqms.layout import Columns
from tonghu.hqms.wording import Said

Key = TypeVar("Key")
Kept = TypeVar("Kept")

BOM = "\ufeff"
COLUMNS = ("row", "column", "rule", "level", "value", "message_zh", "message_en")
NO_COLUMN = -1

# row: data row, 1-based, 0 for the file; column: position in the file; entry, said: numbers in the register below.
SCHEMA = {"row": pl.UInt32, "column": pl.Int32, "entry": pl.UInt32, "said": pl.UInt32, "value": pl.String}
_CHUNK = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule as results show it. `id` is what findings report; `level` is `error`, `warning` or `confirm`."""

    id: str
    level: str
    title_zh: str
    title_en: str
    mend_zh: str = ""
    mend_en: str = ""
    clauses: tuple[str, ...] = ()
    verified: bool = True


@dataclass
class Register:
    """The rules and texts that findings refer to by number. Threads may ask for numbers at the same time."""

    entries: list[Entry] = field(default_factory=list)
    texts: list[Said] = field(default_factory=list)
    _entries: dict[tuple[str, str], int] = field(default_factory=dict)
    _texts: dict[Said, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def entry(self, entry: Entry) -> int:
        """The number of a rule; rules that report the same id at the same level are one."""
        with self._lock:
            return _number(self._entries, (entry.id, entry.level), self.entries, entry)

    def said(self, said: Said) -> int:
        """The number of a text."""
        with self._lock:
            return _number(self._texts, said, self.texts, said)


def _number(known: dict[Key, int], key: Key, kept: list[Kept], value: Kept) -> int:
    number = known.setdefault(key, len(kept))
    if number == len(kept):
        kept.append(value)
    return number


def frame(rows: Sequence[tuple[int, int, int, int, str | None]]) -> pl.DataFrame:
    """A frame of findings from (row, column, entry, said, value)."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def ordered(parts: Sequence[pl.DataFrame], register: Register) -> pl.DataFrame:
    """All findings by row, column order and rule id."""
    if not parts:
        return frame([])
    ranks = pl.Series([e.id for e in register.entries], dtype=pl.String).rank("dense")
    rank = pl.col("entry").replace_strict(range(len(ranks)), ranks, return_dtype=pl.UInt32) if len(ranks) else pl.lit(0)
    return pl.concat(parts).sort("row", "column", rank, maintain_order=True)


def write(path: Path, findings: pl.DataFrame, columns: Columns, register: Register) -> None:
    """Write `findings.csv`; its `column` is the file's own header."""
    with path.open("wb") as out:
        out.write((BOM + ",".join(COLUMNS) + "\n").encode())
        for part in spoken(findings, columns, register):
            out.write(part.write_csv(include_header=False).encode())


def spoken(findings: pl.DataFrame, columns: Columns, register: Register) -> Iterator[pl.DataFrame]:
    """The findings in words, in parts of bounded size, with the columns of `findings.csv`.

    A message begins with the name of the field: a code like P231 tells a clerk nothing.
    """
    ids = pl.Series([e.id for e in register.entries], dtype=pl.String)
    levels = pl.Series([e.level for e in register.entries], dtype=pl.String)
    zh = pl.Series([s.zh for s in register.texts], dtype=pl.String)
    en = pl.Series([s.en for s in register.texts], dtype=pl.String)
    headers = pl.Series(["", *columns.header], dtype=pl.String)
    fields = [columns.fields.get(at) for at in range(len(columns.header))]
    fields_zh = pl.Series(["", *(f"{f.name_zh}：" if f else "" for f in fields)], dtype=pl.String)
    fields_en = pl.Series(["", *(f"{f.name_en}: " if f else "" for f in fields)], dtype=pl.String)
    for part in findings.iter_slices(_CHUNK):
        at = part["column"] + 1
        yield pl.DataFrame(
            [
                part["row"],
                headers.gather(at).alias("column"),
                ids.gather(part["entry"]).alias("rule"),
                levels.gather(part["entry"]).alias("level"),
                part["value"],
                (fields_zh.gather(at) + zh.gather(part["said"])).alias("message_zh"),
                (fields_en.gather(at) + en.gather(part["said"])).alias("message_en"),
            ]
        )
