"""Making one file: the rows of a roster through a writer, and the truth beside it."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tonghu.synth.calendar import month_days, month_number, months_from
from tonghu.synth.catalogue import diseases
from tonghu.synth.chance import Chance
from tonghu.synth.country import invent_hospital
from tonghu.synth.habits import habit_named
from tonghu.synth.mistakes import Card, Deck
from tonghu.synth.roster import Made, Roster, Shares, first_children
from tonghu.synth.sheet import Sheet, sheet
from tonghu.synth.truth import Counts, Truth
from tonghu.synth.writers import DELIMITERS, format_for, open_writer

ROWS_A_HOSPITAL = 60_000
#: How many months after the first one a child still comes back in files that are made one by one.
MONTHS_BACK = 4
#: Record numbers that a month has to give away, and of them those of a layout: half for children in scope.
A_MONTH, A_LAYOUT = 10_000_000, 5_000_000
LAYOUTS = ("2012", "2020")


@dataclass(frozen=True, slots=True)
class Order:
    """What file to make. Shares are 0 … 1; `truth` None writes no truth.

    `mistakes` is a share of the cards (rows in scope), with `mistakes_everywhere` of all rows; `drop_column` leaves
    one column out of the file (HQ033).
    """

    out: Path
    rows: int = 3_000
    layout: str = "2012"
    format: str | None = None
    encoding: str | None = None
    delimiter: str = "comma"
    chinese_header: bool = False
    zipped: bool = False
    seed: int = 1
    month: str = "2025-09"
    children: float = 0.3
    in_scope: float = 0.05
    mistakes: float = 0.33
    shuffle_columns: bool = False
    maker: str = "plain"
    mistakes_everywhere: bool = False
    drop_column: bool = False
    truth: Path | None = None
    hospital: int = 0
    #: The last record number that the hospital has given away; None for numbers of the month's own (see below).
    records: int | None = None


def sheet_of(order: Order) -> Sheet:
    """The columns that the order asks for."""
    shuffled = Chance(order.seed, "columns") if order.shuffle_columns else None
    dropped = Chance(order.seed, "dropped column") if order.drop_column else None
    return sheet(order.layout, chinese=order.chinese_header, shuffled=shuffled, dropped=dropped)


def make_file(order: Order) -> Counts:
    """Make the file that is ordered, and its truth. Raises InputRefused for what cannot be made."""
    columns = sheet_of(order)
    month_days(order.month)
    roster = _roster(order, columns, order.month)
    return write_month(order, columns, roster.month(order.month, order.rows, _coming_back(order, columns)))


def _roster(order: Order, columns: Sheet, month: str, *, course: str = "", keep_patients: bool = False) -> Roster:
    """Who is in hospital in a month. Every month gives away record numbers of its own, as does every layout: they
    count on from the month, so that no two children of a hospital share one, whichever months are made."""
    records = order.records
    if records is None:
        records = month_number(month) * A_MONTH + LAYOUTS.index(order.layout) * A_LAYOUT + 1000
    return Roster(
        columns,
        habit_named(order.maker),
        [invent_hospital(order.seed, order.hospital + i) for i in range(1 + order.rows // ROWS_A_HOSPITAL)],
        Chance(order.seed, f"roster/{order.layout}/{month}/{order.hospital}{course}"),
        Shares(order.children, order.in_scope),
        keep_patients=keep_patients,
        treated_before=True,
        records=records,
        others=records + A_LAYOUT // 2,
    )


def _coming_back(order: Order, columns: Sheet) -> list[Made]:
    """The month's stays of children with whom the files of the months before begin. They are made again, each child
    and month by a chance of its own, so that one file needs no other, and whoever makes both, in whatever size, meets
    the same children under the same record numbers."""
    stays = first_children(order.rows, order.in_scope)
    if not stays or order.records is not None:
        return []
    back: list[Made] = []
    at = month_number(order.month)
    for past in range(max(0, at - MONTHS_BACK), at):
        first, *later = months_from("1950-01", at + 1)[past:]
        for patient in _roster(order, columns, first, keep_patients=True).first_patients(first, stays):
            course = f"/{patient.person.record_number}"
            back += _roster(order, columns, first, course=course, keep_patients=True).follow(patient, later)
    return back[: stays * 4]


def write_month(order: Order, columns: Sheet, blocks: Iterable[list[Made]]) -> Counts:
    """Write these blocks of rows as the order asks, with their truth."""
    kind = format_for(order.out, order.format)
    encoding = order.encoding or ("gb18030" if kind in ("dbf", "html") else "utf-8")
    zipped = order.zipped or order.out.suffix.lower() == ".zip"
    about: dict[str, object] = {
        "seed": order.seed,
        "layout": order.layout,
        "month": order.month,
        "maker": order.maker,
        "rows": order.rows,
        # By construction, for codes with their own morphology (a planted defect there may change it).
        "iccc3_main": {d.code: d.iccc for d in diseases() if d.iccc},
    }
    deck = Deck(
        columns,
        habit_named(order.maker),
        Chance(order.seed, f"mistakes/{order.layout}/{order.month}/{order.hospital}"),
        order.mistakes,
        everywhere=order.mistakes_everywhere,
        fixed_width=kind == "dbf",
    )
    with (
        _no_cycles(),
        open_writer(
            order.out,
            kind=kind,
            sheet=columns,
            habit=habit_named(order.maker),
            rows=order.rows,
            encoding=encoding,
            delimiter=DELIMITERS[order.delimiter],
            zipped=zipped,
        ) as writer,
        Truth(order.truth, about) as truth,
    ):
        for missing in columns.missing:
            truth.planted(0, "HQ033", missing)
        for block in blocks:
            _note(block, deck.deal(block), truth)
            writer.write([made.row for made in block])
    return truth.counts


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Rows and forms hold no reference cycles; looking for some among millions of cells costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _note(block: list[Made], damaged: dict[int, Card], truth: Truth) -> None:
    counts = truth.counts
    for index, made in enumerate(block):
        row = counts.rows + index + 1
        card = damaged.get(index)
        if card is not None and card.undetermined:
            truth.undetermined(row)
        else:
            counts.under_20 += made.age < 20
            if made.scope is not None:
                group, code, slot = made.scope
                truth.in_scope(row, group, code, slot, made.age)
        if card is not None:
            for rule, column in card.planted:
                truth.planted(row, rule, column)
            for rule in card.touched:
                truth.touched(row, rule)
    counts.rows += len(block)
