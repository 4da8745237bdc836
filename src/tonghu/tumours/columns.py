"""Millions of tumours at once: ICCC-3 over the columns of a Polars frame.

The three masks of :mod:`tonghu.tumours.recode` are laid out as one dense grid: sites with equal masks share a line,
histologies a column, behaviours a layer, some tens of thousands of cells in all, which stay in the processor's
cache. A row then costs a few remainders and look-ups. Cells that are not written plainly (M-codes, full-width
digits, wrong shapes) go one by one through :func:`tonghu.tumours.classify.classify_one`, each different one once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import polars as pl

from tonghu.tumours.classify import Answer, classify_one, reason_of, refused
from tonghu.tumours.recode import DEFAULT_VERSION, FIRST_HISTOLOGY, Recode, Verdict, known_histologies, recode

Key = TypeVar("Key", bound=Hashable)

KEYS = ("topography", "histology", "behaviour")
OUTPUT = Answer._fields
#: Rows that are worked on together: what is made on the way then stays in the processor's cache.
PART = 1 << 16


@dataclass(frozen=True)
class Axis:
    """One axis of the grid. Values whose masks are equal are one class.

    A plain code has a fixed width, so its bytes are an integer; integers fall into a small table by their remainder
    to a modulus under which no two codes of the axis meet (found by trying; hence no hashing and no collisions).
    ``words`` holds the code that belongs into each place, ``classes`` its class.
    """

    word_type: type[pl.UInt32] | type[pl.UInt8]
    words: pl.Series
    classes: pl.Series
    masks: tuple[tuple[int, bool], ...]

    @classmethod
    def of(cls, entries: Iterable[tuple[str, int, bool]], modulus: int) -> Axis:
        """From (code, mask, listed); `modulus` is where the search for a free one begins."""
        codes, keys = [], []
        for code, mask, listed in entries:
            codes.append(int.from_bytes(code.encode(), "little"))
            keys.append((mask, listed))
        while len({code % modulus for code in codes}) < len(codes):
            modulus += 1
        numbers, distinct = compress(keys)
        words: list[int | None] = [None] * modulus
        classes = [0] * modulus
        for word, number in zip(codes, numbers, strict=True):
            words[word % modulus], classes[word % modulus] = word, number
        word_type = pl.UInt32 if codes[0] > 255 else pl.UInt8
        return cls(word_type, pl.Series(words, dtype=pl.UInt32), pl.Series(classes, dtype=pl.UInt32), distinct)

    def word(self, name: str) -> pl.Expr:
        """The bytes of a text column as an integer; null where the width is another."""
        return pl.col(name).cast(pl.Binary).bin.reinterpret(dtype=self.word_type).cast(pl.UInt32)

    def class_of(self, words: pl.Series) -> pl.Series:
        """The class of each word; null where it is no code of this axis."""
        place = words % self.words.len()
        classes = self.classes.gather(place)
        known = self.words.gather(place) == words
        return classes if known.all(ignore_nulls=False) else classes.set(~known.fill_null(False), None)


@dataclass(frozen=True)
class Grid:
    """A version as a dense table: axes, outcome of each cell, and the answer of each outcome."""

    axes: tuple[Axis, Axis, Axis]
    outcomes: pl.Series
    answers: pl.DataFrame


def compress(keys: Iterable[Key]) -> tuple[list[int], tuple[Key, ...]]:
    """The number of each key among the distinct keys, and these in order of appearance."""
    numbers: dict[Key, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys], tuple(numbers)


@cache
def grid(version: str = DEFAULT_VERSION) -> Grid:
    """The grid of a version, built once in some hundredths of a second. The moduli are known to be free."""
    table = recode(version)
    listed = known_histologies()
    numbers = ((str(FIRST_HISTOLOGY + at), mask) for at, mask in enumerate(table.histologies))
    axes = (
        Axis.of(((site, mask, True) for site, mask in table.sites.items()), 853),
        Axis.of(((number, mask, number in listed) for number, mask in numbers), 2559),
        Axis.of(((digit, table.behaviours[int(digit)], True) for digit in "012369"), 10),
    )
    decided = (
        (index, verdict if known or index is None else Verdict.UNLISTED)
        for site, _ in axes[0].masks
        for histology, known in axes[1].masks
        for index, verdict in (table.decide(site, histology, behaviour) for behaviour, _ in axes[2].masks)
    )
    cells, distinct = compress(decided)
    answers = [_answer(table, index, verdict) for index, verdict in distinct]
    return Grid(axes, pl.Series(cells, dtype=pl.UInt32), pl.DataFrame(answers, schema=OUTPUT, orient="row"))


def _answer(table: Recode, index: int | None, verdict: Verdict) -> Answer:
    reason = reason_of(table.version, verdict)
    if index is None:
        return refused(reason)
    row = table.rows[index]
    return Answer(row.main, row.subgroup, row.extended, row.name_zh, row.name_en, reason)


def classify(frame: pl.DataFrame, version: str = DEFAULT_VERSION, keys: tuple[str, str, str] = KEYS) -> pl.DataFrame:
    """`frame` with the six columns of :class:`Answer` appended; rows and their order unchanged.

    `keys` name the columns of site, histology and behaviour, as text or as integers. Raises InputRefused for an
    unknown version, and Polars' own ColumnNotFoundError or DuplicateError when the columns are not so.
    """
    return frame.hstack(groups_of(frame.select(keys), version))


def groups_of(tumours: pl.DataFrame, version: str = DEFAULT_VERSION) -> pl.DataFrame:
    """The six columns of :class:`Answer` for a frame of exactly site, histology and behaviour, row by row."""
    parts = [answers[found] for found, answers in (outcomes_of(part, version) for part in tumours.iter_slices(PART))]
    return pl.concat(parts, rechunk=False) if parts else grid(version).answers.clear()


def outcomes_of(tumours: pl.DataFrame, version: str = DEFAULT_VERSION) -> tuple[pl.Series, pl.DataFrame]:
    """For each tumour the number of its answer, and the answers: :func:`groups_of` before it is spread out."""
    plan = grid(version)
    texts = tumours.select(pl.all().cast(pl.String))
    names = texts.columns
    words = texts.select(axis.word(name) for name, axis in zip(names, plan.axes, strict=True))
    if words[names[0]].null_count():
        words = words.with_columns(texts.select(_without_dot(names[0])).select(plan.axes[0].word(names[0])))
    site, histology, behaviour = (axis.class_of(words[name]) for name, axis in zip(names, plan.axes, strict=True))
    width, depth = len(plan.axes[1].masks), len(plan.axes[2].masks)
    outcomes = plan.outcomes.gather((site * width + histology) * depth + behaviour)
    answers = plan.answers
    if outcomes.null_count():
        outcomes, answers = _with_written_otherwise(texts, outcomes, answers, version)
    return outcomes, answers


def _without_dot(name: str) -> pl.Expr:
    """``C64.9`` as ``C649``; every other text as it is."""
    text = pl.col(name)
    dotted = (text.str.len_bytes() == 5) & (text.str.slice(3, 1) == ".")
    return pl.when(dotted).then(text.str.slice(0, 3) + text.str.slice(4, 1)).otherwise(text).alias(name)


def _with_written_otherwise(
    texts: pl.DataFrame, outcomes: pl.Series, answers: pl.DataFrame, version: str
) -> tuple[pl.Series, pl.DataFrame]:
    """Outcomes and answers with those rows filled in that the grid did not know: each different one is asked once."""
    rows = outcomes.is_null().arg_true()
    odd = texts[rows]
    different = odd.unique(maintain_order=True)
    more = [classify_one(site, histology, behaviour, version) for site, histology, behaviour in different.iter_rows()]
    numbered = different.with_row_index("outcome", offset=answers.height)
    found = odd.join(numbered, on=texts.columns, how="left", nulls_equal=True, maintain_order="left")["outcome"]
    return (
        outcomes.scatter(rows, found),
        answers.vstack(pl.DataFrame(more, schema=OUTPUT, orient="row")),
    )
