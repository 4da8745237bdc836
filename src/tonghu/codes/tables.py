"""The value lists of front-page fields (RC…), each with version, validity, source and a verification mark.

A table marked unverified was inferred, recalled or composed: it names values, and no value is held against it
(:attr:`tonghu.codes.hqms_fields.Field.table_checked` says where one is). RC038 (nationality) is not copied at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache

from tonghu.codes._data import read_csv, read_date_cell
from tonghu.codes.bad_code import BadCode


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a table. ``also``: another spelling of the same code (``0707`` of ``07.07``), or None."""

    code: str
    name_zh: str
    name_en: str
    also: str | None
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One value list. ``valid_to`` is exclusive; None on either side: as far as known, always."""

    id: str
    name_zh: str
    name_en: str
    version: str
    valid_from: date | None
    valid_to: date | None
    source: str
    verified: bool
    entries: tuple[Entry, ...]
    _by_code: dict[str, Entry] = field(repr=False, compare=False)

    def has(self, code: str) -> bool:
        """Whether `code`, in any of its spellings, is in the table."""
        return code in self._by_code

    def entry(self, code: str) -> Entry | None:
        """The entry of `code` in any of its spellings."""
        return self._by_code.get(code)

    @property
    def codes(self) -> frozenset[str]:
        """Every accepted code, all spellings."""
        return frozenset(self._by_code)


@cache
def _index() -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in read_csv("tables.csv")}


def table_ids() -> tuple[str, ...]:
    """The ids of all tables, RC038 (empty) included."""
    return tuple(_index())


@cache
def table(table_id: str) -> CodeTable:
    """The table `table_id`, such as ``RC001``. Raises BadCode when there is none of that id."""
    row = _index().get(table_id)
    if row is None:
        raise BadCode(
            f"没有代码表“{table_id}”，现有：{'、'.join(_index())}",
            f"There is no code table “{table_id}”; there are {', '.join(_index())}",
        )
    entries = tuple(
        Entry(
            code=value["code"],
            name_zh=value["name_zh"],
            name_en=value["name_en"],
            also=value["also"] or None,
            source=value["source"] or row["source"],
            verified=value["verified"] == "yes",
        )
        for value in read_csv(f"tables/{table_id}.csv")
    )
    by_code = {entry.code: entry for entry in entries}
    by_code |= {entry.also: entry for entry in entries if entry.also}
    return CodeTable(
        id=table_id,
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        version=row["version"],
        valid_from=read_date_cell(row["valid_from"]),
        valid_to=read_date_cell(row["valid_to"]),
        source=row["source"],
        verified=row["verified"] == "yes",
        entries=entries,
        _by_code=by_code,
    )
