"""Pages on children: what each post is shown, what is masked, and that nothing is done or shown without a trace."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

import made_up
import tonghu
from opened import of_button, opened
from tonghu.patients.merges import merge
from tonghu.patients.models import Child, Consent, Grant, Guardian, HospitalView, Identifier, Merge, MergeProposal
from tonghu.patients.services import add_document, change_view, enter_view, save_guardian
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.acts import CHILD_READ, CHILDREN_LISTED, REVEALED
from tonghu.platform.audit.kinds import in_words
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db
#: A made-up number whose check character is right; the region code was never given out.
DOCUMENT = "990101202001010021"
PHONE = "13800001234"
RESIDENCE = "虚构省虚构市虚构路12号"


@pytest.fixture
def clerk() -> Post:
    return made_up.post("records_department", made_up.hospital("PATA", "510104", name="虚构儿童医院"))


@pytest.fixture
def colleague() -> Post:
    """The lead of another hospital."""
    return made_up.post("point_lead", made_up.hospital("PATB", "510107", name="虚构人民医院"))


@pytest.fixture
def view(clerk: Post) -> HospitalView:
    with made_up.acting(clerk) as by:
        held = enter_view(
            by=by, institution=clerk.institution_id, record_number="ZY1", patient_name="单小雪", sex="2",
            birth_date=timezone.localdate().replace(year=2020, month=1, day=1), document_type="resident_id",
            document_number=DOCUMENT, phone=PHONE, residence=RESIDENCE,
        )  # fmt: skip
        save_guardian(by=by, view=held, name="虚构母", relation="5", phone="13900005678", address="虚构省虚构县")
        add_document(by=by, view=held, document_type="birth_certificate", document_number="B510000001")
    return held


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    answer = client.get(reverse(f"patients:{name}", args=args), query)
    assert answer.status_code == 200, (answer.status_code, name)
    return answer.content.decode()


def sent(client: Client, name: str, /, *args: Any, **said: Any) -> Any:
    return client.post(reverse(f"patients:{name}", args=args), said)


def taken_off(client: Client, name: str, view: HospitalView, row: int, *, follow: bool = False) -> Any:
    """What the button on the child's page does."""
    button = reverse(f"patients:{name}", args=[view.pk, row])
    said = of_button(client, reverse("patients:child", args=[view.child_id]), button)
    return client.post(button, said, follow=follow)


def logged(kind: str) -> list[Event]:
    with open_scope(system_scope("migration")):
        return list(Event.objects.filter(kind=kind).order_by("pk"))


def test_a_child_is_shown_with_its_numbers_masked_and_the_look_is_logged(clerk: Post, view: HospitalView) -> None:
    said = page(made_up.browser(clerk), "child", view.child_id)
    for shown in ("单小雪", "ZY1", "2020-01-01", "虚构母", "990***********0021", "138****1234", "虚构省虚构***"[:5]):
        assert shown in said
    for hidden in (DOCUMENT, PHONE, RESIDENCE, "13900005678", "B510000001"):
        assert hidden not in said
    (look,) = logged("child.read")
    assert (look.subject_id, look.by_person) == (str(view.child_id), clerk.person_id)


@pytest.mark.parametrize(
    ("what", "whole"),
    [
        ("document", DOCUMENT), ("phone", PHONE), ("residence", RESIDENCE), ("other-document", "B510000001"),
        ("guardian-phone", "13900005678"), ("guardian-address", "虚构省虚构县"),
    ],
)  # fmt: skip
def test_a_masked_value_is_shown_once_for_a_reason(clerk: Post, view: HospitalView, what: str, whole: str) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk):
        rows = {"other-document": Identifier, "guardian-phone": Guardian, "guardian-address": Guardian}
        pk = rows.get(what, HospitalView).objects.get().pk
    assert whole not in page(browser, "reveal", what, pk)
    without = sent(browser, "reveal", what, pk, reason="x")
    assert whole not in without.content.decode()
    assert logged("audit.revealed") == []
    answer = sent(browser, "reveal", what, pk, reason="核对转诊单")
    assert whole in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "查看人：" in answer.content.decode()  # the line that says to whom it was shown, when and why
    (event,) = logged("audit.revealed")
    assert (event.reason, event.subject_id) == ("核对转诊单", str(view.child_id))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_was_revealed_is_kept_alike_in_either_language_and_read_in_both(
    clerk: Post, view: HospitalView, language: str
) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk):
        pk = HospitalView.objects.get().pk
    address = reverse("patients:reveal", args=["phone", pk])
    browser.post(address, {"reason": "核对转诊单"}, headers={"accept-language": language})
    browser.get(reverse("patients:child", args=[view.child_id]), headers={"accept-language": language})
    (revealed,), (looked, *_more) = logged("audit.revealed"), logged("child.read")
    assert revealed.data == {"what": "电话"}
    with translation.override("en"):
        assert REVEALED.sentence("child #1", revealed.data, {}) == "saw the whole telephone of child #1"
        assert CHILD_READ.sentence("child #1", looked.data, {}) == "looked at child #1 (record)"
        assert REVEALED.sentence("child #1", {"what": "某项"}, {}) == "saw the whole 某项 of child #1"
    with translation.override("zh-hans"):
        assert REVEALED.sentence("患儿 #1", {"what": "telephone"}, {}) == "查看了患儿 #1的完整电话"


