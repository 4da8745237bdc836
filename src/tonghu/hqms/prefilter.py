"""Which rows are worth fetching whole: a cheap question that is never narrower than the scope rules themselves.

The rules of the set `registry.scope` decide (:mod:`tonghu.hqms.screen`); this reads from their conditions what any
row in scope must satisfy — one of these codes in a diagnosis slot, an age below that — so that nearly all of a file
is passed over on a few columns. A condition that it does not recognise makes it keep more, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from tonghu.codes.code_list import CodeList
from tonghu.codes.icd10 import normalise
from tonghu.hqms import ages, casting
from tonghu.hqms.layout import ADMISSION, BIRTH, Columns
from tonghu.rulebook.expressions import Call, Literal, Name, Node
from tonghu.rulebook.rules import Rule

_AGE = "age_at_admission"


@dataclass(frozen=True)
class Bounds:
    """What every row in scope satisfies. `codes`: a code in one of these lists (None: nothing known about codes);
    `age_below`: an age below this many completed years, if it is known (None: no bound)."""

    codes: tuple[CodeList, ...] | None
    age_below: int | None

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


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.op == "and":
        for arg in node.args:
            yield from _conjuncts(arg)
    else:
        yield node


def _listed(node: Node) -> str | None:
    """The list of ``in_list(code, '…')``."""
    if isinstance(node, Call) and node.op == "in_list":
        code, codes = node.args
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

    `young` counts the rows that are under the age by the columns read here. Rows whose age these do not tell are
    fetched if they have a code in scope, or if the file states infants' ages in a column that is not read here.
    `dates_given` and `dates_read` count cells of the two date columns.
    """

    columns: Columns
    bounds: Bounds
    young: int = 0
    dates_given: int = 0
    dates_read: int = 0
    _matching: dict[str, bool] = field(default_factory=dict)

    @property
    def positions(self) -> list[int]:
        """The columns to read: dates, stated years and diagnosis codes; an infant's stated age waits for the hits."""
        names = (BIRTH, ADMISSION, ages.YEARS, *(name for _, name in self.columns.diagnosis_slots))
        return [self.columns.position[name] for name in names if name in self.columns.position]

    def keep(self, data: pl.DataFrame) -> pl.Series:
        """Which rows of a block to fetch."""
        years = self._years(data)
        below = self.bounds.age_below
        unknown = years.is_null()
        young = ~unknown if below is None else (years < below).fill_null(value=False)
        self.young += int(young.sum())
        asked = (young | unknown).arg_true()
        few = data.select(f"c{self.columns.position[name]}" for _, name in self.columns.diagnosis_slots)[asked]
        fetched = pl.repeat(value=False, n=len(asked), eager=True)
        if any(name in self.columns.position for name in ages.INFANT):
            fetched = unknown.gather(asked)
        for codes in few.iter_columns():
            if codes.null_count() < len(codes):
                fetched = fetched | self._in_scope(codes)
        return pl.repeat(value=False, n=len(data), eager=True).scatter(asked.filter(fetched), values=True)

    def _years(self, data: pl.DataFrame) -> pl.Series:
        """Completed years as far as the dates and the stated years tell."""
        position = self.columns.position
        known = {}
        for name in (BIRTH, ADMISSION):
            if name in position:
                texts = data[f"c{position[name]}"]
                # The time of day does not count for an age: admissions are read as dates, which is less work.
                known[name] = casting.dates(texts)
                self.dates_given += len(texts) - texts.null_count()
                self.dates_read += len(texts) - known[name].null_count()
        if ages.YEARS in position:
            stated = f"c{position[ages.YEARS]}"
            known[ages.YEARS] = casting.columns(
                data.select(stated), {stated: self.columns.fields[position[ages.YEARS]]}
            ).facts[ages.YEARS]
        return ages.of(pl.DataFrame(known))["age_years"]

    def _in_scope(self, codes: pl.Series) -> pl.Series:
        """Which cells hold a code that may be in scope; each distinct writing is asked once in a file."""
        for code in codes.unique().drop_nulls():
            if code not in self._matching:
                self._matching[code] = self.bounds.matches(code)
        wanted = [code for code, matching in self._matching.items() if matching]
        return codes.is_in(wanted).fill_null(value=False)
