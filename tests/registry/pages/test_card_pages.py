"""The pages of one card: the form, checks while typing, saving, submitting, drafts, two tabs, reasons, masks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

import made_up
from made_up_cards import Point, code
from tonghu.patients.models import HospitalView
from tonghu.registry.drafts import draft_content
from tonghu.registry.models import Card, CardAct, CardVersion, Draft, Finding
from tonghu.registry.pages import card_views
from tonghu.registry.pages.opening import opened
from tonghu.registry.services import move, override

pytestmark = pytest.mark.django_db

AGE, REGISTERED, POSTCODE = code("age_years"), code("registered_address"), code("registered_postcode")
NUMBER, OUTCOME = code("national_id"), code("discharge_disposition")


@pytest.fixture
def point() -> Point:
    return Point()


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


def stands(point: Point, card: Card) -> Card:
    with point.acting("entry_clerk"):
        return Card.objects.get(pk=card.pk)


def says(point: Point, card: Card) -> Any:
    with point.acting("entry_clerk") as by:
        return opened(card.pk, by).saved


# --- the form --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_the_form_shows_the_card_with_its_findings(point: Point, clerk: Client) -> None:
    card = point.card(registered_address="武侯区虚构路1号", age_years="12")
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert 'data-key="HQ097|' in said
    assert f'data-key="HQ051|{AGE}"' in said
    assert 'data-proposes="9"' in said
    assert 'value="武侯区虚构路1号"' in said
    assert card.record_number in said


@pytest.mark.parametrize("role", ["entry_clerk", "auditor"])
def test_a_child_born_after_the_discharge_is_a_finding_and_no_fault(point: Point, role: str) -> None:
    card = point.card(birth_date="2026-11-20", national_id="-")
    with point.acting("entry_clerk"):
        HospitalView.objects.filter(pk=card.view_id).update(birth_date=date(2026, 11, 20))
    browser = made_up.browser(point.post(role))
    answer = browser.get(f"/cards/{card.pk}")
    assert answer.status_code == 200
    assert 'class="unknown"' in text(answer)


def test_an_identity_is_masked_and_never_in_the_form(point: Point, clerk: Client) -> None:
    card = point.card(contact_phone="13812345678")
    number = says(point, card).front[NUMBER]
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert number not in said
    assert "13812345678" not in said
    assert 'placeholder="510***' in said
    whole = clerk.post(f"/cards/{card.pk}/whole", {"_field": NUMBER})
    assert f'value="{number}"' in text(whole)
    mark = text(whole).split('class="watermark">')[1].split("<")[0]
    assert point.post("entry_clerk").person.name in mark, "who saw it stands beside it"
    assert "更正报告卡" in mark
    assert 'hx-swap-oob="beforeend:#shown-whole"' in text(whole), "and in the evidence"
    assert 'id="shown-whole"' in said
    assert clerk.post(f"/cards/{card.pk}/whole", {"_field": AGE}).status_code == 404


def test_a_message_does_not_tell_what_the_mask_hides(point: Point, clerk: Client) -> None:
    card = point.card(national_id="510107201609250020")
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert f'|{NUMBER}"' in said, "the check digit is wrong"
    assert "510107201609250020" not in said


def test_a_dash_for_no_number_is_no_identity(point: Point, clerk: Client) -> None:
    card = point.card(employer_phone="-", diagnosis_confirmed_date="2020-01-01 00:00:00")
    answer = text(clerk.get(f"/cards/{card.pk}"))
    assert "2020-01-01" in answer
    assert "2020*01" not in answer
    assert f'id="id_{code("employer_phone")}" name="{code("employer_phone")}" value="-"' in answer


def test_a_masked_field_that_comes_back_empty_is_as_it_was(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    number = says(point, card).front[NUMBER]
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", NUMBER: "", AGE: "9"})
    assert says(point, card).front[NUMBER] == number
    assert says(point, card).front[AGE] == "9"


def test_blank_fields_fold_and_come_when_they_are_asked_for(point: Point, clerk: Client) -> None:
    card = point.card()
    form = text(clerk.get(f"/cards/{card.pk}"))
    weight = code("newborn_admission_weight_g")
    assert f'id="id_{weight}"' not in form
    assert f'id="id_{weight}"' in text(clerk.get(f"/cards/{card.pk}/rest", {"section": "stay"}))
    assert text(clerk.get(f"/cards/{card.pk}/rest", {"section": "no such"})).strip() == ""


def test_one_more_row_of_a_table(point: Point, clerk: Client) -> None:
    card = point.card()
    said = text(clerk.get(f"/cards/{card.pk}/row", {"stem": "other_diagnosis_10"}))
    assert f'id="id_{code("other_diagnosis_10_code")}"' in said
    assert "data-more-of" not in said, "there is no eleventh in this layout"
    assert clerk.get(f"/cards/{card.pk}/row", {"stem": "other_diagnosis_11"}).status_code == 404


def test_the_supplement_asks_what_the_card_is_for(point: Point, clerk: Client) -> None:
    living, dead = point.card(), point.card(discharge_disposition="5")
    assert 'id="id_death_cause_code"' not in text(clerk.get(f"/cards/{living.pk}"))
    assert 'id="id_death_cause_code"' in text(clerk.get(f"/cards/{dead.pk}"))
    itp = point.card(
        principal_diagnosis_code="D69.300", principal_diagnosis_name="免疫性血小板减少症",
        other_diagnosis_1_code="", other_diagnosis_1_name="", other_diagnosis_1_poa="",
    )  # fmt: skip
    said = text(clerk.get(f"/cards/{itp.pk}"))
    assert 'id="id_topography"' not in said
    assert 'id="id_first_diagnosis_date"' in said


def test_what_the_childs_last_card_knew_is_offered(point: Point, clerk: Client) -> None:
    first = point.card(supplement={"topography": "C42.1", "case_status": "1"})
    number = says(point, first).front[NUMBER]
    second = point.card(medical_record_no=first.record_number, national_id=number)
    said = text(clerk.get(f"/cards/{second.pk}"))
    assert 'data-offers="C42.1"' in said
    assert 'data-offers="1"' not in said, "a new case is new once"
    assert "data-offers" not in text(clerk.get(f"/cards/{first.pk}"))


def test_each_field_is_offered_by_the_latest_stay_that_knows_it(point: Point, clerk: Client) -> None:
    first = point.card(supplement={"topography": "C42.1", "basis": "7"}, discharge_datetime="2026-09-12 09:00")
    same = {"medical_record_no": first.record_number, "national_id": says(point, first).front[NUMBER]}
    point.card(supplement={"basis": "5"}, discharge_datetime="2026-09-20 09:00", **same)
    point.card(discharge_datetime="2026-09-25 09:00", **same)
    last = point.card(discharge_datetime="2026-09-28 09:00", **same)
    said = text(clerk.get(f"/cards/{last.pk}"))
    assert 'data-offers="C42.1"' in said, "known to the first stay alone"
    assert 'data-offers="5"' in said, "the later of two"
    assert 'data-offers="7"' not in said


# --- checks while typing ---------------------------------------------------------------------------------------------


def test_what_is_typed_is_checked_and_nothing_is_kept(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    wrong = text(clerk.post(f"/cards/{card.pk}/check", {REGISTERED: "武侯区虚构路1号"}))
    assert "HQ097" in wrong
    assert "HQ051" in wrong
    right = text(clerk.post(f"/cards/{card.pk}/check", {AGE: "9"}))
    assert "data-finding" not in right
    assert stands(point, card).version == 1
    with point.acting("entry_clerk"):
        assert not Draft.objects.exists()


def test_a_check_names_the_fact_that_is_missing_and_what_codes_mean(point: Point, clerk: Client) -> None:
    card = point.card()
    said = text(clerk.post(f"/cards/{card.pk}/check", {OUTCOME: "5"}))
    assert "HQ098" in said, "the cause of death"
    assert f'data-name-of="{OUTCOME}">死亡' in said


def test_a_reason_that_was_given_can_be_taken_back_also_after_a_check(point: Point, clerk: Client) -> None:
    card = point.card(home_phone="")
    with point.acting("entry_clerk") as by:
        override(findings=[one.pk for one in card.findings.all()], reason="家中无电话", by=by)
    way = f'action="/cards/{card.pk}/reason"'
    assert way in text(clerk.get(f"/cards/{card.pk}"))
    assert way in text(clerk.post(f"/cards/{card.pk}/check", {AGE: "9"}))


def test_ten_thousand_names_in_a_form_are_no_fields(point: Point, clerk: Client) -> None:
    card = point.card()
    posted = {f"x{n}": "1" for n in range(900)} | {"P7": "12" * 500}
    answer = clerk.post(f"/cards/{card.pk}/check", posted)
    assert answer.status_code == 200
    assert AGE in text(answer)


# --- saving, submitting ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_a_mended_card_is_submitted_and_the_next_one_opened(point: Point, clerk: Client) -> None:
    first, second = point.card(age_years="12"), point.card(age_years="13")
    answer = clerk.post(f"/cards/{first.pk}/save", {"_version": 1, AGE: "9"})
    assert answer["Location"] == f"/cards/{second.pk}"
    assert stands(point, first).state == "submitted"
    answer = clerk.post(f"/cards/{second.pk}/save", {"_version": 1, "_rule": "HQ051", AGE: "9"})
    assert answer["Location"] == "/cards/queue?rule=HQ051", "all done: back to the queue"


def test_what_still_blocks_is_said_and_what_was_typed_is_saved(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12", registered_address="武侯区虚构路1号")
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, AGE: "9"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/cards/{card.pk}"
    assert "尚未提交" in text(answer)
    assert (stands(point, card).state, stands(point, card).version) == ("draft", 2)


def test_only_saving_stays_on_the_card_in_its_place_of_the_queue(point: Point, clerk: Client) -> None:
    card, _other = point.card(age_years="12"), point.card(age_years="13")
    sent = {"_version": 1, "_rule": "HQ051", "_act": "save", AGE: "9"}
    answer = clerk.post(f"/cards/{card.pk}/save", sent)
    assert answer["Location"] == f"/cards/{card.pk}?rule=HQ051"
    assert f"已保存：{card.record_number}" in text(clerk.get(answer["Location"]))
    assert stands(point, card).state == "draft"


def test_a_refused_save_keeps_what_was_typed(point: Point, clerk: Client) -> None:
    card = point.card()
    left = code("discharge_datetime")
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, left: "no day", AGE: "8"})
    assert answer.status_code == 422
    assert 'value="no day"' in text(answer)
    assert 'value="8"' in text(answer)
    assert stands(point, card).version == 1


def test_a_reason_given_on_the_page_is_kept_with_the_card(point: Point, clerk: Client) -> None:
    card = point.card(registered_postcode="-", home_phone="")
    with point.acting("entry_clerk"):
        [warning, *_more] = Finding.objects.filter(card=card).exclude(level="error")
    about = f"{warning.rule}|{warning.column}"
    others = [f"{one.rule}|{one.column}" for one in _more]
    posted = {"_version": 1, **{f"why|{one}": "家属无法提供" for one in (about, *others)}}
    clerk.post(f"/cards/{card.pk}/save", posted)
    assert stands(point, card).state == "submitted"
    with point.acting("entry_clerk"):
        assert Finding.objects.get(pk=warning.pk).overridden_reason == "家属无法提供"
    auditor = made_up.browser(point.post("auditor"))
    assert "家属无法提供" in text(auditor.get(f"/cards/{card.pk}")), "the auditor reads it"
    clerk.post(f"/cards/{card.pk}/act", {"_version": 1, "_act": "withdraw"})
    clerk.post(f"/cards/{card.pk}/reason", {"_about": about})
    assert stands(point, card).warnings + stands(point, card).confirms == 1, "it is open again"


def test_a_card_that_is_not_in_hand_is_not_changed(point: Point, clerk: Client) -> None:
    card = point.card(age_years="9")
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, AGE: "8"}, follow=True)
    assert "不能修改" in text(answer)
    assert says(point, card).front[AGE] == "9"


@pytest.mark.requirement("REG-05")
def test_a_returned_card_is_answered_on_the_page_and_the_answer_is_read(point: Point, clerk: Client) -> None:
    card, reply = point.card(), "已与病案核对，原填写无误"
    for role, act in (("entry_clerk", "submit"), ("auditor", "return")):
        with point.acting(role) as by:
            move(cards=[card.pk], act=act, by=by, reason="请核对出生日期" if act == "return" else "")
    assert 'name="_answer"' in text(clerk.get(f"/cards/{card.pk}"))
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_answer": ""}, follow=True)
    assert "请先修改，或填写对退回的答复" in text(answer)
    assert stands(point, card).state == "returned"
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_answer": reply})
    assert stands(point, card).state == "submitted"
    auditor = made_up.browser(point.post("auditor"))
    assert f"</strong>: {reply}" in text(auditor.get(f"/cards/{card.pk}"))
    with point.acting("auditor") as by:
        move(cards=[card.pk], act="approve", by=by)
        move(cards=[card.pk], act="report", by=by)
    centre = made_up.browser(point.post("centre_officer"))
    assert f"</strong>: {reply}" in text(centre.get(f"/cards/{card.pk}"))


def test_a_returned_card_that_was_changed_asks_for_no_answer(point: Point, clerk: Client) -> None:
    card = point.card(age_years="9")
    for role, act in (("entry_clerk", "submit"), ("auditor", "return")):
        with point.acting(role) as by:
            move(cards=[card.pk], act=act, by=by, reason="请核对")
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", REGISTERED: "四川省虚构市1号"})
    assert 'name="_answer"' not in text(clerk.get(f"/cards/{card.pk}"))
    clerk.post(f"/cards/{card.pk}/save", {"_version": 2})
    assert stands(point, card).state == "submitted"


# --- two tabs --------------------------------------------------------------------------------------------------------


def test_two_tabs_on_one_field_meet_on_a_page_that_asks(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    other = made_up.browser(point.post("records_department"))
    other.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", AGE: "10", "P23": "0701"})
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, AGE: "9", REGISTERED: "四川省虚构市1号"})
    assert answer.status_code == 409
    assert ">9<" in text(answer)
    assert ">10<" in text(answer)
    assert says(point, card).front[AGE] == "10", "nobody is overwritten"
    again = {"_version": 2, "_act": "save", AGE: "9", f"_keep_{AGE}": "theirs", REGISTERED: "四川省虚构市1号"}
    clerk.post(f"/cards/{card.pk}/save", again)
    kept = says(point, card).front
    assert (kept[AGE], kept[REGISTERED], kept["P23"]) == ("10", "四川省虚构市1号", "0701")


def test_two_tabs_on_different_fields_are_both_kept(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    other = made_up.browser(point.post("records_department"))
    other.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", REGISTERED: "四川省虚构市1号"})
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", AGE: "9"})
    kept = says(point, card).front
    assert (kept[AGE], kept[REGISTERED]) == ("9", "四川省虚构市1号")
    assert stands(point, card).version == 3


def test_a_form_without_scripts_does_not_take_back_what_others_changed(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    whole = dict(says(point, card).front)  # every field, as a browser without scripts posts them
    whole.pop(NUMBER)
    other = made_up.browser(point.post("records_department"))
    other.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", REGISTERED: "四川省虚构市1号"})
    clerk.post(f"/cards/{card.pk}/save", {**whole, "_version": 1, "_act": "save", AGE: "9"})
    kept = says(point, card).front
    assert (kept[AGE], kept[REGISTERED]) == ("9", "四川省虚构市1号")


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_for_whoever_typed_it(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    assert clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, AGE: "9"}).status_code == 204
    assert clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, AGE: "8"}).status_code == 204
    said = text(clerk.get(f"/cards/{card.pk}"))
    typed = 'value="8" data-was="12"'
    assert typed in said
    other = made_up.browser(point.post("records_department"))
    assert typed not in text(other.get(f"/cards/{card.pk}"))
    clerk.post(f"/cards/{card.pk}/discard")
    assert typed not in text(clerk.get(f"/cards/{card.pk}"))


def test_a_draft_goes_when_everything_is_as_it_was_again_or_saved(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, AGE: "9"})
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, AGE: "12"})
    with point.acting("entry_clerk"):
        assert not Draft.objects.exists()
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, AGE: "9"})
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", AGE: "9"})
    with point.acting("entry_clerk"):
        assert not Draft.objects.exists()


def test_a_draft_on_an_older_version_is_compared_not_put_over_it(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, AGE: "9"})
    other = made_up.browser(point.post("records_department"))
    other.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", AGE: "10"})
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert "旧版本" in said
    assert 'value="10"' in said
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_draft": "1", "_act": "save"})
    assert answer.status_code == 409
    assert ">9<" in text(answer)


def test_a_draft_is_merged_field_by_field_and_says_what_another_tab_typed(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    url = f"/cards/{card.pk}/draft"
    assert clerk.post(url, {"_version": 1, AGE: "9", f"_knew_{AGE}": "12"}).status_code == 204
    assert clerk.post(url, {"_version": 1, REGISTERED: "四川省虚构市1号", f"_knew_{REGISTERED}": ""}).status_code == 204
    answer = clerk.post(url, {"_version": 1, AGE: "8", f"_knew_{AGE}": "12", "topography": "C42.1"})
    assert answer.json() == {"theirs": {AGE: "9"}}
    with point.acting("entry_clerk"):
        held = draft_content(Draft.objects.get(card=card), says(point, card))
    assert (held.front[AGE], held.front[REGISTERED], held.supplement["topography"]) == ("9", "四川省虚构市1号", "C42.1")
    assert clerk.post(url, {"_version": 1, AGE: "8", f"_knew_{AGE}": "9"}).status_code == 204, (
        "knowing what stood there"
    )
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", AGE: "8"})
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert 'value="四川省虚构市1号"' in said, "what was not saved is still there, on the version that was"
    assert "旧版本" not in said


def test_a_draft_of_other_fields_stands_on_what_somebody_else_saved(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, REGISTERED: "四川省虚构市1号"})
    other = made_up.browser(point.post("records_department"))
    other.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", AGE: "10"})
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert "旧版本" not in said
    assert 'value="10"' in said
    assert 'value="四川省虚构市1号"' in said
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 2, AGE: "9", f"_knew_{AGE}": "10"})
    assert "旧版本" in text(clerk.get(f"/cards/{card.pk}")), (
        "an older base: to be compared, never put over what was saved"
    )


# --- acts ------------------------------------------------------------------------------------------------------------


def test_a_card_waits_for_a_department_and_comes_back(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    clerk.post(f"/cards/{card.pk}/ask", {"department": "病理科", "note": "请补病理号"})
    assert stands(point, card).waits_for == "病理科"
    assert "请补病理号" in text(clerk.get(f"/cards/{card.pk}"))
    assert card.record_number not in text(clerk.get("/cards/queue?by=card"))
    assert card.record_number in text(clerk.get("/cards/queue?by=card&kind=waits"))
    clerk.post(f"/cards/{card.pk}/ask", {"_act": "answered"})
    assert card.record_number in text(clerk.get("/cards/queue?by=card"))
    clerk.post(f"/cards/{card.pk}/ask", {"department": " "})
    assert stands(point, card).waits_for == ""


def test_acts_ask_their_reason_and_unknown_ones_are_refused(point: Point, clerk: Client) -> None:
    card = point.card()
    said = text(clerk.post(f"/cards/{card.pk}/act", {"_version": 1, "_act": "void"}, follow=True))
    assert "note-error" in said
    assert stands(point, card).state == "draft"
    clerk.post(f"/cards/{card.pk}/act", {"_version": 1, "_act": "no such"})
    clerk.post(f"/cards/{card.pk}/act", {"_version": 1, "_act": "void", "reason": "重复录入"})
    assert stands(point, card).state == "voided"
    with point.acting("entry_clerk"):
        assert CardAct.objects.filter(card=card, act="void").get().reason == "重复录入"
    assert clerk.post(f"/cards/{card.pk}/act", {"_version": 1, "_act": "approve"}).status_code == 403


@pytest.mark.requirement("REG-05")
def test_nobody_audits_what_they_wrote(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
    both = made_up.post("auditor", point.hospital, holder=point.post("entry_clerk").person)
    auditor = made_up.browser(both)
    assert "另一位审核员" in text(auditor.get(f"/cards/{card.pk}"))
    auditor.post(f"/cards/{card.pk}/act", {"_version": 1, "_act": "approve"})
    assert stands(point, card).state == "submitted"


def test_the_history_tells_versions_and_acts(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, AGE: "9"})
    said = text(made_up.browser(point.post("auditor")).get(f"/cards/{card.pk}"))
    assert "第 2 版" in said
    assert "提交了审核" in said
    assert "<del>12</del>" in said
    assert "<ins>9</ins>" in said
    with point.acting("entry_clerk"):
        assert CardVersion.objects.filter(card=card).count() == 2


def test_what_the_tables_hold_of_a_draft_is_sealed(point: Point, clerk: Client) -> None:
    card = point.card()
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, REGISTERED: "四川省只此一处"})
    with point.acting("entry_clerk"):
        held = Draft.objects.get(card=card)
        assert "四川省只此一处".encode() not in held.content
        assert draft_content(held, says(point, card)).front[REGISTERED] == "四川省只此一处"


@pytest.mark.requirement("REG-05")
def test_a_card_of_a_locked_month_says_so_at_its_hospital(
    point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = point.card(age_years="12")
    assert "已于" not in text(clerk.get(f"/cards/{card.pk}"))
    at = datetime(2026, 10, 20, 9, 30, tzinfo=timezone.get_default_timezone())
    monkeypatch.setattr(card_views, "locked_since", lambda _institution, _month: at)
    said = f"归档月 {card.archive_month:%Y-%m} 已于 2026-10-20 09:30 锁定。本卡仍可更正，改动会列入“锁定后的变动”。"
    assert said in text(clerk.get(f"/cards/{card.pk}"))
    assert said in text(made_up.browser(point.post("auditor")).get(f"/cards/{card.pk}"))
