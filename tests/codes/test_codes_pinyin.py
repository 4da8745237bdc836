"""Names in Latin letters: surnames by their own readings, every reading for search, one order everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes.pinyin import MOST_READINGS, initials, readings, sort_key, spell


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("单雪", "shan xue"), ("曾小贤", "zeng xiao xian"), ("仇英", "qiu ying"), ("解缙", "xie jin"),
        ("万俟卨", "mo qi xie"), ("尉迟恭", "yu chi gong"), ("长孙无忌", "zhang sun wu ji"), ("欧阳修", "ou yang xiu"),
        ("单于飞", "chan yu fei"), ("令狐冲", "ling hu chong"), ("澹台灭明", "tan tai mie ming"),
        ("鲜于通", "xian yu tong"), ("吕布", "lv bu"),
        ("张 子 涵", "zhang zi han"), ("简单", "jian dan"), ("单", "dan"), ("", ""),
        ("Anna 王", "anna wang"),
    ],
)  # fmt: skip
def test_a_name_is_spelt_as_it_is_called(name: str, spelt: str) -> None:
    assert " ".join(spell(name)) == spelt


def test_every_reading_is_offered_and_the_usual_one_comes_first() -> None:
    heard = readings("覃乐")
    assert heard[0] == spell("覃乐")
    assert {("qin", "le"), ("qin", "yue"), ("tan", "le"), ("tan", "yue")} <= set(heard)


def test_a_surname_of_two_characters_is_also_found_as_one_and_a_given_name() -> None:
    assert ("shan", "yu", "fei") in readings("单于飞")


def test_names_are_ordered_by_syllables_and_not_by_characters() -> None:
    assert sorted(["张三", "曾一", "单二", "安五"], key=sort_key) == ["安五", "单二", "曾一", "张三"]


@given(st.text(max_size=8))
def test_any_text_has_a_reading_of_plain_letters(name: str) -> None:
    heard = readings(name)
    assert 1 <= len(heard) <= MOST_READINGS
    assert heard[0] == spell(name)
    assert all(syllable.isascii() and syllable.isalnum() for spelt in heard for syllable in spelt)
    assert len(initials(heard[0])) == len(heard[0])


def test_a_name_from_another_language_is_found_by_the_reading_that_its_bearer_uses() -> None:
    assert ("a", "bu", "du", "la") in readings("阿卜杜拉")
