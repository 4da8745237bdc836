"""Resident identity numbers, all made up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes import identity
from tonghu.codes.bad_code import BadCode

BIRTHS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
REGIONS = st.sampled_from(["110101", "510107", "650102", "440303"])
SEQUENCES = st.integers(0, 999)


def checked(seventeen: str) -> str:
    """The check character by the definition of ISO 7064 MOD 11-2, digit by digit."""
    value = 0
    for digit in seventeen:
        value = (value + int(digit)) * 2 % 11
    return "0123456789X"[(12 - value) % 11]


@given(REGIONS, BIRTHS, SEQUENCES)
def test_a_right_number_is_right_and_says_birth_and_sex(region: str, birth: date, sequence: int) -> None:
    seventeen = f"{region}{birth:%Y%m%d}{sequence:03d}"
    number = seventeen + checked(seventeen)
    assert identity.check_character(seventeen) == number[17]
    assert identity.is_valid(number)
    assert identity.is_well_formed(number)
    assert identity.is_valid(number.lower())
    assert identity.has_small_x(number.lower()) == (number[17] == "X")
    assert not identity.has_small_x(number)
    assert identity.birth_date(number) == birth
    assert identity.is_male(number) == (sequence % 2 == 1)
    assert identity.province_prefix(number) == f"{region[:2]}0000"


@given(REGIONS, BIRTHS, SEQUENCES, st.integers(0, 16), st.integers(1, 9))
def test_any_one_wrong_digit_is_found(region: str, birth: date, sequence: int, place: int, shift: int) -> None:
    seventeen = f"{region}{birth:%Y%m%d}{sequence:03d}"
    number = seventeen + checked(seventeen)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not identity.is_valid(wrong)


@given(REGIONS, BIRTHS, SEQUENCES, st.integers(0, 15))
def test_two_neighbours_exchanged_are_found(region: str, birth: date, sequence: int, place: int) -> None:
    seventeen = f"{region}{birth:%Y%m%d}{sequence:03d}"
    number = seventeen + checked(seventeen)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert identity.is_valid(swapped) == (swapped == number)


def test_a_number_of_fifteen_digits_is_of_the_last_century() -> None:
    number = "510107990928001"
    assert identity.birth_date(number) == date(1999, 9, 28)
    assert identity.is_male(number) is True
    assert identity.is_well_formed(number)
    assert not identity.is_valid(number)
    assert not identity.has_small_x(number)


@pytest.mark.parametrize(
    "number",
    [
        "", "-", "51010720160925002", "510107201602300028", "5.10107E+17", "51010720160925002Y",
        "５１０１０７２０１６０９２５００２８", "510107189909250028", "510107991328001", "510107210009250028",
        "ABCDEF201609250028", "510107201609250028 ",
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(number: str) -> None:
    assert identity.birth_date(number) is None
    assert not identity.is_valid(number)
    assert not identity.is_well_formed(number)


def test_what_has_not_the_shape_says_nothing_about_sex_and_province() -> None:
    assert identity.is_male("51010720160925") is None
    assert identity.province_prefix("no number") is None


@pytest.mark.parametrize("text", ["", "5101072016092500", "510107201609250021", "5101072016092500２"])
def test_a_check_character_needs_seventeen_digits(text: str) -> None:
    with pytest.raises(BadCode, match="17"):
        identity.check_character(text)
