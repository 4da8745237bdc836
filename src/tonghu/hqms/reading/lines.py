"""Bytes in, whole lines out: every later step may rely on line feeds, no NUL bytes and one known encoding."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from tonghu.errors import InputRefused
from tonghu.hqms.reading import encoding as enc
from tonghu.hqms.reading.ahead import prefetched
from tonghu.hqms.reading.archive import DAMAGED, damaged
from tonghu.hqms.reading.input import Input

BLOCK = 8 << 20
"""Bytes read at a time: large enough for Polars' two threads, small enough for the processor's cache."""

TAIL = 1 << 16
"""Bytes at the end of a block among which the end of its last line is looked for."""

LONGEST_LINE = 64 << 20

CHARACTERS = 1 << 20
"""Bytes validated at a time: few enough that Polars' copy of them stays in the processor's cache."""


@dataclass
class Style:
    """How the text of a file is written, as found in its first lines."""

    encoding: str | None
    """None while only ASCII has been seen."""
    mark: int
    """Length of the byte order mark."""
    returns_only: bool
    """Lines end with a carriage return alone (old Macintosh)."""

    @property
    def wide(self) -> bool:
        """Whether the text is UTF-16, which must be decoded before lines can be cut."""
        return (self.encoding or "").startswith("utf-16")


def style_of(sample: bytes) -> Style:
    """Byte order mark and line ends; the encoding only where a mark tells it."""
    name, length = enc.bom(sample) or (None, 0)
    text = sample[length:]
    return Style(name, length, b"\r" in text and b"\n" not in text)


def raw_chunks(given: Input, style: Style, skip: int = 0) -> Iterator[bytes]:
    """The file in chunks: without byte order mark and the `skip` bytes behind it, UTF-16 made UTF-8, old Macintosh line
    ends made line feeds.

    Raises `InputRefused` where UTF-16 does not hold, or the archive is damaged.
    """
    decoder = codecs.getincrementaldecoder(style.encoding or "")() if style.wide else None
    with given.open() as stream:
        stream.seek(style.mark + skip)
        last = False
        while not last:
            try:
                chunk = stream.read(BLOCK)
                last = not chunk
                if decoder is not None:
                    chunk = decoder.decode(chunk, final=last).encode()
            except UnicodeDecodeError:
                raise InputRefused(
                    f"{given.name}：按 UTF-16 无法解读，文件可能已损坏或被截断，请重新导出为 UTF-8 或 GB18030",
                    f"{given.name}: not valid UTF-16; the file may be damaged or cut off: export it again as UTF-8 "
                    "or GB18030",
                ) from None
            except DAMAGED:
                if given.member is None:
                    raise
                raise damaged(given.name) from None
            yield chunk.replace(b"\r", b"\n") if style.returns_only else chunk


class Checked:
    """Line-aligned pieces, checked for NUL bytes and for one encoding, which settles at the first non-ASCII byte."""

    def __init__(
        self, given: Input, style: Style, encoding: str | None, meanwhile: Callable[[], bool] = lambda: False
    ) -> None:
        """`meanwhile`: see :func:`prefetched`."""
        self._given = given
        self._meanwhile = meanwhile
        self._style = style
        self.encoding = encoding
        """UTF-8 or GB18030; None while only ASCII has been seen."""
        self.unended = False
        """Whether the last line, once it has been read, was found to have no line end."""

    def __iter__(self) -> Iterator[bytes]:
        """The pieces as they are, each read while the one before is worked on. Raises `InputRefused` naming the line.

        GB18030 is decoded, and thereby fully checked, only where it is used: checking all of it would cost more than
        the screening.
        """
        for number, (piece, valid_utf8, nul) in enumerate(prefetched(self._looked_at(), self._meanwhile)):
            self._settle(piece, number, valid_utf8, nul)
            yield piece

    def _looked_at(self) -> Iterator[tuple[bytes, bool, int]]:
        """The pieces, each with whether it is valid UTF-8 and where it has a NUL byte (-1: nowhere)."""
        for piece in self.pieces():
            yield piece, is_utf8(piece), piece.find(b"\0")

    def _settle(self, piece: bytes, number: int, valid_utf8: bool, nul: int) -> None:
        """Take note of the next piece, the `number`-th."""
        name = self._given.name
        if nul >= 0:
            raise has_nul(name, self._line(number) + piece.count(b"\n", 0, nul))
        if self.encoding == enc.GB18030:
            if valid_utf8 and enc.looks_like_utf8(piece):
                enc.refuse_utf8_lines(piece, name, self._line(number))
        elif not valid_utf8:
            if self.encoding is not None:
                raise enc.refusal(piece, name, self._line(number), self.encoding)
            self.encoding = enc.decide(piece, name, self._line(number))
        elif self.encoding is None:
            self.encoding = None if piece.isascii() else enc.UTF8

    def pieces(self) -> Iterator[bytes]:
        """The bytes cut after line feeds; the last piece gets a line feed if the file lacks it."""
        plain = self._given.member is None and not self._style.wide and not self._style.returns_only
        yield from self._read_whole() if plain else self._gathered(0)

    def _read_whole(self) -> Iterator[bytes]:
        """The pieces of a plain file: where the last line of a block ends is looked up before the block is read, so
        that nothing is copied afterwards."""
        begin = self._style.mark
        with self._given.path.open("rb", buffering=0) as stream:
            tail = min(TAIL, BLOCK)
            while begin + BLOCK < self._given.size:
                stream.seek(begin + BLOCK - tail)
                cut = stream.read(tail).rfind(b"\n") + 1
                if not cut:
                    break
                stream.seek(begin)
                piece = stream.read(BLOCK - tail + cut)
                if len(piece) < BLOCK - tail + cut:
                    break
                yield piece
                begin += len(piece)
        yield from self._gathered(begin - self._style.mark)

    def _gathered(self, skip: int) -> Iterator[bytes]:
        """The pieces from `skip` bytes behind the byte order mark on, for all kinds of files and lengths of lines."""
        rest: list[bytes] = []
        waiting = 0
        for chunk in raw_chunks(self._given, self._style, skip):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield b"".join([*rest, memoryview(chunk)[:cut]]) if rest or cut < len(chunk) else chunk
                rest, waiting = [], 0
                chunk = chunk[cut:]
            if chunk:
                rest.append(chunk)
                waiting += len(chunk)
            if waiting > LONGEST_LINE:
                raise InputRefused(
                    f"{self._given.name}：有一行超过 {LONGEST_LINE >> 20} MB 仍未结束，不是一行一例的表格，请重新导出",
                    f"{self._given.name}: one line is longer than {LONGEST_LINE >> 20} MB; this is no table with a "
                    "stay on each line, export it again",
                )
        # DOS programs end a text with Control-Z.
        if last := b"".join(rest).rstrip(b"\x1a"):
            self.unended = True
            yield last + b"\n"

    def _line(self, number: int) -> int:
        """The line on which a piece begins; counted only for a message, by reading once more."""
        return 1 + sum(piece.count(b"\n") for piece in itertools.islice(self.pieces(), number))


def is_utf8(piece: bytes) -> bool:
    """Whether whole lines are valid UTF-8."""
    # Polars validates several gigabytes a second, ten times faster than bytes.decode.
    begin = 0
    while begin < len(piece):
        end = begin + CHARACTERS
        # Cut before the first byte of a character; where there is none near, the text is not valid wherever it is cut.
        for _ in range(3):
            if end < len(piece) and piece[end] & 0xC0 == 0x80:
                end -= 1
        try:
            pl.Series([piece[begin:end]], dtype=pl.Binary).cast(pl.String)
        except pl.exceptions.PolarsError:
            return False
        begin = end
    return True


def has_nul(name: str, line: int) -> InputRefused:
    """A NUL byte is never part of a table's text."""
    return InputRefused(
        f"{name}：第 {line} 行含有空字节（NUL），文件可能已损坏，或为无标记的 UTF-16，请重新导出为 UTF-8 或 GB18030",
        f"{name}: line {line} has a NUL byte; the file may be damaged, or UTF-16 without a mark: export it again as "
        "UTF-8 or GB18030",
    )
