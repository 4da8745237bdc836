"""What the queue, the panel of findings, the list and the export say where little is left to say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

import made_up
from made_up_cards import Point, code
from tonghu.codes.hqms_fields import LAYOUTS
from tonghu.hqms.labels import GROUPS_EN, GROUPS_ZH
from tonghu.platform.components.parts import Confirm
from tonghu.platform.components.templatetags.components import field
from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import called
from tonghu.registry import first_screen
from tonghu.registry.models import Card
from tonghu.registry.pages import opening
from tonghu.registry.pages.card_lists import group_name
from tonghu.registry.pages.export_form import ExportForm
from tonghu.registry.services import move, save_card

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


def handed_in(point: Point, card: Card) -> Card:
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
    return card


@pytest.mark.parametrize("kind", ["", "returned"])
def test_cards_that_came_back_with_nothing_found_have_a_row_of_their_own(point: Point, kind: str) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    back = handed_in(point, point.card())
    found = handed_in(point, point.card())
    with point.acting("auditor") as by:
        move(cards=[back.pk, found.pk], act="return", by=by, reason="请核对")
    with point.acting("entry_clerk") as by:  # what came back with something to mend is not counted here
        save_card(card=found.pk, based_on=found.version, by=by, front={code("age_years"): "12"})
    page = text(clerk.get(f"/cards/queue?kind={kind}"))
    words = re.search(r'<a href="([^"]+)">被退回，没有查出问题</a>(.*?)</tr>', page, re.S)
    row = words and re.search(r'<td class="is-number"><a href="([^"]+)">(\d+)<', words[2])
    assert words
    assert row
    assert (row[1], row[2]) == (words[1], "1"), "the words and the number open the same"
    listed = text(clerk.get(f"/cards/queue{row[1].replace('&amp;', '&')}"))
    assert listed.count("<tr data-card") == 1
    assert back.record_number in listed


def test_where_all_have_findings_there_is_no_such_row(point: Point) -> None:
    point.card(age_years="12")
    page = text(made_up.browser(point.post("entry_clerk")).get("/cards/queue"))
    assert "HQ051" in page
    assert "没有查出问题" not in page


def test_a_blank_that_keeps_rules_from_deciding_is_said_to_clerk_and_auditor(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "waiting_for", lambda *_said: (["首次诊断日期"], 2))
    card = point.card()
    for role in ("entry_clerk", "auditor"):
        page = re.sub(r"\s+", " ", text(made_up.browser(point.post(role)).get(f"/cards/{card.pk}")))
        assert "有关规则无法判断" in page
        assert "已判断的规则全部通过；3 项空白，部分规则未能判断。" in page
        assert "没有发现问题，全部规则通过" not in page


@pytest.mark.parametrize("said", [((), 0), (("首次诊断日期",), 0), (("首次诊断日期", "身高"), 3)])
def test_the_panel_counts_what_is_blank(said: tuple[tuple[str, ...], int]) -> None:
    with override("zh-hans"):
        panel = render_to_string(
            "registry/parts/findings.html", {"findings": [], "begun": True, "waiting": said, "counts": []}
        )
    n = len(said[0]) + said[1]
    assert ("没有发现问题，全部规则通过。" in panel) == (n == 0)
    assert (f"已判断的规则全部通过；{n} 项空白，部分规则未能判断。" in panel) == (n > 0)


def test_groups_have_names_in_both_languages() -> None:
    assert GROUPS_EN.keys() == GROUPS_ZH.keys()
    with override("en"):
        assert (group_name("malignant"), group_name("itp")) == ("malignant tumour", "immune thrombocytopenia")
    with override("zh-hans"):
        assert (group_name("malignant"), group_name("itp")) == ("恶性肿瘤", "免疫性血小板减少症")


def test_the_list_shows_the_name_of_the_group(point: Point) -> None:
    point.card()
    page = text(made_up.browser(point.post("entry_clerk")).get("/cards"))
    assert re.search(r"<td[^>]*>\s*恶性肿瘤\s*</td>", page)
    assert not re.search(r"<td[^>]*>\s*malignant\s*</td>", page)


def test_the_export_begins_with_the_layout_of_most_cards(point: Point) -> None:
    records = made_up.browser(point.post("records_department"))
    chosen = re.compile(r'<option value="(\d{4})" selected')
    assert chosen.findall(text(records.get("/cards/export")))[0] in LAYOUTS
    point.card()
    assert chosen.findall(text(records.get("/cards/export"))) == ["2012"]


def test_the_name_over_a_card_leads_to_the_child_for_those_who_may_open_it(point: Point) -> None:
    card = point.card()
    child = f'<a href="/children/{card.child_id}">欧阳测童</a>'
    clerk = made_up.browser(point.post("entry_clerk"))
    assert child in text(clerk.get(f"/cards/{card.pk}"))
    assert clerk.get(f"/children/{card.child_id}").status_code == 200


def test_what_came_back_stands_first_and_the_first_screen_tells_how_many_rules_more(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    back = handed_in(point, point.card())
    with point.acting("auditor") as by:
        move(cards=[back.pk], act="return", by=by, reason="请核对")
    point.card(age_years="12", registered_postcode="61004")
    page = text(clerk.get("/cards/queue"))
    assert 0 < page.index("被退回，没有查出问题") < page.index("HQ051")
    assert "另有" not in text(clerk.get("/"))
    monkeypatch.setattr(first_screen, "NAMED", 1)
    assert re.search(r'<a href="/cards/queue">另有 \d 类</a>', text(clerk.get("/")))


def test_a_choice_that_is_made_from_the_start_is_not_called_optional() -> None:
    with override("zh-hans"):
        form = ExportForm()
        assert "选填" not in render_to_string("components/field.html", field(form["kind"]))
        form.fields["kind"].choices = [("", "—"), ("csv", "CSV")]
        assert "选填" in render_to_string("components/field.html", field(form["kind"]))


def test_a_consequence_of_nothing_is_left_out() -> None:
    asked = Confirm(question="？", consequences=[("0", "份作废"), ("3", "份恢复")], act="撤销", url="/", final=False)
    page = render_to_string("components/confirm.html", {"confirm": asked, "id": "ask"})
    assert "份恢复" in page
    assert "份作废" not in page


def test_who_acted_is_called_by_their_role_in_the_readers_language() -> None:
    ours, theirs = (Scope(label=f"虚构乙 · 数据审核员 · {place}") for place in ("虚构医院", "虚构二院"))
    acted = "虚构甲 · 数据录入员 · 虚构医院"
    assert [called(acted, by) for by in (ours, theirs)] == ["虚构甲 · 数据录入员", "数据录入员 · 虚构医院"]
    with override("en"):
        assert [called(acted, by) for by in (ours, theirs)] == ["虚构甲 · Entry clerk", "Entry clerk · 虚构医院"]
