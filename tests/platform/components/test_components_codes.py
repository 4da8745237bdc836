"""The code picker: found by code, name, pinyin and initials; what the list does not have is refused with help."""

from __future__ import annotations

import pytest
from django import forms
from django.utils import translation

from tonghu.platform.components import codes
from tonghu.platform.components.codes import CodeField


@pytest.mark.parametrize("typed", ["510000", "51", "四川", "四川省", "sichuan", "scs", "SC S", "Si Chuan"])
def test_a_province_is_found_however_it_is_typed(typed: str) -> None:
    assert "510000" in [choice.code for choice in codes.find("RC036", typed)]


def test_what_begins_with_the_text_comes_first_and_the_answer_is_short() -> None:
    found = codes.find("RC036", "1")
    assert found[0].code.startswith("1")
    assert len(codes.find("RC036", "")) == codes.BEST
    assert codes.find("RC036", "qqq") == []
    assert len(codes.find("RC036", "省", limit=3)) == 3


@pytest.mark.parametrize("typed", ["1", "男", "1 男", " 1 男 ", "男性"[:1]])
def test_a_field_cleans_to_the_code(typed: str) -> None:
    assert CodeField("RC001").clean(typed) == "1"


def test_the_english_name_names_an_entry_too() -> None:
    entry = next(choice for choice in codes.choices("RC001") if choice.en)
    assert CodeField("RC001").clean(entry.en) == entry.code
    with translation.override("en"):
        assert entry.shown == f"{entry.code} {entry.en}"
    with translation.override("zh-hans"):
        assert entry.shown == f"{entry.code} {entry.zh}"


def test_what_is_near_is_offered_and_nonsense_says_what_to_do() -> None:
    with translation.override("zh-hans"):
        with pytest.raises(forms.ValidationError, match=r"“四川”不在本代码表中.*510000 四川省"):
            CodeField("RC036").clean("四川")
        with pytest.raises(forms.ValidationError, match=r"“qqq”不在本代码表中.*拼音首字母"):
            CodeField("RC036").clean("qqq")
        with pytest.raises(forms.ValidationError, match="不在"):
            CodeField("RC001").clean("1 女")  # code and name of two entries
    assert CodeField("RC001", required=False).clean("") == ""


def test_the_field_shows_the_code_with_its_name_and_keeps_what_cannot_be_read() -> None:
    class One(forms.Form):
        sex = CodeField("RC001")

    with translation.override("zh-hans"):
        assert 'value="1 男"' in str(One({"sex": "1"})["sex"])
        assert 'value="&lt;b&gt;"' in str(One({"sex": "<b>"})["sex"])
        assert 'data-picker="/codes/RC001"' in str(One()["sex"])
        assert " value=" not in str(One()["sex"])


def test_other_rooms_bring_lists_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codes.SOURCES, "LETTERS", lambda: [("A", "甲", ""), ("B", "乙", "second")])
    assert [choice.code for choice in codes.find("LETTERS", "jia")] == ["A"]
    with translation.override("en"):
        assert [choice.name for choice in codes.choices("LETTERS")] == ["甲", "second"]
    assert codes.known("LETTERS")
    assert not codes.known("no such list")
    codes.choices.cache_clear()
