"""What every reader hands over: a `Source` with a header, and rows as text in frames or, screened, as hits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from tonghu.hqms.filehash import FileHash
from tonghu.hqms.reading.input import Input

Keep = Callable[[pl.DataFrame], pl.Series]
"""Asked once a block: which rows matter? Gets the wanted columns (``c<position>``), answers one boolean a row."""


class Cells(Protocol):
    """The cells of a block of records as bytes, in an encoding that contains ASCII."""

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Number of cells of each record."""

    def begins(self, position: int, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Where in the block a cell of the chosen records begins; they must have it."""

    def heads(self, begins: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.uint8]:
        """The first bytes of the cells that begin there, a row for each; where one ends sooner, a zero."""


class Seen(NamedTuple):
    """What a glance at a block told, record by record."""

    settled: npt.NDArray[np.bool_]
    """Certainly none that matters: `keep` need not be asked."""
    young: npt.NDArray[np.bool_]
    """Settled, and of one who is young enough to be counted."""
    uncoded: npt.NDArray[np.bool_]
    """Young, and without a main diagnosis."""


class Sieve(Protocol):
    """Looks at rows as bytes before they are read: most rows of most files can be passed over at a glance."""

    def look(self, cells: Cells) -> Seen:
        """What can be told of a block. Several threads may ask at once, also about blocks that do not count."""

    def passed(self, seen: Seen) -> None:
        """Told of each block once, in order: the settled records are not read."""


class Note(NamedTuple):
    """Something that the reader did or saw and that the user should know; never a reason to stop."""

    zh: str
    en: str


class Ragged(NamedTuple):
    """A data row whose number of cells is not the header's: its cells may stand in the wrong columns."""

    row: int
    cells: int


@dataclass(frozen=True)
class Frame:
    """Consecutive data rows as text."""

    first_row: int
    """1-based number of the first data row of this frame."""
    data: pl.DataFrame
    """All columns of the header, named ``c0``…``cN`` by position, String, an empty cell is null."""
    ragged: tuple[Ragged, ...] = ()
    """Rows with more or fewer cells than the header; missing cells are null, surplus ones are cut."""


@dataclass(frozen=True)
class Hits:
    """The rows of one block that matter, with all their columns."""

    screened: int
    """How many data rows this block had, hits or not."""
    rows: pl.Series
    """1-based data row numbers (Int64), ascending."""
    data: pl.DataFrame
    """All columns of those rows, as in `Frame.data`."""
    ragged: tuple[Ragged, ...] = ()
    """Ragged rows of the block. They are always among the hits, whatever `keep` says: none may be lost."""
    raw_lines: Sequence[bytes] | None = None
    """The same rows as the file has them (without line end); only for comma-delimited UTF-8, and only where
    all of them have exactly the header's number of cells, so that they can stand in a table again."""


def column_names(width: int) -> list[str]:
    """The column names of all frames: ``c0``…, by position, because headers may be doubled, odd or empty."""
    return [f"c{position}" for position in range(width)]


class Source(ABC):
    """One readable discharge file. Reading starts when `frames` or `screen` is iterated, and may be repeated."""

    format: str
    """``csv``, ``xlsx``, ``xlsb``, ``dbf`` or ``html``."""

    def __init__(self, given: Input) -> None:
        self.input = given
        self.header: list[str] = []
        self.notes: list[Note] = []
        self.encoding: str | None = None
        self.delimiter: str | None = None
        self.rows: int | None = None
        self.sieve: Sieve | None = None
        """Asked before `keep` by readers that have the rows as bytes; others do without."""
        self._hash = FileHash(given.path)

    @property
    def zipped(self) -> bool:
        """Whether the data file was inside a zip archive."""
        return self.input.member is not None

    @property
    def sha256(self) -> str:
        """SHA-256 of the file as the user gave it (the archive, when zipped); waits for the hashing thread."""
        return self._hash.hexdigest()

    @property
    def described_zh(self) -> str:
        """What the file was taken for, in Chinese."""
        return self._kind()[0] + ("（压缩包内）" if self.zipped else "")

    @property
    def described_en(self) -> str:
        """What the file was taken for, in English."""
        return self._kind()[1] + (" inside a zip archive" if self.zipped else "")

    def hashed_by(self, digest: FileHash) -> None:
        """Take the hash from one that was begun earlier on the same file."""
        self._hash = digest

    def note(self, zh: str, en: str) -> None:
        """Add a note once, however often the file is read."""
        note = Note(zh, en)
        if note not in self.notes:
            self.notes.append(note)

    def frames(self, rows_per_frame: int = 20_000) -> Iterator[Frame]:
        """All data rows in order, in frames of at most `rows_per_frame` rows.

        Raises `InputRefused` where the file turns out to be damaged. Sets `rows` when it comes to the end.
        """
        self._hash.start()
        self.rows = None
        rows = 0
        for frame in self._frames(rows_per_frame):
            rows = frame.first_row + frame.data.height - 1
            yield frame
        self.rows = rows

    def screen(self, columns: Sequence[int], keep: Keep) -> Iterator[Hits]:
        """Ask `keep` about the given columns of every row, and hand over whole rows only where it says yes.

        `keep` must judge each row by itself: it is asked block by block, once about each row (of those that
        the sieve has not settled). Ragged rows are always handed over.
        """
        wanted = [f"c{position}" for position in sorted(set(columns))]
        for frame in self.frames():
            chosen = keep(frame.data.select(wanted)).fill_null(value=False)
            yield pick(frame, chosen)

    @abstractmethod
    def _frames(self, rows_per_frame: int) -> Iterator[Frame]:
        """All data rows; trailing empty rows left out."""

    @abstractmethod
    def _kind(self) -> tuple[str, str]:
        """Format and encoding in words, Chinese and English."""


def pick(frame: Frame, chosen: pl.Series) -> Hits:
    """The hits of one frame: the chosen rows, and the ragged ones."""
    numbers = pl.int_range(frame.first_row, frame.first_row + frame.data.height, eager=True, dtype=pl.Int64)
    if frame.ragged:
        chosen = chosen | numbers.is_in([ragged.row for ragged in frame.ragged])
    return Hits(frame.data.height, numbers.filter(chosen).alias("row"), frame.data.filter(chosen), frame.ragged)


def frames_of_rows(rows: Iterable[Sequence[str | None]], width: int, size: int) -> Iterator[Frame]:
    """Frames of at most `size` rows from rows of any length; empty rows at the end are left out.

    A cell beyond `width` that has text makes its row ragged.
    """
    schema = dict.fromkeys(column_names(width), pl.String)
    first, empty = 1, 0
    kept: list[list[str | None]] = []
    ragged: list[Ragged] = []
    for row in rows:
        if not any(row):
            empty += 1
            continue
        while empty:
            # A gap may be a million rows deep (one stray value at the foot of a sheet): fill it frame by frame.
            fill = min(empty, size - len(kept))
            kept += [[None] * width] * fill
            empty -= fill
            if len(kept) == size:
                yield Frame(first, pl.DataFrame(kept, schema=schema, orient="row"), tuple(ragged))
                first, kept, ragged = first + size, [], []
        cells = [cell or None for cell in row[:width]]
        if any(row[width:]):
            ragged.append(Ragged(first + len(kept), len(row)))
        kept.append(cells + [None] * (width - len(cells)))
        if len(kept) == size:
            yield Frame(first, pl.DataFrame(kept, schema=schema, orient="row"), tuple(ragged))
            first, kept, ragged = first + size, [], []
    if kept:
        yield Frame(first, pl.DataFrame(kept, schema=schema, orient="row"), tuple(ragged))
