"""A clerk works the correction queue with the keyboard: mends, explains, submits, and lands on the next card."""

from __future__ import annotations

import io
from typing import Any

import pytest
from card_journeys import log_in, picture
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import get_random_string
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from made_up_cards import Point, code
from tonghu.registry.forms import lists
from tonghu.registry.models import Card
from tonghu.registry.pages.opening import opened

REGISTERED = code("registered_address")
AGE = code("age_years")


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def state_of(point: Point, card: Card) -> str:
    with point.acting("entry_clerk"):
        return Card.objects.get(pk=card.pk).state


@pytest.mark.requirement("REG-05")
def test_a_card_is_mended_and_submitted_with_the_keyboard(point: Point, page: Page, site: str, axe: Any) -> None:
    first = point.card(registered_address="武侯区虚构路1号", age_years="12")
    second = point.card(registered_postcode="61004")
    point.card()
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/")
    picture(page, "clerk-home")
    assert axe(page) == []
    page.goto("/cards/queue")
    picture(page, "clerk-queue")
    assert axe(page) == []
    page.get_by_role("link", name="继续").click()
    expect(page.locator("h1")).to_contain_text(first.record_number)
    picture(page, "clerk-card")
    assert axe(page) == []

    page.keyboard.press("m")  # the age: the rule knows the right one
    expect(page.locator(f"#id_{AGE}")).to_have_value("9")
    expect(page.locator("#findings [data-rule=HQ051]")).to_have_count(0)
    page.keyboard.press("m")  # the household's address: to be typed
    expect(page.locator(f"#id_{REGISTERED}")).to_be_focused()
    picture(page, "clerk-mends")
    page.keyboard.type("四川省成都市武侯区虚构路1号")
    expect(page.locator("#findings .so-far")).to_be_visible()
    picture(page, "clerk-mended")
    page.keyboard.press("Control+Enter")

    expect(page.locator("h1")).to_contain_text(second.record_number)
    assert state_of(point, first) == "submitted"
    picture(page, "clerk-next")


def test_a_reason_is_picked_with_one_key_and_read_by_the_auditor(
    point: Point, page: Page, open_page: Any, site: str, axe: Any
) -> None:
    card = point.card(home_phone="")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    page.keyboard.press("o")
    expect(page.get_by_role("dialog")).to_be_visible()
    picture(page, "clerk-reason")
    assert axe(page) == []
    page.keyboard.press("4")
    expect(page.locator("#findings")).to_contain_text("家属无法提供")
    picture(page, "clerk-explained")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("全部完成")).to_be_visible()
    picture(page, "clerk-all-done")
    assert state_of(point, card) == "submitted"
    auditor = open_page()
    log_in(auditor, point.post("auditor"), site)
    auditor.goto(f"/cards/{card.pk}")
    expect(auditor.locator("#findings")).to_contain_text("家属无法提供")
    picture(auditor, "auditor-reason")


def test_many_cards_are_mended_together_and_taken_back(point: Point, page: Page, site: str, axe: Any) -> None:
    cards = [point.card(age_years="12", patient_name=f"虚构{n}") for n in "甲乙丙丁"]
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/cards/queue")
    page.get_by_role("link", name="批量改正", exact=True).click()
    picture(page, "clerk-bulk")
    assert axe(page) == []
    page.get_by_role("checkbox", name=cards[3].record_number).uncheck()
    page.get_by_role("button", name="改正所选").click()
    expect(page.locator(".toast-bar")).to_contain_text("已改正 3 份")
    expect(page.locator(".toast-bar").get_by_role("link", name="查看改动明细")).to_be_visible()
    picture(page, "clerk-bulk-done")
    assert axe(page) == []
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".messages")).to_contain_text("3 份已恢复原样")


def test_a_code_is_chosen_by_initials_and_brings_its_name(point: Point, page: Page, site: str) -> None:
    lists._held.clear()  # codes that other tests' hospitals wrote
    point.card()
    card = point.card(other_diagnosis_1_code="", other_diagnosis_1_name="", other_diagnosis_1_poa="")
    field, name = code("other_diagnosis_1_code"), code("other_diagnosis_1_name")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    page.locator(f"#id_{field}").click()
    page.keyboard.type("jxlb")
    expect(page.locator(f"#id_{field}-list [data-value]").first).to_be_visible()
    picture(page, "clerk-code")
    page.keyboard.press("Enter")
    expect(page.locator(f"#id_{field}")).to_have_value("C91.000")
    expect(page.locator(f"#id_{name}")).to_have_value("急性淋巴细胞白血病")
    expect(page.locator(f"#id_{name}")).to_be_focused()
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    page.reload()
    expect(page.locator(f"#id_{field}")).to_have_value("C91.000")
    page.get_by_role("button", name="再加一行").first.click()
    expect(page.locator(f"#id_{code('other_diagnosis_3_code')}")).to_be_visible()