def test_every_word_that_says_why_children_were_shown_is_known_in_both_languages() -> None:
    called = re.compile(
        r'(?:log_list|log_read|shown|show_names)\([^"\n]*"([^"\n]+)"(?:, by=|\))'
        r'|^(?:PURPOSE|WHAT|LISTED)(?:: Final)? = "([^"]+)"',
        re.M,
    )
    source = Path(tonghu.__file__).parent
    said = {one or other for file in source.rglob("*.py") for one, other in called.findall(file.read_text("utf-8"))}
    assert {"查看资料", "患儿列表", "查看报告卡", "报告卡列表", "接口查询", "核对导入"} <= said
    with translation.override("en"):
        assert {one for one in said if in_words(one) == one} == set()


def test_nothing_is_revealed_that_is_not_there_or_not_known(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk):
        guardian = Guardian.objects.get().pk
    for what, pk in (("guardian-document", guardian), ("name", view.pk), ("document", view.pk + 999)):
        assert sent(browser, "reveal", what, pk, reason="核对").status_code == 404


def test_the_list_pages_searches_and_shows_what_other_hospitals_let_see(
    clerk: Post, colleague: Post, view: HospitalView
) -> None:
    browser = made_up.browser(clerk)
    assert "单小雪" in page(browser, "children")
    assert "单小雪" in page(browser, "children", q="sxx")
    assert "单小雪" not in page(browser, "children", q="sxy")
    other = made_up.browser(colleague)
    assert "单小雪" not in page(other, "children", where="elsewhere")
    with made_up.acting(clerk, "children.grant") as by:
        now = timezone.now()
        Grant.objects.create(
            child=view.child, institution=colleague.institution, given_by=clerk.institution, ground="referral",
            valid=(now - timedelta(days=1), now + timedelta(days=1)),
        )  # fmt: skip
        assert by.institution == clerk.institution_id
    for query in ({"where": "elsewhere"}, {"where": "elsewhere", "q": "单"}):
        assert "单小雪" in page(other, "children", **query)
    assert "单小雪" not in page(other, "children")
    seen = page(other, "child", view.child_id)
    assert "虚构儿童医院" in seen
    assert reverse("patients:change", args=[view.pk]) not in seen
    assert made_up.browser(colleague).get(reverse("patients:change", args=[view.pk])).status_code in (403, 404)


def test_the_search_box_leads_to_the_child(clerk: Post, view: HospitalView) -> None:
    said = made_up.browser(clerk).get(reverse("web:search"), {"q": "shanxiaox"}).content.decode()
    assert reverse("patients:child", args=[view.child_id]) in said
    assert "虚构儿童医院" in said


FORM = {"record_number": "ZY9", "patient_name": "曾一", "sex": "1", "birth_date": "2021-02-03"}


def test_a_child_is_entered_by_a_form(clerk: Post) -> None:
    browser = made_up.browser(clerk)
    page(browser, "enter")
    answer = sent(browser, "enter", **FORM, document_type="passport", document_number="P1234567", ethnicity="汉族")
    with made_up.acting(clerk):
        held = HospitalView.objects.get(record_number="ZY9")
    assert answer.headers["Location"] == reverse("patients:child", args=[held.child_id])
    assert (held.patient_name, held.document_number) == ("曾一", "P1234567")


