"""Names of morphology codes from the files of hospitals and from lists that a user loads.

None is shipped in Chinese: the wording of the Chinese ICD-O is WHO's. A hospital's front pages carry a name beside
every pathology code, and a department has its list; both become a :class:`NameList`. The English preferred terms are
those of :func:`tonghu.codes.icdo.morphology`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tonghu.codes import icdo
from tonghu.codes.bad_code import BadCode
from tonghu.codes.text import clean
from tonghu.errors import InputRefused
from tonghu.tumours.files import open_table


@dataclass(frozen=True)
class NameList:
    """Names by code as written on front pages (``M89600/3`` → ``M8960/3``), and where they come from.

    ``refused``: (row, code, name) that were left out because the code is no morphology or the name is missing.
    """

    source: str
    names: Mapping[str, str]
    refused: tuple[tuple[int, str | None, str | None], ...] = ()

    def name(self, code: str) -> str | None:
        """The name of a code in any of its writings; None when the list does not have it. Never raises."""
        key = _key(code)
        return self.names.get(key) if key else None


def load_names(path: Path) -> NameList:
    """Read a list with the columns ``code`` and ``name`` (CSV or tab-separated, UTF-8 or GB18030).

    Raises InputRefused when the file is no such table, or when it gives one code two names.
    """
    rows = open_table(path).read(("code", "name")).rows()
    collected = collect_names(rows, source=str(path))
    for row, code, name in _pairs(rows):
        if collected.names[code] != name:
            raise InputRefused(
                f"{path} 数据第 {row} 行：编码 {code} 有两个名称（{collected.names[code]}、{name}）",
                f"{path}, data row {row}: the code {code} has two names ({collected.names[code]}, {name})",
            )
    return collected


def collect_names(pairs: Iterable[tuple[str | None, str | None]], source: str) -> NameList:
    """The name that stands beside each code most often (the first of equals), from pairs seen in a hospital's file."""
    pairs = list(pairs)
    seen: dict[str, Counter[str]] = {}
    taken = set()
    for row, code, name in _pairs(pairs):
        seen.setdefault(code, Counter())[name] += 1
        taken.add(row)
    refused = tuple((row, *pair) for row, pair in enumerate(pairs, 1) if row not in taken)
    return NameList(source, {code: names.most_common(1)[0][0] for code, names in seen.items()}, refused)


def _pairs(rows: Iterable[tuple[str | None, str | None]]) -> Iterable[tuple[int, str, str]]:
    """(row, key, name) of the rows that have both."""
    for row, (code, name) in enumerate(rows, 1):
        key, text = _key(code or ""), clean(name)
        if key and text:
            yield row, key, text


def _key(code: str) -> str | None:
    """One key for all writings of a code; M-codes and ICD-O-3 numbers stay apart, for they may mean two things."""
    try:
        morphology = icdo.Morphology.parse(clean(code) or "")
    except BadCode:
        return None
    return f"{'M' if morphology.from_m_code else ''}{morphology.histology}/{morphology.behaviour}"
