"""ICD-10, code lists, ICD-O and ICCC."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes import iccc, icd10, icdo
from tonghu.codes.bad_code import BadCode
from tonghu.codes.code_list import CodeList

CATEGORIES = st.from_regex(r"[A-Z][0-9]{2}", fullmatch=True)
CODES = st.from_regex(r"[A-Z][0-9]{2}(\.([0-9]{1,3}|x[0-9]{2})(x[0-9]{3})?)?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "key", "who", "printed"),
    [
        ("C91.000", "C91000", "C91.0", "C91.000"),
        ("c91.000x006", "C91000X006", "C91.0", "C91.000x006"),
        ("Ｃ９１．０００", "C91000", "C91.0", "C91.000"),
        (" D69.3 ", "D693", "D69.3", "D69.3"),
        ("D66.x00x001", "D66X00X001", "D66", "D66.x00x001"),
        ("C64.x00", "C64X00", "C64", "C64.x00"),
        ("I10.x05", "I10X05", "I10", "I10.x05"),
        ("C64X", "C64X", "C64", "C64.x"),
        ("D66", "D66", "D66", "D66"),
        ("C910", "C910", "C91.0", "C91.0"),
        ("A17.000+", "A17000+", "A17.0", "A17.000+"),
        ("G01.x00*", "G01X00*", "G01", "G01.x00*"),
    ],
)
def test_a_code_in_any_writing(text: str, key: str, who: str, printed: str) -> None:
    code = icd10.parse(text)
    assert (code.key, code.who, str(code)) == (key, who, printed)
    assert code.category == key[:3]
    assert icd10.is_code(text)


@pytest.mark.parametrize("text", ["", "C9", "91.0", "C91.0000", "M98210/3", "C91.0-", "白血病", "C91.x0", "C91.000x06"])
def test_a_wrong_shape_fails_where_it_enters(text: str) -> None:
    assert not icd10.is_code(text)
    with pytest.raises(BadCode) as refused:
        icd10.parse(text)
    assert "ICD-10" in refused.value.zh
    assert "ICD-10" in refused.value.en


@given(CODES)
def test_the_published_clinical_shape_is_accepted(text: str) -> None:
    code = icd10.parse(text)
    assert icd10.parse(str(code)) == code
    assert code.key == icd10.normalise(text.lower())


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("C00-C97", ["C000", "C97", "C97X00", "C649"], ["D000", "B99", "C98", ""]),
        ("D32, D35.2-D35.4, D69.3", ["D320", "D352", "D3544", "D693", "D69300X001"], ["D351", "D355", "D69", "D694"]),
        ("8010-8015, 8020", ["8010", "8015", "8020"], ["8016", "8009", "8021"]),
        ("60-64, 87.9", ["640000X001", "8790"], ["6500", "8780"]),
    ],
)
def test_a_code_list(text: str, inside: list[str], outside: list[str]) -> None:
    codes = CodeList.parse(text)
    assert [key for key in inside if not codes.matches(key)] == []
    assert [key for key in outside if codes.matches(key)] == []
    assert str(codes) == text


ITEMS = st.one_of(
    st.from_regex(r"[A-D][0-3]{1,3}", fullmatch=True),
    st.tuples(st.from_regex(r"[A-D][0-3]{2}", fullmatch=True), st.from_regex(r"[A-D][0-3]{2}", fullmatch=True)).map(
        lambda ends: f"{min(ends)}-{max(ends)}"
    ),
)


@given(st.lists(ITEMS, min_size=1, max_size=6), st.from_regex(r"[A-D][0-3]{2,5}", fullmatch=True))
def test_matching_and_bounds_say_what_the_notation_says(items: list[str], key: str) -> None:
    def item_matches(item: str) -> bool:
        low, _, high = item.partition("-")
        return low <= key[: len(low)] <= (high or low)

    codes = CodeList.parse(", ".join(items))
    expected = any(item_matches(item) for item in items)
    assert codes.matches(key) == expected
    assert any(low <= key < high for low, high in codes.bounds()) == expected
    flat = [end for pair in codes.bounds() for end in pair]
    assert flat == sorted(set(flat))


@pytest.mark.parametrize("text", ["", "C00,", "C00-C9", "C97-C00", "A-B-C", "-", ","])
def test_a_list_that_says_nothing_sensible_is_refused(text: str) -> None:
    with pytest.raises(BadCode, match="前缀"):
        CodeList.parse(text)


@pytest.mark.parametrize(
    ("text", "histology", "behaviour", "from_m_code", "extension", "printed"),
    [
        ("M98210/3", "9821", "3", True, "0", "M98210/3"),
        ("m98210／3", "9821", "3", True, "0", "M98210/3"),
        ("M9821/3", "9821", "3", True, "", "M9821/3"),
        ("98210/3", "9821", "3", True, "0", "M98210/3"),
        ("9835/3", "9835", "3", False, "", "9835/3"),
        ("98353", "9835", "3", False, "", "9835/3"),
        (" 8000 / 6 ", "8000", "6", False, "", "8000/6"),
    ],
)
def test_morphology_in_any_writing(
    text: str, histology: str, behaviour: str, from_m_code: bool, extension: str, printed: str
) -> None:
    code = icdo.Morphology.parse(text)
    assert code == icdo.Morphology(histology, behaviour, from_m_code, extension)
    assert str(code) == printed


@pytest.mark.parametrize(
    "text", ["", "M98210", "M98213", "9821", "9821/4", "7999/3", "M982100/3", "C91.0", "9821/39", "M/3"]
)
def test_a_wrong_morphology_is_refused(text: str) -> None:
    with pytest.raises(BadCode, match="形态学"):
        icdo.Morphology.parse(text)


def test_sites() -> None:
    assert icdo.Topography.parse("c64.9") == icdo.Topography.parse("C649")
    assert str(icdo.Topography("C649")) == "C64.9"
    assert icdo.Topography("C649").known
    assert not icdo.Topography("C999").known
    assert len(icdo.topography()) == 330
    assert all(site.name_en and site.name_zh for site in icdo.topography().values())
    for text in ("", "C64", "D649", "C6499"):
        for make in (icdo.Topography, icdo.Topography.parse):
            with pytest.raises(BadCode, match="部位"):
                make(text)


def test_the_morphology_table_is_listed_in_english_alone() -> None:
    terms = icdo.morphology()
    assert terms["9835", "3"].histology == "9835"
    assert "Wilms tumor (C64.9)" in terms["8960", "3"].synonyms_en
    assert all(re.fullmatch(r"[89]\d{3}", histology) and behaviour in icdo.BEHAVIOURS for histology, behaviour in terms)
    assert not any(re.search("[\u4e00-\u9fff]", term.name_en + "".join(term.synonyms_en)) for term in terms.values())


def test_iccc_groups_hang_together() -> None:
    mains, subs, extended = (iccc.groups(level) for level in ("main", "subgroup", "extended"))
    assert [group.label for group in mains] == "I II III IV V VI VII VIII IX X XI XII".split()
    assert {group.parent for group in subs} == {group.code for group in mains}
    assert {group.parent for group in extended} == {group.code for group in subs}
    assert [group.code for group in extended] == [f"{number:03d}" for number in range(1, 116)]
    assert all(group.name_zh and group.name_en for group in (*mains, *subs, *extended))


def test_iccc_names() -> None:
    assert iccc.main_group("I") == iccc.main_group("01")
    assert iccc.main_of("011") == "I"
    assert iccc.main_of("999") == ""
    assert iccc.subgroup("999").level == iccc.extended("999").level == "none"
    assert iccc.extended("001").label == "Ia.1"
    for ask in (iccc.main_group, iccc.subgroup, iccc.extended, iccc.main_of):
        with pytest.raises(BadCode, match="ICCC-3"):
            ask("998")