@pytest.mark.parametrize(
    "typed", ["９９０１０１２０２００１０１００２１", " 990101 20200101 0021 ", "990101\u300020200101\u00a00021"]
)
def test_a_document_number_is_read_full_width_and_with_blanks(clerk: Post, typed: str) -> None:
    own = {"sex": "2", "birth_date": "2020-01-01", "document_type": "resident_id", "document_number": typed}
    answer = sent(made_up.browser(clerk), "enter", **{**FORM, **own})
    assert answer.status_code == 302
    with made_up.acting(clerk):
        assert HospitalView.objects.get(record_number="ZY9").document_number == "990101202001010021"


@pytest.mark.parametrize(
    ("field", "said", "more"),
    [
        ("patient_name", "", {}), ("record_number", "", {}), ("birth_date", "2999-01-01", {}),
        ("birth_date", "2020-02-30", {}), ("document_number", "99010120200101001", {"document_type": "resident_id"}),
        ("birth_date", "2021-02-03", {"document_type": "resident_id", "document_number": DOCUMENT}),
        ("residence_code", "999999", {}), ("residence_code", "51", {}), ("phone", "电话", {}),
        ("ethnicity", "不存在族", {}), ("document_number", "99****0018", {"document_type": "other"}),
        ("sex", "7", {}),
    ],
)  # fmt: skip
def test_a_wrong_field_is_answered_beside_it_and_nothing_is_saved(
    clerk: Post, field: str, said: str, more: dict[str, str]
) -> None:
    answer = sent(made_up.browser(clerk), "enter", **{**FORM, **more, field: said})
    assert answer.status_code == 200
    assert f'id="id_{field}_error"' in answer.content.decode()
    with made_up.acting(clerk):
        assert not HospitalView.objects.exists()


