"""What a paper says, apart from how it is given out.

The form follows GB/T 9704-2012 as far as hospitals and commissions print it: A4, text area 156 × 225 mm, 22 lines of
28 characters, title, number, who issues it and the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tonghu.platform.components.charts import Chart
from tonghu.platform.shell import Words


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the paper."""

    text: Words


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: Words


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: headings, rows of ready words, and which columns (from 0) hold numbers and stand to the right."""

    caption: Words
    head: Sequence[Words]
    rows: Sequence[Sequence[Words]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, the same as on the page."""

    chart: Chart


Block = Heading | Text | Grid | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One paper.

    Attributes:
        title: stands on top, centred.
        blocks: the body, in order.
        issued_by: who answers for it; stands at the end, on the right, over the day.
        day: the day that it bears.
        number: its registration number (发文字号), under the title; '' for none.
        addressed_to: whom it is for; a line of its own before the body.
        foot: small print on every page: who printed it and when, or that the data are made up.
        language: ``zh`` or ``en``: dates and quotation marks follow it.
        wide: A4 across with small print, for a table of many columns; PDF alone.
        watermark: stands grey across every page: who took the paper, and when; PDF alone, '' for none.
    """

    title: Words
    blocks: Sequence[Block]
    issued_by: Words
    day: date
    number: Words = ""
    addressed_to: Words = ""
    foot: Words = ""
    language: str = "zh"
    wide: bool = False
    watermark: Words = ""

    @property
    def day_in_words(self) -> str:
        """The day as papers write it: ``2026年11月15日``, in English ``15 November 2026``."""
        if self.language == "en":
            return f"{self.day.day} {self.day:%B %Y}"
        return f"{self.day.year}年{self.day.month}月{self.day.day}日"