def test_a_masked_number_is_shown_whole_in_the_form(point: Point, page: Page, site: str) -> None:
    card = point.card()
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    field = page.locator(f"#id_{code('national_id')}")
    expect(field).to_have_value("")
    page.locator(f"#cell_{code('national_id')}").get_by_role("button").click()
    expect(field).not_to_have_value("")


def test_two_tabs_do_not_overwrite_each_other(point: Point, page: Page, open_page: Any, site: str, axe: Any) -> None:
    card = point.card(age_years="12")
    other = open_page()
    log_in(page, point.post("entry_clerk"), site)
    log_in(other, point.post("records_department"), site)
    page.expected_complaints += ["409"]  # type: ignore[attr-defined]
    page.goto(f"/cards/{card.pk}")
    other.goto(f"/cards/{card.pk}")
    other.locator(f"#id_{AGE}").fill("10")
    other.get_by_role("button", name="只保存").click()
    expect(other.locator(".card-foot .foot-note")).to_contain_text("已保存")
    expect(other.get_by_role("heading", level=1)).to_contain_text(card.record_number)
    page.locator(f"#id_{AGE}").fill("9")
    page.locator(f"#id_{REGISTERED}").fill("四川省虚构市1号")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("同一份卡的两个版本")
    picture(page, "clerk-conflict")
    assert axe(page) == []
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("全部完成")).to_be_visible()
    assert state_of(point, card) == "submitted"


@pytest.mark.requirement("REG-05")
def test_a_session_that_ends_in_mid_form_keeps_what_was_typed(point: Point, page: Page, site: str) -> None:
    card = point.card(age_years="12")
    log_in(page, point.post("entry_clerk"), site)
    page.expected_complaints += ["401"]  # type: ignore[attr-defined]
    page.goto(f"/cards/{card.pk}")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator(f"#id_{AGE}").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("9")
    expect(page.locator("#session-over")).to_be_visible()
    picture(page, "clerk-logged-out")
    assert page.url.endswith(f"/cards/{card.pk}"), "nobody is led away from what they type"
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    expect(page.locator(f"#id_{AGE}")).to_have_value("9")
    expect(page.locator("#draft-back")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("全部完成")).to_be_visible()


def test_the_arrow_opens_the_whole_list_on_what_is_chosen(point: Point, page: Page, site: str) -> None:
    card = point.card(sex="2")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    field = page.locator(f"#id_{code('sex')}")
    field.focus()
    page.keyboard.press("ArrowDown")
    options = page.locator("[data-picker]", has=field).locator("[role=option][data-value]")
    expect(options.and_(page.locator('[aria-selected="true"]'))).to_have_attribute("data-value", "2")
    assert options.count() > 1
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(field).to_have_value("1")
    field.focus()
    field.fill("女")
    expect(options).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    expect(options).to_have_count(1)  # what was typed is searched, as ever