def test_a_masked_value_that_comes_back_unchanged_stays(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    assert PHONE not in page(browser, "change", view.pk)
    said = {
        "patient_name": "单晓雪", "sex": "2", "birth_date": "2020-01-01", "document_type": "resident_id",
        "document_number": "990***********0021", "phone": "138****1234", "residence": "虚构市新路1号",
    }  # fmt: skip
    said = opened(browser, reverse("patients:change", args=[view.pk]), **said)
    assert sent(browser, "change", view.pk, **said).status_code == 302
    with made_up.acting(clerk):
        view.refresh_from_db()
        assert (view.patient_name, view.document_number, view.phone) == ("单晓雪", DOCUMENT, PHONE)
        assert (view.residence, view.record_number) == ("虚构市新路1号", "ZY1")
    assert "单小雪" in page(browser, "child", view.child_id)  # as a former name


def test_guardians_and_documents_are_added_changed_and_taken_off(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    page(browser, "add_guardian", view.pk)
    assert sent(browser, "add_guardian", view.pk, name="虚构父", relation="5", phone="13700001111").status_code == 302
    with made_up.acting(clerk):
        father = Guardian.objects.get(name="虚构父")
    assert "137****1111" in page(browser, "guardian", view.pk, father.pk)
    said = opened(browser, reverse("patients:guardian", args=[view.pk, father.pk]), name="虚构父亲")
    assert said["phone"] == "137****1111"
    assert sent(browser, "guardian", view.pk, father.pk, **said).status_code == 302
    page(browser, "document", view.pk)
    assert sent(browser, "document", view.pk, document_type="passport", document_number="P7654321").status_code == 302
    again = sent(browser, "document", view.pk, document_type="passport", document_number="P7654321")
    assert "已登记" in again.content.decode()
    with made_up.acting(clerk):
        father.refresh_from_db()
        assert (father.name, father.phone) == ("虚构父亲", "13700001111")
        passport = Identifier.objects.get(document_type="passport")
    assert taken_off(browser, "remove_guardian", view, father.pk).status_code == 302
    assert taken_off(browser, "remove_document", view, passport.pk).status_code == 302
    with made_up.acting(clerk):
        assert list(Guardian.objects.values_list("name", flat=True)) == ["虚构母"]
        assert Identifier.objects.count() == 1
    assert "虚构父" in page(browser, "history", view.child_id)


@pytest.mark.requirement("REG-18")
def test_consent_lets_a_hospital_see_and_its_withdrawal_ends_that(
    clerk: Post, colleague: Post, view: HospitalView
) -> None:
    lead = made_up.browser(made_up.post("point_lead", clerk.institution))
    browser, other = made_up.browser(clerk), made_up.browser(colleague)
    today = timezone.localdate().isoformat()
    assert "自愿" in page(browser, "consent", view.child_id)
    assert sent(browser, "consent", view.child_id, purpose="sharing", given_by="虚构母", start=today).status_code == 302
    with made_up.acting(clerk):
        consent = Consent.objects.get()
    page(lead, "grant", view.child_id)
    said = {"institution": "PATB", "ground": "consent", "start": today, "end": today}
    assert "同意" in sent(lead, "grant", view.child_id, **said).content.decode()
    assert sent(lead, "grant", view.child_id, **said, consent=consent.pk).status_code == 302
    time_passes()
    assert "单小雪" in page(other, "child", view.child_id)
    assert "1" in page(browser, "withdraw", consent.pk)
    assert sent(browser, "withdraw", consent.pk, reason="家属改变主意").status_code == 302
    with made_up.acting(clerk):
        assert not Grant.objects.get().stands
    assert [event.kind for event in logged("children.withdrawn") + logged("children.grant_ended")] == [
        "children.withdrawn", "children.grant_ended",
    ]  # fmt: skip
    assert sent(browser, "withdraw", consent.pk, reason="再撤一次").status_code == 404


def time_passes() -> None:
    """In a test all is one transaction; a statement's time still moves on."""


def test_a_grant_is_ended_by_hand_and_wrong_days_are_refused(clerk: Post, colleague: Post, view: HospitalView) -> None:
    lead = made_up.browser(made_up.post("point_lead", clerk.institution))
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    said = {"institution": "PATB", "ground": "referral", "start": tomorrow.isoformat(), "end": today.isoformat()}
    assert "id_end_error" in sent(lead, "grant", view.child_id, **said).content.decode()
    to_self = {**said, "institution": "PATA", "end": tomorrow.isoformat()}
    assert "另一家医院" in sent(lead, "grant", view.child_id, **to_self).content.decode()
    assert sent(lead, "grant", view.child_id, **{**said, "end": tomorrow.isoformat()}).status_code == 302
    with made_up.acting(clerk):
        grant = Grant.objects.get()
        assert grant.to_come
    page(lead, "end_grant", grant.pk)
    assert sent(lead, "end_grant", grant.pk, reason="家属转往外省").status_code == 302
    assert "无需重复" in sent(lead, "end_grant", grant.pk, reason="再来一次").content.decode()
    with made_up.acting(clerk):
        grant.refresh_from_db()
        assert not grant.stands
        assert not grant.to_come


def test_two_children_are_compared_merged_and_parted_again(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk) as by:
        other = enter_view(by=by, institution=clerk.institution_id, record_number="ZY2", patient_name="单晓雪", sex="2")
        change_view(by=by, view=other, document_number=DOCUMENT)  # the same document: a question
    asked = page(browser, "questions")
    assert "单小雪 · ZY1" in asked
    assert "单晓雪 · ZY2" in asked
    page(browser, "merge", view.child_id)
    for unknown in ("99999999", "x", "9" * 30, "²"):
        assert "没有这名患儿" in page(browser, "merge", view.child_id, other=unknown)
    url = f"{reverse('patients:merge', args=[view.child_id])}?other={other.child_id}"
    said = browser.get(url).content.decode()
    assert "单晓雪" in said
    assert "不一致" in said
    assert "原因" in browser.post(url, {"reason": " "}).content.decode()
    merged = browser.post(url, {"reason": "同一证件，两次建档"}, follow=True).content.decode()
    assert "单晓雪" in merged
    with made_up.acting(clerk):
        assert Child.objects.get(pk=other.child_id).group == view.child_id
        act = Child.objects.get(pk=view.child_id).pk and MergeProposal.objects.get().merge_id
    assert "无需重复" in browser.post(url, {"reason": "再来一次"}).content.decode()
    assert reverse("patients:undo_merge", args=[act]) in merged
    assert "单小雪（ZY1）与单晓雪（ZY2）" in page(browser, "undo_merge", act)
    parted = sent(browser, "undo_merge", act)
    assert parted.status_code == 302
    with made_up.acting(clerk):
        assert Child.objects.get(pk=other.child_id).group == other.child_id


def test_a_question_is_answered_with_no(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk) as by:
        other = enter_view(by=by, institution=clerk.institution_id, record_number="ZY2", patient_name="单小雨")
        change_view(by=by, view=other, document_number=DOCUMENT)
    url = f"{reverse('patients:merge', args=[view.child_id])}?other={other.child_id}"
    assert browser.post(url, {"reason": "双胞胎，证件录错", "apart": "1"}).status_code == 302
    assert "ZY2" not in page(browser, "questions")


def test_an_authority_enters_nothing_and_sees_its_region(view: HospitalView) -> None:
    officer = made_up.post("commission_officer", made_up.authority("health", "510000"))
    browser = made_up.browser(officer)
    assert "虚构儿童医院" in page(browser, "children")
    assert "单小雪" in page(browser, "child", view.child_id)
    for name, args in (("enter", []), ("grant", [view.child_id]), ("consent", [view.child_id])):
        assert browser.get(reverse(f"patients:{name}", args=args)).status_code == 403
    far = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "330000")))
    assert far.get(reverse("patients:child", args=[view.child_id])).status_code == 404


