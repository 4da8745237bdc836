"""What the registries' edits say on a card: the codes as they stand there, and as what they count."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from made_up_cards import page
from tonghu.registry.checks import Found, check
from tonghu.registry.forms.titles import TOGETHER, title_of
from tonghu.rulebook import packaged

ON = date(2026, 11, 22)
WHOLE = {
    "topography": "C22.0", "behaviour": "3", "grade": "6", "laterality": "0", "basis": "7",
    "first_diagnosis_date": "2026-09-08", "case_status": "1",
}  # fmt: skip

pytestmark = pytest.mark.requirement("REG-05")


def found(rule: str, **changes: str) -> Found:
    return next(one for one in check(page({**WHOLE, **changes}), ON) if one.rule == rule)


def test_a_code_that_counts_as_another_is_named_as_written_with_what_it_counts_as() -> None:
    said = found("V05", histology="M98210/3")
    assert said.message_zh == (
        "白血病 M98210/3 的部位为 C22.0，应为 C42.1（骨髓）；M98210/3 是 ICD-O-2 的编码，ICD-O-3 中为 9835"
    )
    assert "leukaemia M98210/3 is C22.0" in said.message_en
    assert said.message_en.endswith("; M98210/3 is a number of ICD-O-2, in ICD-O-3 it is 9835")


@pytest.mark.parametrize("written", ["9811", "M98110/3", "9811/3"])
def test_a_code_that_counts_as_itself_is_only_named(written: str) -> None:
    said = found("T01", histology=written)
    assert said.message_zh == f"形态学 {written} 属造血系统肿瘤，不应见于部位 C22.0，请核实"


def test_the_behaviour_is_said_once() -> None:
    said = found("V03", histology="M81700/6", behaviour="6")
    assert said.message_zh.startswith("形态学 M81700 与行为编码 6 的组合未列出")


def test_a_text_that_is_no_code_is_named_as_it_stands() -> None:
    assert found("V01", topography="骨髓", histology="9811").message_zh == "部位编码 骨髓 不是 ICD-O-3 部位"


def test_the_rules_of_the_card_name_the_site_as_it_stands_there() -> None:
    assert "部位 C42.1 不是成对器官" in found("CARD05", topography="C42.1", histology="9811", laterality="1").message_zh


def test_rules_that_share_an_id_and_not_a_title_are_called_by_what_they_have_in_common() -> None:
    titles: dict[str, set[str]] = {}
    for rule in packaged("tumours").rules:
        titles.setdefault(rule.reports, set()).add(rule.title.zh)
    assert {known for known, called in titles.items() if len(called) > 1} == TOGETHER.keys()
    with override("zh-hans"):
        assert title_of("T01") == "部位应与形态学相符"