@pytest.mark.requirement("REG-05")
def test_what_is_typed_to_find_a_code_is_not_checked_before_one_is_chosen(point: Point, page: Page, site: str) -> None:
    card = point.card(supplement={"histology": "M98210/3"})
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    checks: list[str] = []
    page.on("request", lambda asked: checks.append(asked.url) if asked.url.endswith("/check") else None)
    field, wrong = page.locator("#id_topography"), page.locator("#findings [data-rule=V01]")
    options = page.locator("[data-picker]", has=field).locator("[role=option][data-value]")
    field.focus()
    page.keyboard.type("骨髓")
    expect(options.first).to_be_visible()
    page.wait_for_timeout(400)
    picture(page, "clerk-code-list")
    assert checks == [], "nothing is chosen yet"
    page.keyboard.press("Escape")
    expect(wrong).to_be_visible()  # the list is closed: that is what stands there
    page.keyboard.press("Control+a")
    page.keyboard.type("骨髓")
    expect(options.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(field).to_have_value("C42.1")
    expect(wrong).to_have_count(0)
    page.locator("#id_topography").fill("C22.0")  # a code that is typed whole is checked while its list stands open
    expect(page.locator("#findings [data-rule=V05]")).to_contain_text("M98210/3 是 ICD-O-2 的编码")


@pytest.mark.requirement("REG-05")
def test_a_form_from_before_another_log_in_says_so_and_leads_back_filled(
    point: Point, page: Page, site: str, axe: Any
) -> None:
    card, clerk = point.card(age_years="12"), point.post("entry_clerk")
    log_in(page, clerk, site)
    page.expected_complaints += ["403", "405"]  # type: ignore[attr-defined]
    page.goto(f"/cards/{card.pk}")
    for way in ("Load", "Back"):  # the token changes with a log-in in another tab
        page.wait_for_load_state("networkidle")  # an answer under way would bring the earlier token again
        rotated = [{"name": settings.CSRF_COOKIE_NAME, "value": get_random_string(32), "url": site}]
        page.context.add_cookies(rotated)  # type: ignore[arg-type]
        page.locator(f"#id_{AGE}").fill("9" if way == "Load" else "8")
        expect(page.locator("#form-old")).to_be_visible()
        picture(page, "clerk-form-old")
        assert axe(page) == []
        if way == "Load":
            page.get_by_role("link", name="重新打开本页并继续").click()
            expect(page.locator(f"#id_{AGE}")).to_have_value("9")
    page.get_by_role("button", name="只保存").click()
    picture(page, "clerk-form-expired")
    page.get_by_role("link", name="返回表单").click()
    page.wait_for_url(f"**/cards/{card.pk}")
    expect(page.locator(f"#id_{AGE}")).to_have_value("8")
    page.context.clear_cookies()
    page.get_by_role("button", name="只保存").click()
    page.get_by_role("link", name="返回表单").click()
    expect(page).to_have_url(f"{site}/login?next=/cards/{card.pk}")
    log_in(page, clerk, site)
    page.goto(f"/cards/{card.pk}/save")
    picture(page, "clerk-no-page")
    page.get_by_role("link", name="打开表单所在的页面").click()
    expect(page.locator(f"#id_{AGE}")).to_have_value("8")


def test_a_card_is_entered_by_hand(point: Point, page: Page, site: str, axe: Any) -> None:
    log_in(page, point.post("entry_clerk"), site)
    page.expected_complaints += ["422"]  # type: ignore[attr-defined]
    page.goto("/cards/new")
    expect(page.locator("#card [data-was]:visible").first).to_be_focused()
    picture(page, "clerk-new")
    assert axe(page) == []
    page.get_by_label("姓名", exact=False).first.fill("单新")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note-error")).to_contain_text("病案号")
    expect(page.locator("#id_A48")).to_be_focused()
    picture(page, "clerk-new-refused")
    page.locator("#id_A48").fill("ZY77")
    page.locator("#id_B15").fill("2026-10-03 09:00")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("ZY77")
    picture(page, "clerk-new-entered")


def test_an_intruder_with_a_strangers_card_number_finds_nothing(point: Point, page: Page, site: str) -> None:
    card = point.card(patient_name="欧阳测童")
    intruder = Point("330102").post("entry_clerk")
    log_in(page, intruder, site)
    page.expected_complaints += ["404", "403"]  # type: ignore[attr-defined]
    answer = page.goto(f"/cards/{card.pk}")
    assert answer is not None
    assert answer.status == 404
    assert "欧阳测童" not in page.content()
    picture(page, "intruder")
    forged = page.evaluate(
        """async (pk) => {
            const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
            const post = async (where, body) =>
                (await fetch(`/cards/${pk}/${where}`, {method: 'POST', body, headers: {'X-CSRFToken': token}})).status;
            return [await post('act', new URLSearchParams({_act: 'approve'})),
                    await post('save', new URLSearchParams({_version: 1})), await post('check', new URLSearchParams()),
                    await post('draft', new URLSearchParams({_version: 1, P7: 1}))];
        }""",
        card.pk,
    )
    assert forged == [404, 404, 404, 404]
    page.keyboard.press("/")
    page.keyboard.type(card.record_number)
    expect(page.locator("#search-found")).to_contain_text("没有找到")
    assert state_of(point, card) == "draft"


def test_what_an_earlier_card_knew_is_taken_with_a_click(point: Point, page: Page, site: str) -> None:
    first = point.card(supplement={"topography": "C42.1", "basis": "7"})
    with point.acting("entry_clerk") as by:
        number = opened(first.pk, by).saved.front[code("national_id")]
    card = point.card(medical_record_no=first.record_number, national_id=number)
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    page.get_by_role("button", name="以往住院填写：C42.1 骨髓").click()
    expect(page.locator("#id_topography")).to_have_value("C42.1")
    expect(page.locator("#cell_topography [data-told]")).to_have_text("骨髓")
    picture(page, "clerk-offered")
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    page.reload()
    expect(page.locator("#id_topography")).to_have_value("C42.1")
    page.get_by_role("button", name="放弃草稿").click()
    expect(page.locator("#id_topography")).to_have_value("")


def test_a_card_prints_as_it_stands(point: Point, page: Page, site: str) -> None:
    card = point.card(age_years="12")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    page.emulate_media(media="print")
    for hidden in (".side", ".topbar", ".card-nav", ".card-foot", ".show-whole"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(f"#id_{AGE}")).to_be_visible()
    picture(page, "clerk-print", whole=True)
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    said = ["".join(sheet.extract_text().split()) for sheet in paper.pages]
    for number, text in enumerate(said, 1):
        assert f"{number}/{len(said)}" in text
        assert timezone.localtime().strftime("%Y-%m-%d") in text, "who took it and when stands across every page"
    assert "HQ" in said[0], "what was found stands above the card"
    assert "Ctrl" not in "".join(said)
