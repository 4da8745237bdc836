"""From the text of a cell to a typed fact: one meaning, said once for a cell and once for a column.

:func:`cell` is the meaning, and reads through ``tonghu.codes`` (dates, numbers, text). :func:`columns` is its twin
for frames: values in the plain shapes that nearly all cells have are cast by Polars, and whatever is left is read by
:func:`cell`, once for each distinct text. So the twin can only differ from the meaning where its plain shapes do, and
those are regular expressions narrow enough to read; a generated test holds both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import polars as pl

from tonghu.codes.dates import read_date, read_datetime
from tonghu.codes.hqms_fields import Field, layout
from tonghu.codes.numbers import read_decimal, read_int
from tonghu.codes.reading import GUARDED, SCIENTIFIC
from tonghu.codes.text import BLANKS, GUARDS, clean, halfwidth

Value = str | int | Decimal | date | datetime

#: What stands for "nothing" in a coded, date or number field: the official filler, and how input methods write it.
FILLERS: Final = frozenset({"-", "－", "—", "–", "--", "——"})

POLARS_TYPES: Final[Mapping[str, pl.DataType]] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "decimal": pl.Decimal(18, 2),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
}

_DAY = r"(19|20)\d\d{0}(0[1-9]|1[0-2]){0}(0[1-9]|[12]\d|3[01])"
_MINUTE = r"([01]\d|2[0-3]):[0-5]\d"
# (shape, how Polars reads it): dates and times as nearly every system writes them. Python reads the rest.
_SIGNS: Final = {sign: (_DAY.replace("{0}", sign), sign.join(("%Y", "%m", "%d"))) for sign in ("-", "/", "")}
_DATE_SHAPES: Final = tuple(_SIGNS.values())
_TIME_SHAPES: Final = (("", ""), (" " + _MINUTE, " %H:%M"), (" " + _MINUTE + r":[0-5]\d", " %H:%M:%S"))
# Identity-like numbers are text, and a spreadsheet that took them for numbers has lost their last digits. (The
# resident ID is not among them: HQ036 is about it, and says this too.)
_SCIENTIFIC: Final = r"^\d(\.\d+)?[Ee]\+?\d{1,3}$"
_NUMBER_LIKE: Final = frozenset(
    {
        "org_code", "insurance_card_no", "health_card_no", "medical_record_no", "home_phone", "contact_phone",
        "employer_phone", "pathology_1_number", "pathology_2_number", "pathology_3_number",
    }
)  # fmt: skip
# Codes of diseases and procedures that an export has put into quotes or brackets. What is inside begins like a code.
_CODE_SHAPES: Final = frozenset({"icd10", "icd10_external", "icd9cm3", "morphology"})
_GUARDED: Final = re.compile(f"[{re.escape(GUARDS)}]+(?=[A-Za-zＡ-Ｚａ-ｚ]?[0-9０-９])")
_ASCII_GUARD: Final = f"^[{re.escape(''.join(one for one in GUARDS if one.isascii()))}]"
_INTEGER: Final = r"^-?[0-9]{1,15}$"
_DECIMAL: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,2})?$"


@dataclass(frozen=True)
class Cast:
    """A frame's facts. `facts` has one typed column a field, and `<fact>__unreadable` where a cell did not read;
    `issues` has a row (`row`, `fact`, `note`) for each cell that is not written as its type asks."""

    facts: pl.DataFrame
    issues: pl.DataFrame

    def at(self, rows: pl.Series) -> Cast:
        """The same for some of the rows, by their ascending places."""
        places = pl.DataFrame({"row": rows.cast(pl.UInt32)}).with_row_index("place")
        issues = self.issues.join(places, on="row", maintain_order="left").select(
            pl.col("place").alias("row"), "fact", "note"
        )
        return Cast(self.facts[rows], issues)


def empty_for(field: Field) -> bool:
    """Whether the filler "-" says "nothing" in this field: in coded, date and number fields it does."""
    return field.coded or field.type != "text"


def unfilled(field: Field, raw: str | None) -> bool:
    """Whether a cell says nothing: it is blank, or has the filler where that says "nothing"."""
    text = clean(raw)
    return text is None or (text in FILLERS and empty_for(field))


def cell(field: Field, raw: str | None) -> tuple[Value | None, str | None]:
    """The value of one cell and what is wrong with its writing (None: nothing).

    Blank, and the filler "-" of a coded, date or number field, is (None, None). Coded text comes back half-width.
    """
    text = clean(raw)
    if text is None or unfilled(field, text):
        return None, None
    if field.shape in _CODE_SHAPES and _GUARDED.match(text):
        return halfwidth(text).strip(GUARDS + BLANKS), GUARDED
    if field.type == "text":
        damaged = field.name in _NUMBER_LIKE and re.match(_SCIENTIFIC, text, re.ASCII)
        return (halfwidth(text) if field.coded else text), (SCIENTIFIC if damaged else None)
    return _READERS[field.type](text)


def _int(text: str) -> tuple[Value | None, str | None]:
    reading = read_int(text)
    return reading.value, reading.note


def _decimal(text: str) -> tuple[Value | None, str | None]:
    reading = read_decimal(text)
    return reading.value, reading.note


def _date(text: str) -> tuple[Value | None, str | None]:
    reading = read_date(text)
    return reading.value, reading.note


def _datetime(text: str) -> tuple[Value | None, str | None]:
    reading = read_datetime(text)
    return reading.value, reading.note


_READERS: Final[Mapping[str, Callable[[str], tuple[Value | None, str | None]]]] = {
    "integer": _int,
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
}


def columns(data: pl.DataFrame, fields: Mapping[str, Field]) -> Cast:
    """The typed facts of a frame.

    `fields` maps a column of `data` (text, one cell a value) to its field; other columns are left out. Rows keep
    their order; `issues.row` counts them from 0.
    """
    empty = {name for name in fields if data[name].null_count() == len(data)}
    live = {name: f for name, f in fields.items() if name not in empty}
    plain = _cleaned(data, live)
    both = plain.with_columns([_plain(f).alias(f.name) for f in live.values()])
    # Asked of all columns in one go: for most of them there is nothing to mend.
    left = {f.name: asked for f in live.values() if (asked := _left(f)) is not None}
    having = both.select(asked.any().alias(name) for name, asked in left.items()).row(0, named=True) if left else {}
    made: list[pl.Series] = []
    issues: list[pl.DataFrame] = []
    for name, field in fields.items():
        if name in empty:
            made.append(pl.Series(field.name, [None], dtype=POLARS_TYPES[field.type]).new_from_index(0, len(data)))
            continue
        if not having.get(field.name):
            made.append(both[field.name])
            continue
        where = both.select(left[field.name].arg_true()).to_series()
        values, companion, noted = _mend(field, both[f"{field.name}__text"], both[field.name], where)
        made.append(values)
        made += companion
        issues += noted
    schema = {"row": pl.UInt32, "fact": pl.String, "note": pl.String}
    return Cast(pl.DataFrame(made), pl.concat(issues) if issues else pl.DataFrame(schema=schema))


def _cleaned(data: pl.DataFrame, fields: Mapping[str, Field]) -> pl.DataFrame:
    """The twin of the first lines of :func:`cell`: blanks cut, nothing and the filler as null."""
    cut = data.select(pl.col(name).str.strip_chars(BLANKS).alias(f"{f.name}__text") for name, f in fields.items())
    nothing = {
        f"{f.name}__text": pl.col(f"{f.name}__text").is_in(["", *sorted(FILLERS)] if empty_for(f) else [""])
        for f in fields.values()
    }
    # Most columns have no such cell, and asking is half the price of putting nulls.
    asked = cut.select(empty.any().alias(name) for name, empty in nothing.items())
    having = asked.row(0, named=True) if fields else {}
    return cut.with_columns(pl.when(~nothing[name]).then(pl.col(name)) for name, has in having.items() if has)


def _plain(field: Field) -> pl.Expr:
    """The cells of plain shape, cast; null where Python has to read."""
    text = pl.col(f"{field.name}__text")
    if field.type == "text":
        return text
    if field.type == "integer":
        return pl.when(text.str.contains(_INTEGER)).then(text).cast(pl.Int64, strict=False)
    if field.type == "decimal":
        return pl.when(text.str.contains(_DECIMAL)).then(text).cast(pl.Decimal(18, 2), strict=False)
    return _plain_date(text) if field.type == "date" else _plain_datetime(text)


def dates(texts: pl.Series) -> pl.Series:
    """The dates that a column of cells says; a right time after one is passed over, other cells are null.

    The same dates that :func:`cell` reads, without its notes: for the screen, which asks nothing else.
    """
    text = texts.str.strip_chars(BLANKS)
    read = text.to_frame("text").select(_plain_date(pl.col("text")))["text"]
    left = (read.is_null() & text.is_not_null()).arg_true()
    return read.scatter(left, Readings.of(_ANY_DATE, text.gather(left)).values) if len(left) else read


def day_shapes() -> tuple[str, ...]:
    """The ways in which nearly every system writes a date, by the sign between its parts."""
    return tuple(_SIGNS)


def day(text: pl.Expr, sign: str) -> pl.Expr:
    """The dates of texts that are one written with `sign`, with a time or without; null for others."""
    return _dates_of(text, *_SIGNS[sign])


def _plain_date(text: pl.Expr) -> pl.Expr:
    """The dates of texts of plain shape, with a time or without; null for others."""
    return pl.coalesce([_dates_of(text, *shape) for shape in _DATE_SHAPES])


def _dates_of(text: pl.Expr, shape: str, reading: str) -> pl.Expr:
    whole = text.str.contains(f"^{shape}( {_MINUTE}(:[0-5]\\d)?)?$")
    return (
        pl.when(whole)
        .then(text.str.head(8 if reading == "%Y%m%d" else 10))
        .str.to_date(reading, strict=False, cache=False)
    )


def _plain_datetime(text: pl.Expr) -> pl.Expr:
    """The time of texts of plain shape; null for others."""
    times = []
    for day, day_reading in _DATE_SHAPES:
        for time, time_reading in _TIME_SHAPES:
            whole = pl.when(text.str.contains(f"^{day}{time}$")).then(text)
            if time:
                read = whole.str.to_datetime(day_reading + time_reading, strict=False, time_unit="us", cache=False)
            else:
                read = whole.str.to_date(day_reading, strict=False, cache=False).cast(pl.Datetime("us"))
            times.append(read)
    return pl.coalesce(times)


def _mend(
    field: Field, text: pl.Series, typed: pl.Series, where: pl.Series
) -> tuple[pl.Series, list[pl.Series], list[pl.DataFrame]]:
    """Read by :func:`cell` what Polars left at these places: (values, `__unreadable` if any cell is, issues)."""
    read = Readings.of(field, text.gather(where))
    values = typed.scatter(where, read.values.cast(typed.dtype))
    noted = pl.DataFrame({"row": where.cast(pl.UInt32), "note": read.notes}).filter(pl.col("note").is_not_null())
    issues = noted.select("row", pl.lit(field.name).alias("fact"), "note")
    unreadable = text.is_not_null() & values.is_null()
    companion = [unreadable.alias(f"{field.name}__unreadable")] if unreadable.any() else []
    return values, companion, [issues] if len(issues) else []


def _left(field: Field) -> pl.Expr | None:
    """Which cells Python has to read: those not of plain shape; of texts those that are not themselves: coded ones
    with wide characters or a guard before them, and numbers in scientific notation (None: none can be such)."""
    text = pl.col(f"{field.name}__text")
    if field.type != "text":
        return pl.col(field.name).is_null() & text.is_not_null()
    wide = (text.str.len_bytes() != text.str.len_chars()) if field.coded else None
    damaged = text.str.contains(_SCIENTIFIC) if field.name in _NUMBER_LIKE else None
    if wide is not None and field.shape in _CODE_SHAPES:
        return wide | text.str.contains(_ASCII_GUARD)
    return wide if damaged is None else damaged if wide is None else wide | damaged


@dataclass(frozen=True)
class Readings:
    """What Python read of a column of texts, each distinct text once."""

    values: pl.Series
    notes: pl.Series

    @classmethod
    def of(cls, field: Field, texts: pl.Series) -> Readings:
        """Read `texts` as `field`."""
        distinct = texts.unique()
        read = [cell(field, text) for text in distinct]
        table = pl.DataFrame(
            {
                "text": distinct,
                "value": pl.Series([value for value, _ in read], dtype=POLARS_TYPES[field.type]),
                "note": pl.Series([note for _, note in read], dtype=pl.String),
            }
        )
        found = pl.DataFrame({"text": texts}).join(table, on="text", how="left", maintain_order="left")
        return cls(found["value"], found["note"])


_ANY_DATE: Final = layout("2012").by_name["birth_date"]
