"""Invented people cannot be anybody, and look like people all the same."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes.tables import table
from tonghu.synth.chance import Chance
from tonghu.synth.country import invent_hospital
from tonghu.synth.people import ETHNICITIES, PROVINCES, id_number, invent_name, invent_person


@given(
    st.sampled_from([code for code, _ in PROVINCES]),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.integers(0, 999),
)
def test_id_numbers_satisfy_iso_7064_and_belong_to_no_county(province: str, born: date, sequence: int) -> None:
    number = id_number(province, born.toordinal(), sequence)
    # ISO 7064 MOD 11-2 by its definition (powers of two), not by the table of weights that the maker uses.
    total = sum((10 if c == "X" else int(c)) * pow(2, 17 - i, 11) for i, c in enumerate(number))
    assert total % 11 == 1
    assert len(number) == 18
    assert number[2:6] == "0000"
    assert number[6:14] == born.strftime("%Y%m%d").zfill(8)
    assert number[14:17] == f"{sequence:03d}"


def test_the_17th_digit_is_odd_for_boys_only() -> None:
    chance = Chance(1)
    for sex in "12" * 200:
        person = invent_person(chance, sex, date(2015, 5, 5).toordinal(), "51", 7)
        assert int(person.id_number[16]) % 2 == (sex == "1")
        assert person.address.startswith(dict(PROVINCES)[person.province])
        assert "示例路" in person.address
        assert person.phone.startswith("100")
        assert person.record_number == "00000007"


def test_a_birth_day_given_later_goes_into_the_id_number() -> None:
    person = invent_person(Chance(3), "1", date(2025, 9, 1).toordinal(), "51", 1)
    person.set_birth(date(2016, 2, 29).toordinal())
    assert person.id_number[6:14] == "20160229"


def test_names_vary_and_rare_characters_occur() -> None:
    chance = Chance(2)
    names = {invent_name(chance, "1") for _ in range(4000)}
    assert len(names) > 2000
    assert any("·" in name for name in names)
    assert any(len(character.encode("gb18030")) == 4 for name in names for character in name)
    assert all(1 < len(name) <= 20 for name in names)


def test_hospitals_are_invented_and_say_so() -> None:
    hospitals = [invent_hospital(1, index) for index in range(400)]
    assert hospitals == [invent_hospital(1, index) for index in range(400)]
    assert len({hospital.code for hospital in hospitals}) == len({hospital.name for hospital in hospitals}) == 400
    assert {len(hospital.code) for hospital in hospitals} == {9, 18, 22}
    assert all("TEST" in hospital.code and "虚构市示例" in hospital.name for hospital in hospitals)
    assert {hospital.level for hospital in hospitals} == {"三级", "二级"}
    assert {hospital.name[-4:] == "儿童医院" for hospital in hospitals if hospital.for_children} == {True}


def test_provinces_and_ethnic_groups_are_those_of_the_code_tables() -> None:
    provinces, groups = table("RC036"), table("RC035")
    assert all(provinces.has(code + "0000") for code, _ in PROVINCES)
    assert all(groups.has(code) for code, _ in ETHNICITIES)
