"""The surveillance scope is published to the points: groups, codes, since when, on what ground."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import made_up
from made_up_cards import Point
from tonghu.hqms.screen import SET
from tonghu.registry.pages import scope_view
from tonghu.rulebook import packaged

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-04")]


def test_every_group_stands_there_with_its_codes_and_its_ground(point: Point) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    shown = clerk.get("/cards/scope", {"on": "2026-11-22"}).content.decode()
    rules = [rule for rule in packaged("registry").rules if rule.set == SET and rule.is_valid(date(2026, 11, 22))]
    assert len([rule for rule in rules if not rule.optional]) >= 8
    before = shown[: shown.index("默认不报告")]
    for rule in rules:
        name = f'<th scope="row">{rule.title.zh}</th>'
        assert name in shown
        assert (name in before) == (not rule.optional)
    for code in ("C00-C26", "D35.2-D35.4", "D69.3"):
        assert f"<code>{code}</code>" in before
    assert "<code>D76.0</code>" not in before
    for words in (
        "2017-01-01",
        "未满 20 岁",
        "国家儿童肿瘤监测工作要求 二(二)",
        "主诊断或其他诊断符合即可",
        "本系统对应",
    ):
        assert words in shown
    assert "annex" not in shown, "the rule's own words are English"
    assert 'href="/cards/scope"' in clerk.get("/").content.decode()


def test_it_is_the_scope_of_the_day_that_is_asked_for(point: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    long_ago = clerk.get("/cards/scope", {"on": "2016-12-31"}).content.decode()
    assert long_ago.index("以后生效的变化") < long_ago.index("C00-C26")
    assert "C00-C26" in clerk.get("/cards/scope", {"on": "no day"}).content.decode()
    book = packaged("registry")
    ends = date(2027, 1, 1)
    rules = [
        one
        for rule in book.rules
        for one in ([replace(rule, valid_to=ends), replace(rule, valid_from=ends, verified=True, flag="code = 'D69.3'")]
                    if rule.id == "SCOPE-itp" else [rule])
    ]  # fmt: skip
    monkeypatch.setattr(scope_view, "packaged", lambda _folder: replace(book, rules=rules))
    shown = clerk.get("/cards/scope", {"on": "2026-12-31"}).content.decode()
    assert "2017-01-01 – 2027-01-01" in shown[: shown.index("以后生效的变化")]
    assert "见于官方目录" in shown[shown.index("以后生效的变化") :]


def test_in_english_with_the_words_of_the_rule(point: Point) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    clerk.post("/language", {"language": "en", "next": "/"})
    shown = clerk.get("/cards/scope", headers={"accept-language": "en"}).content.decode()
    assert "Malignant tumour" in shown
    assert "annex 2(2): all malignant tumours of children" in shown
