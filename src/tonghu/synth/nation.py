"""The whole made-up country: many hospitals, month after month, each in the layout, format and writing of its maker.

Children under treatment come back in later months, with the same name, number and record, and a rising admission
count. `hospitals.csv` lists who is who and how each writes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tonghu.synth.calendar import month_days, months_from
from tonghu.synth.chance import Chance
from tonghu.synth.country import Hospital, invent_hospital
from tonghu.synth.habits import HABITS, habit_named
from tonghu.synth.making import Order, sheet_of, write_month
from tonghu.synth.roster import Roster, Shares
from tonghu.synth.truth import Counts

# How hospitals send their files: format, encoding, delimiter, ending, zipped. Mostly CSV of one kind or another.
_WAYS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("csv", "gb18030", "comma", ".csv", False),
    ("csv", "utf-8-sig", "comma", ".csv", False),
    ("xlsx", "utf-8", "comma", ".xlsx", False),
    ("dbf", "gb18030", "comma", ".dbf", False),
    ("csv", "utf-8", "comma", ".zip", True),
    ("html", "gb18030", "comma", ".xls", False),
    ("csv", "gb18030", "tab", ".xls", False),
    ("csv", "gb18030", "bar", ".txt", False),
)


@dataclass(frozen=True, slots=True)
class Sender:
    """A hospital and how it writes its files."""

    index: int
    hospital: Hospital
    layout: str
    maker: str
    way: tuple[str, str, str, str, bool]
    rows: int


def sender(seed: int, index: int, rows: int) -> Sender:
    """Hospital number `index` with its way of writing; its months have around `rows` rows."""
    chance = Chance(seed, f"sender/{index}")
    hospital = invent_hospital(seed, index)
    layout = "2020" if chance.happens(0.6) else "2012"
    maker = tuple(HABITS)[chance.below(len(HABITS))]
    return Sender(
        index, hospital, layout, maker, _WAYS[index % len(_WAYS)], round(rows * (0.4 + 1.2 * chance.random()))
    )


def make_nation(folder: Path, order: Order, *, months: int, hospitals: int) -> Iterator[tuple[Path, Counts]]:
    """Make the files of `hospitals` hospitals over `months` months from `order.month` on, one after the other.

    `order` gives seed, shares and rows of a month; its `out`, layout and format are each hospital's own. Yields each
    file as it is finished. Raises InputRefused for a month that is none.
    """
    month_days(order.month)
    senders = [sender(order.seed, index, order.rows) for index in range(hospitals)]
    _list_hospitals(folder / "hospitals.csv", senders)
    for one in senders:
        yield from _hospital_months(folder, order, one, months)


def _hospital_months(folder: Path, order: Order, one: Sender, months: int) -> Iterator[tuple[Path, Counts]]:
    kind, encoding, delimiter, ending, zipped = one.way
    order = replace(
        order,
        layout=one.layout,
        maker=one.maker,
        format=kind,
        encoding=encoding,
        delimiter=delimiter,
        zipped=zipped,
        hospital=one.index,
        rows=one.rows,
    )
    columns = sheet_of(order)
    roster = Roster(
        columns,
        habit_named(one.maker),
        [one.hospital],
        Chance(order.seed, f"nation/{one.index}"),
        Shares(1.0 if one.hospital.for_children else order.children, order.in_scope),
        keep_patients=True,
    )
    home = folder / f"hospital_{one.index + 1:04d}"
    home.mkdir(exist_ok=True)
    for month in months_from(order.month, months):
        out = home / f"hqms_{month}{ending}"
        this = replace(order, out=out, month=month, truth=home / f"hqms_{month}.truth.json")
        yield out, write_month(this, columns, roster.month(month, this.rows))


def _list_hospitals(path: Path, senders: list[Sender]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("folder", "org_code", "org_name", "level", "layout", "maker", "format", "encoding", "delimiter")
        )
        for one in senders:
            kind, encoding, delimiter, *_ = one.way
            place = f"hospital_{one.index + 1:04d}"
            hospital = one.hospital
            writer.writerow(
                (place, hospital.code, hospital.name, hospital.level, one.layout, one.maker, kind, encoding, delimiter)
            )