def test_a_merged_child_is_shown_with_both_sides_under_either_number(clerk: Post, view: HospitalView) -> None:
    with made_up.acting(clerk) as by:
        other = enter_view(by=by, institution=clerk.institution_id, record_number="ZY2", patient_name="单晓雪")
        merge(by=by, kept=view.child, merged=other.child, reason="同一名患儿")
    browser = made_up.browser(clerk)
    for pk in (view.child_id, other.child_id):
        said = page(browser, "child", pk)
        assert "单小雪" in said
        assert "单晓雪" in said
        assert "同一名患儿" in page(browser, "history", pk)


def test_the_other_child_is_looked_for_by_whatever_is_at_hand(clerk: Post, colleague: Post, view: HospitalView) -> None:
    with made_up.acting(clerk) as by:
        for number, name in (("ZY2", "单小雪"), ("ZY3", "曾一")):
            enter_view(by=by, institution=clerk.institution_id, record_number=number, patient_name=name)
    with made_up.acting(colleague, "children.enter") as by:
        enter_view(by=by, institution=colleague.institution_id, record_number="RM1", patient_name="单小雪")
    browser = made_up.browser(clerk)
    offered = page(browser, "merge", view.child_id)
    assert "同名" in offered
    assert "ZY2" in offered
    assert "ZY1" not in offered.partition("choices")[2]  # not the child itself
    assert "RM1" not in offered  # out of reach
    assert "ZY3" in page(browser, "merge", view.child_id, q="zengyi")
    assert "查不到其他患儿" in page(browser, "merge", view.child_id, q="nobody")
    listed = [event.data for event in logged(CHILDREN_LISTED.code)]
    assert {name: listed[0][name] for name in ("purpose", "count")} == {"purpose": "核对是否同一患儿", "count": 1}


def test_the_history_is_told_in_words(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk) as by:
        other = enter_view(by=by, institution=clerk.institution_id, record_number="ZY2", patient_name="单晓雪")
        change_view(by=by, view=view, sex="1", ethnicity="02", residence_code="510104", patient_name="单晓雨")
    answer = browser.post(
        f"{reverse('patients:merge', args=[view.child_id])}?other={other.child_id}", {"reason": "同一人"}
    )
    assert answer.status_code == 302
    with made_up.acting(clerk):
        guardian = Guardian.objects.get()
    taken_off(browser, "remove_guardian", view, guardian.pk)
    told = page(browser, "history", view.child_id).partition("<h1")[2]
    for words in (
        "以病案号 ZY1 登记", "性别从“女”改为“男”", "民族从“空”改为“蒙古族”", "四川省成都市锦江区", "记入曾用名“单小雪”",
        "添加监护人虚构母", "移除监护人虚构母", "添加证件：出生医学证明",
        "合并：单晓雨（ZY1）与单晓雪（ZY2）认定为同一患儿",
    ):  # fmt: skip
        assert words in told, words
    assert "#" not in re.sub(r'="[^"]*"', "", told.partition("</main>")[0])
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    in_english = page(browser, "history", view.child_id).partition("<h1")[2].partition("</main>")[0]
    assert "Jinjiang District, Chengdu, Sichuan" in in_english
    assert "锦江" not in in_english
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    with made_up.acting(clerk):
        merged = Merge.objects.get()
    sent(browser, "undo_merge", merged.pk, reason="不是同一人")
    after = page(browser, "history", view.child_id)
    assert "撤销合并：单晓雨（ZY1）与单晓雪（ZY2）" in after


