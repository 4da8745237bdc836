"""Which rows are worth fetching whole: a cheap question that is never narrower than the scope rules themselves.

The rules of the set `registry.scope` decide (:mod:`tonghu.hqms.screen`); this reads from their conditions what any
row in scope must satisfy — one of these codes in a diagnosis slot, an age below that — so that nearly all of a file
is passed over on a few columns. A condition that it does not recognise makes it keep more, never less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from string import ascii_uppercase

import numpy as np
import numpy.typing as npt
import polars as pl

from tonghu.codes.code_list import CodeList
from tonghu.codes.icd10 import normalise
from tonghu.codes.text import BLANKS, GUARDS
from tonghu.hqms import ages, casting, plain_dates
from tonghu.hqms.layout import ADMISSION, BIRTH, DIAGNOSIS, Columns
from tonghu.rulebook.expressions import Call, Literal, Name, Node
from tonghu.rulebook.rules import Rule

Years = npt.NDArray[np.int64]

_UNKNOWN = -1
_AGE = "age_at_admission"
_FEW = 500
# How the key of a code begins, as cells write it.
_CODE = f"^[{re.escape(BLANKS + GUARDS)}]*[A-Za-zＡ-Ｚａ-ｚ][{re.escape(BLANKS + GUARDS)}]*[0-9０-９]{{2}}"


@dataclass(frozen=True)
class Bounds:
    """What every row in scope satisfies. `codes`: a code in one of these lists (None: nothing known about codes);
    `age_below`: an age below this many completed years, if it is known (None: no bound)."""

    codes: tuple[CodeList, ...] | None
    age_below: int | None

    def free(self) -> dict[str, list[int]]:
        """The categories that are in none of the lists: two-digit numbers by letter."""
        if self.codes is None:
            return {}
        bounds = [bound for codes in self.codes for bound in codes.bounds()]
        return {
            letter: [n for n in range(100) if not any(_overlap(f"{letter}{n:02}", low, high) for low, high in bounds)]
            for letter in ascii_uppercase
        }

    def elsewhere(self) -> str:
        """A pattern of plainly written codes whose category is in none of the lists: letter, two digits, no spaces."""
        patterns = []
        for letter, free in self.free().items():
            if free:
                digits = "[0-9]{2}" if len(free) == 100 else f"(?:{'|'.join(f'{n:02}' for n in free)})"
                patterns.append(letter + digits)
        return f"^(?:{'|'.join(patterns)})" if patterns else "^$"

    def matches(self, code: str) -> bool:
        """Whether a code as written may be in scope."""
        return self.codes is None or any(codes.matches(normalise(code)) for codes in self.codes)


def bounds(rules: Iterable[Rule]) -> Bounds:
    """What the conditions of the scope rules have in common."""
    lists: list[CodeList] = []
    known = True
    ages_below: list[int | None] = []
    for rule in rules:
        conjuncts = list(_conjuncts(rule.finds))
        listed = [text for node in conjuncts if (text := _listed(node)) is not None]
        known = known and bool(listed)
        lists += [CodeList.parse(text) for text in listed[:1]]
        ages_below.append(min((n for node in conjuncts if (n := _below(node)) is not None), default=None))
    highest = None if None in ages_below else max((n for n in ages_below if n is not None), default=None)
    return Bounds(tuple(lists) if known else None, highest)


def _overlap(category: str, low: str, high: str) -> bool:
    """Whether any code of a category lies in the half-open interval of keys."""
    return category < high and low < category[:-1] + chr(ord(category[-1]) + 1)


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.op == "and":
        for arg in node.args:
            yield from _conjuncts(arg)
    else:
        yield node


def _listed(node: Node) -> str | None:
    """The list of ``in_list(code, '…')``, which the engine writes as ``in_list(code_key(code), '…')``."""
    if isinstance(node, Call) and node.op == "in_list":
        code, codes = node.args
        if isinstance(code, Call) and code.op == "code_key":
            (code,) = code.args
        if isinstance(code, Name) and code.member and isinstance(codes, Literal) and isinstance(codes.value, str):
            return codes.value
    return None


def _below(node: Node) -> int | None:
    """The bound of ``age_at_admission < n``."""
    if isinstance(node, Call) and node.op == "<":
        age, bound = node.args
        if isinstance(age, Name) and age.name == _AGE and isinstance(bound, Literal) and isinstance(bound.value, int):
            return bound.value
    return None


@dataclass
class Prefilter:
    """Asked block by block which rows to fetch; counts on the way.

    `young` counts the rows that are under the age by the columns read here (all of known age, where none is a bound);
    `asked` counts these and those of unknown age, and `uncoded` the asked whose main diagnosis is nothing or no code.
    Rows whose age these columns do not tell are fetched if they have a code in scope, or if the file states infants'
    ages in a column that is not read here. `dates_given` and `dates_read` count cells of the two date columns;
    `codes_misplaced`: the first rows have text in the column of the main diagnosis, and none of it is a code.
    """

    columns: Columns
    bounds: Bounds
    young: int = 0
    asked: int = 0
    uncoded: int = 0
    dates_given: int = 0
    dates_read: int = 0
    codes_misplaced: bool | None = None
    _sign: str = "-"
    _matching: dict[str, bool] = field(default_factory=dict)

    @property
    def positions(self) -> list[int]:
        """The columns to read: dates, stated years and diagnosis codes; an infant's stated age waits for the hits."""
        names = (BIRTH, ADMISSION, ages.YEARS, *(name for _, name in self.columns.diagnosis_slots))
        return [self.columns.position[name] for name in names if name in self.columns.position]

    def keep(self, data: pl.DataFrame) -> pl.Series:
        """Which rows of a block to fetch."""
        if self.codes_misplaced is None:
            self.codes_misplaced = self._no_codes(data.head(_FEW))
        years = self._years(data)
        below = self.bounds.age_below
        unknown = years == _UNKNOWN
        young = ~unknown if below is None else ~unknown & (years < below)
        self.young += int(young.sum())
        asked = np.flatnonzero(young | unknown)
        self.asked += len(asked)
        if main := self._named(DIAGNOSIS):
            self.uncoded += len(asked) - int(data[main].gather(asked).str.contains(_CODE).sum())
        fetched = self._suspects(data.select(self._slots)[asked])
        if any(name in self.columns.position for name in ages.INFANT):
            fetched |= unknown[asked]
        kept = np.zeros(len(data), np.bool_)
        kept[asked[fetched]] = True
        return pl.Series(kept)

    def _no_codes(self, data: pl.DataFrame) -> bool:
        main = self._named(DIAGNOSIS)
        texts = data[main].drop_nulls() if main else pl.Series(dtype=pl.String)
        return len(texts) > 0 and not texts.str.contains(_CODE).any()

    def _years(self, data: pl.DataFrame) -> Years:
        """Completed years as far as the dates and the stated years tell, else _UNKNOWN.

        Dates in the one plain shape that the file writes are read in one go; all other rows are read with care.
        """
        birth, admission = self._named(BIRTH), self._named(ADMISSION)
        if birth is None or admission is None:
            return self._carefully(data)
        years = plain_dates.completed_years(
            plain_dates.days(data[birth], self._sign), plain_dates.days(data[admission], self._sign)
        )
        left = np.flatnonzero(years < 0)
        self.dates_given += 2 * (len(data) - len(left))
        self.dates_read += 2 * (len(data) - len(left))
        if 2 * len(left) > len(data):
            self._sign = self._usual_sign(data[birth])
        if len(left):
            years[left] = self._carefully(data[left])
        return years

    def _usual_sign(self, texts: pl.Series) -> str:
        """How most of some dates are written."""
        return max(casting.day_shapes(), key=lambda sign: np.count_nonzero(plain_dates.days(texts, sign)))

    def _carefully(self, data: pl.DataFrame) -> Years:
        """Completed years of rows that are not written in the file's plain shape."""
        told_by = {name: column for name in (BIRTH, ADMISSION, ages.YEARS) if (column := self._named(name))}
        if len(data) <= _FEW:
            return self._row_by_row(data, told_by)
        fields = self.columns.layout.by_name
        # The time of day does not count for an age, so admissions are read as dates too.
        known = {name: casting.dates(data[column]) for name, column in told_by.items() if name != ages.YEARS}
        for name, read in known.items():
            self.dates_given += len(data) - data[told_by[name]].null_count()
            self.dates_read += len(data) - read.null_count()
        if column := told_by.get(ages.YEARS):
            known[ages.YEARS] = casting.columns(data.select(column), {column: fields[ages.YEARS]}).facts[ages.YEARS]
        table = pl.DataFrame(known)
        years = ages.of(table)["age_years"] if known else pl.Series([_UNKNOWN]).new_from_index(0, len(data))
        return years.fill_null(_UNKNOWN).to_numpy().astype(np.int64)

    def _row_by_row(self, data: pl.DataFrame, told_by: Mapping[str, str]) -> Years:
        """The years of a few rows: for so few, setting up columns would take longer than reading them."""
        fields = self.columns.layout.by_name
        read = {
            name: [casting.cell(fields[name], text)[0] for text in data[column]] for name, column in told_by.items()
        }
        for name in (BIRTH, ADMISSION):
            if name in told_by:
                self.dates_given += len(data) - data[told_by[name]].null_count()
                self.dates_read += sum(value is not None for value in read[name])
        nothing = [None] * len(data)
        rows = zip(*(read.get(name, nothing) for name in (BIRTH, ADMISSION, ages.YEARS)), strict=True)
        years = [ages.of_one(_day(birth), _day(admission), _int(stated)) for birth, admission, stated in rows]
        return np.array([_UNKNOWN if one is None else one for one in years], np.int64)

    def _named(self, name: str) -> str | None:
        """The frame's column of a fact."""
        return f"c{self.columns.position[name]}" if name in self.columns.position else None

    @cached_property
    def _slots(self) -> list[str]:
        return [f"c{self.columns.position[name]}" for _, name in self.columns.diagnosis_slots]

    @cached_property
    def _elsewhere(self) -> str:
        return self.bounds.elsewhere()

    def _suspects(self, codes: pl.DataFrame) -> npt.NDArray[np.bool_]:
        """Which rows hold a code that may be in scope.

        First one pattern passes over the plainly written codes of other categories; each distinct writing among the
        rest is then normalised and asked, once in a file.
        """
        suspected = pl.any_horizontal(~pl.col(self._slots).str.contains(self._elsewhere)).fill_null(value=False)
        suspects = codes.select(suspected.alias("s"))["s"].to_numpy().copy()
        where = np.flatnonzero(suspects)
        if not len(where):
            return suspects
        asked = codes[where]
        writings = pl.concat([column.rename("code") for column in asked.iter_columns()]).unique().drop_nulls()
        matching = [code for code in writings if self._may_match(code)]
        in_scope = pl.any_horizontal(pl.all().is_in(matching)).fill_null(value=False)
        suspects[where] = asked.select(in_scope.alias("s"))["s"].to_numpy()
        return suspects

    def _may_match(self, code: str) -> bool:
        """Whether a code as written may be in scope."""
        known = self._matching.get(code)
        if known is None:
            known = self._matching[code] = self.bounds.matches(code)
        return known


def _day(value: casting.Value | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None


def _int(value: casting.Value | None) -> int | None:
    return value if isinstance(value, int) else None
