"""The truth beside a made-up file: what is in scope and why, and which defects were put in on purpose.

``in_scope``: data row (1-based) → [group, code as written, slot, completed years]. ``planted``: [row, rule id, one of
the columns that the rule speaks of] for defects that are certain (row 0: the file itself). ``touched``: [row, rule id]
of rules that a planted defect may set off besides, there or in another stay of the same child. ``undetermined``: rows
with a code in scope whose age nobody can know. ``under_20``: rows of known age.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

NOTE = "虚构数据，人员、医院、地址均为编造 / made up: no person, hospital or address in it exists"


@dataclass(slots=True)
class Counts:
    """What a file holds, for the one line that is printed."""

    rows: int = 0
    under_20: int = 0
    in_scope: int = 0
    undetermined: int = 0
    planted: int = 0


@dataclass
class Truth:
    """Collects the truth of a file and writes it as it comes: only defects are kept until the end."""

    path: Path | None
    about: dict[str, object]
    counts: Counts = field(default_factory=Counts)
    _planted: list[str] = field(default_factory=list)
    _touched: list[str] = field(default_factory=list)
    _undetermined: list[int] = field(default_factory=list)
    _file: IO[str] | None = None

    def __enter__(self) -> Truth:
        if self.path is not None:
            self._file = self.path.open("w", encoding="utf-8", newline="\n")
            head = json.dumps({"made_up": True, "note": NOTE, **self.about}, ensure_ascii=False)
            self._file.write(head[:-1] + ',\n"in_scope": {')
        return self

    def in_scope(self, row: int, group: str, code: str, slot: int, age: int) -> None:
        """Row `row` is in scope."""
        if self._file is not None:
            entry = json.dumps([group, code, slot, age], ensure_ascii=False)
            self._file.write(f'{"," if self.counts.in_scope else ""}\n"{row}": {entry}')
        self.counts.in_scope += 1

    def undetermined(self, row: int) -> None:
        """Row `row` has a code in scope, and nothing tells the age."""
        self._undetermined.append(row)
        self.counts.undetermined += 1

    def planted(self, row: int, rule: str, column: str) -> None:
        """Row `row` breaks `rule` in `column` for certain."""
        self._planted.append(json.dumps([row, rule, column], ensure_ascii=False))
        self.counts.planted += 1

    def touched(self, row: int, rule: str) -> None:
        """Row `row` may break `rule` as a consequence of what was planted there."""
        self._touched.append(json.dumps([row, rule]))

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if self._file is None or self.path is None:
            return
        if failed:  # no truth without its file
            self._file.close()
            self.path.unlink()
            return
        self._file.write(
            f'}},\n"undetermined": {json.dumps(self._undetermined)},\n"under_20": {self.counts.under_20},\n'
            f'"planted": [{", ".join(self._planted)}],\n"touched": [{", ".join(self._touched)}]}}\n'
        )
        self._file.close()