def test_a_guardian_and_a_document_that_were_taken_off_come_back_as_they_were(clerk: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    with made_up.acting(clerk):
        before = list(Guardian.objects.values()), list(Identifier.objects.values())
        guardian, paper = Guardian.objects.get().pk, Identifier.objects.get().pk
    off = taken_off(browser, "remove_guardian", view, guardian, follow=True).content.decode()
    assert reverse("patients:restore_guardian", args=[view.pk, guardian]) in off
    assert "监护人虚构母已移除" in off
    taken_off(browser, "remove_document", view, paper)
    with made_up.acting(clerk):
        assert not Guardian.objects.exists()
        assert not Identifier.objects.exists()
    assert sent(browser, "restore_guardian", view.pk, guardian).status_code == 302
    assert sent(browser, "restore_document", view.pk, paper).status_code == 302
    with made_up.acting(clerk):
        assert (list(Guardian.objects.values()), list(Identifier.objects.values())) == before
    again = browser.post(reverse("patients:restore_guardian", args=[view.pk, guardian]), follow=True).content.decode()
    assert "无需重复" in again
    assert sent(browser, "restore_guardian", view.pk, guardian + 999).status_code == 302
    stranger = made_up.browser(made_up.post("entry_clerk", made_up.hospital("PATC", "510107")))
    assert sent(stranger, "restore_guardian", view.pk, guardian).status_code == 404
    with made_up.acting(clerk):
        assert Guardian.objects.count() == 1


def test_ages_are_shown_and_the_list_is_in_the_order_of_pinyin(clerk: Post, view: HospitalView) -> None:
    with made_up.acting(clerk) as by:
        for number, name in (("1", "赵一"), ("2", "阿一"), ("3", "单二"), ("4", "单一")):
            enter_view(by=by, institution=clerk.institution_id, record_number=number, patient_name=name)
        born = timezone.localdate().replace(year=timezone.localdate().year - 8)
        enter_view(by=by, institution=clerk.institution_id, record_number="5", patient_name="钱一", birth_date=born)
    browser = made_up.browser(clerk)
    assert _column(page(browser, "children")) == ["阿一", "钱一", "单二", "单小雪", "单一", "赵一"]
    assert _column(page(browser, "children", q="单")) == ["单二", "单小雪", "单一"]
    assert "8岁" in page(browser, "children")


def test_two_registrations_of_a_child_are_said_to_be_one_childs(clerk: Post, view: HospitalView) -> None:
    with made_up.acting(clerk) as by:
        second, other = (
            enter_view(by=by, institution=clerk.institution_id, record_number=number, patient_name=name)
            for number, name in (("ZY777", "单小雪"), ("ZY888", "赵一"))
        )
        merge(kept=view.child, merged=second.child, reason="同一患儿两次建档", by=by)
    rows = page(made_up.browser(clerk), "children").partition("<tbody")[2].partition("</tbody")[0]
    assert f"{view.record_number}（同一患儿另有 ZY777）" in rows
    assert f"ZY777（同一患儿另有 {view.record_number}）" in rows
    assert f"{other.record_number}（" not in rows


def _column(said: str) -> list[str]:
    return re.findall(r'<a href="/children/\d+">([^<]+)</a>', said.partition("<tbody")[2].partition("</tbody")[0])


def test_the_first_screen_of_a_hospital_and_of_a_region(clerk: Post, colleague: Post, view: HospitalView) -> None:
    browser = made_up.browser(clerk)
    first = browser.get("/").content.decode()
    assert reverse("patients:enter") in first.partition("<main")[2]
    assert "最近登记的患儿" in first
    assert "单小雪" in first
    with made_up.acting(clerk) as by:
        later = enter_view(by=by, institution=clerk.institution_id, record_number="ZY2", patient_name="曾一")
    page(browser, "child", view.child_id)
    opened = browser.get("/").content.decode()
    assert "最近打开的患儿" in opened
    assert "曾一" not in opened
    page(browser, "child", later.child_id)
    assert _column(browser.get("/").content.decode()) == ["曾一", "单小雪"]
    lead = made_up.browser(colleague).get("/").content.decode()
    assert "单小雪" not in lead
    assert reverse("patients:enter") not in lead.partition("<main")[2]
    officer = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510100")))
    today = officer.get("/").content.decode()
    assert re.search(r"虚构儿童医院</td><td[^>]*><a href=\"/children\?hospital=PATA\">2</a>", today)
    assert re.search(r"虚构人民医院</td><td[^>]*>0</td>", today)
    listed = page(officer, "children", hospital="PATA")
    assert "只列出虚构儿童医院的患儿" in listed
    assert "单小雪" in listed
    assert "单小雪" not in page(officer, "children", hospital="PATB")
    assert "单小雪" in page(officer, "children", hospital="nowhere")
