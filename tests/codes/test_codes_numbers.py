"""Numbers and cell text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes import numbers, text
from tonghu.codes.reading import FULLWIDTH, TOO_MANY_PLACES, Reading

DIGITS_TO_FULL = {ord(c): ord(c) + 0xFEE0 for c in "0123456789.-"}


@pytest.mark.parametrize(("cell", "value", "note"), numbers.INTEGER_FORMS)
def test_integer_forms(cell: str, value: int | None, note: str | None) -> None:
    assert numbers.read_int(cell) == Reading(value, note)


@pytest.mark.parametrize(("cell", "value", "note"), numbers.DECIMAL_FORMS)
def test_decimal_forms(cell: str, value: str | None, note: str | None) -> None:
    assert numbers.read_decimal(cell) == Reading(None if value is None else Decimal(value), note)


def test_an_empty_cell_has_no_number() -> None:
    assert numbers.read_int(None) == Reading(None)
    assert numbers.read_decimal("\u3000") == Reading(None)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers_are_read_back(number: int) -> None:
    assert numbers.read_int(str(number)) == Reading(number)
    assert numbers.read_int(str(number).translate(DIGITS_TO_FULL)) == Reading(number, FULLWIDTH)


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 4))
def test_decimals_are_exact_and_rounded_away_from_zero_at_a_half(number: Decimal, places: int) -> None:
    reading = numbers.read_decimal(f"{number:f}", places)
    assert reading.value == number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert reading.note == (None if reading.value == number else TOO_MANY_PLACES)


@given(st.text(max_size=20))
def test_no_text_whatever_breaks_the_number_readers(cell: str) -> None:
    for reading in (numbers.read_int(cell), numbers.read_decimal(cell)):
        assert reading.value is None or reading.value == Decimal(reading.value)


def test_full_width_characters_become_plain_and_chinese_stays() -> None:
    assert text.halfwidth("Ｃ９１．０００　白血病（急性）！") == "C91.000 白血病(急性)!"
    assert text.halfwidth("白血病") == "白血病"
    assert not text.has_fullwidth("白血病 C91.000")


@given(st.text())
def test_halfwidth_changes_full_width_characters_alone(cell: str) -> None:
    import unicodedata

    for before, after in zip(cell, text.halfwidth(cell), strict=True):
        is_wide = "\uff01" <= before <= "\uff5e" or before == "\u3000"
        assert after == (unicodedata.normalize("NFKC", before) if is_wide else before)


@pytest.mark.parametrize(
    ("cell", "cleaned"),
    [
        (None, None), ("", None), (" \t\r\n", None), ("\u3000\xa0\ufeff\u2009\u200b", None),
        ("\ufeff张三\u3000", "张三"), ("a b", "a b"), ("\x00x\x00", "x"), ("-", "-"),
    ],
)  # fmt: skip
def test_clean_strips_every_kind_of_blank(cell: str | None, cleaned: str | None) -> None:
    assert text.clean(cell) == cleaned


def test_every_blank_that_python_knows_is_a_blank_here() -> None:
    missing = [hex(code) for code in range(0x110000) if chr(code).isspace() and chr(code) not in text.BLANKS]
    assert missing == []
