"""What goes wrong between a clerk's browser and the site: sessions, connections, colleagues, forged requests.

Each is one clear Chinese answer, and nothing of it is imported twice or by halves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from card_journeys import log_in, picture
from django.conf import settings
from playwright.sync_api import Page, expect

import run_jobs
from committed import in_threads
from made_up_cards import Point, identity_number
from made_up_cards import page as front_page
from tonghu.intake.models import Batch, State
from tonghu.platform.accounts.models import Session
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card, CardAct

pytestmark = pytest.mark.requirement("REG-06")
BUTTON = "上传并核对"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.fixture
def file(point: Point, tmp_path: Path) -> Path:
    """Three stays of the hospital."""
    return a_file(tmp_path / "虚构-出院.csv", point.hospital.code)


def a_file(place: Path, organisation: str) -> Path:
    own = ({"medical_record_no": f"ZY{n}", "national_id": identity_number(n)} for n in range(3))
    pages = [front_page(org_code=organisation, **one).front for one in own]
    lines = [",".join(pages[0]), *(",".join(page.values()) for page in pages)]
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def choose(page: Page, file: Path) -> None:
    page.goto("/imports")
    page.locator("#file").set_input_files(file)


def press(page: Page) -> None:
    page.get_by_role("button", name=BUTTON).click()


def refused(page: Page) -> Any:
    return page.locator("[data-drop-error]")


def batches(point: Point) -> list[Batch]:
    with point.acting("entry_clerk"):
        return list(Batch.objects.order_by("pk"))


def worked(point: Point) -> Batch:
    """Run the job of the last import as a worker would."""
    assert run_jobs.run_one(batches(point)[-1].job or 0).state == "done"
    return batches(point)[-1]


def test_a_session_that_ends_before_the_upload_keeps_the_file(point: Point, file: Path, page: Page, site: str) -> None:
    log_in(page, point.post("entry_clerk"), site)
    choose(page, file)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    press(page)
    over = page.locator("[data-drop-over]")
    expect(over).to_contain_text("您已退出登录，文件没有上传。 在新标签页登录，然后回到这里再按一次按钮")
    expect(over.get_by_role("link")).to_have_attribute("href", "/login?next=/imports")
    picture(page, "upload-session-over")
    assert page.url.endswith("/imports"), "nobody is led away from the file that they chose"
    assert batches(point) == []
    log_in(page, point.post("entry_clerk"), site)  # in another tab
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    assert len(batches(point)) == 1


def test_a_session_that_is_ended_in_the_middle_of_the_upload(
    point: Point, page: Page, site: str, tmp_path: Path
) -> None:
    """By an administrator, while 60 MB are on their way: the site answers when it has looked who sends them."""
    large = tmp_path / "大.csv"
    with large.open("wb") as out:
        out.write(b"P900,P3\n")
        out.write((b"x" * 79 + b"\n") * 800_000)
    held = point.post("entry_clerk")
    log_in(page, held, site)
    choose(page, large)

    def end_the_sessions(_number: int) -> None:
        with open_scope(system_scope("login")):
            Session.objects.filter(person=held.person).delete()

    def end_the_session(route: Any) -> None:
        # Not here: Playwright calls this inside its event loop, where Django keeps connections of their own, which
        # nobody closes.
        in_threads(end_the_sessions, 1)
        route.continue_()

    page.route("**/imports/upload", end_the_session)
    press(page)
    expect(page.locator("[data-drop-over], [data-drop-error]").locator("visible=true")).to_contain_text(
        "再按一次按钮", timeout=60_000
    )
    page.unroute_all()
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()
    assert batches(point) == []


def test_a_connection_that_is_lost_is_said_and_the_button_takes_it_up(
    point: Point, file: Path, page: Page, site: str
) -> None:
    page.expected_complaints += ["ERR_"]  # type: ignore[attr-defined]
    log_in(page, point.post("entry_clerk"), site)
    choose(page, file)
    page.context.set_offline(True)
    press(page)
    expect(refused(page)).to_contain_text("连接中断，没有导入任何内容；请再按一次按钮")
    picture(page, "upload-lost")
    page.context.set_offline(False)
    assert batches(point) == []
    # The file arrives, but its answer never comes to the page: whoever presses again is led to the same import.
    form = page.locator("form[data-upload]")
    month, token = (form.locator(f"[name={name}]").input_value() for name in ("archive_month", "csrfmiddlewaretoken"))
    sent = {"name": file.name, "mimeType": "text/csv", "buffer": file.read_bytes()}
    arrived = page.request.post(
        "/imports/upload", multipart={"archive_month": month, "file": sent},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )  # fmt: skip
    assert "to" in arrived.json()
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    expect(page.locator("body")).to_contain_text("没有重复导入")
    assert len(batches(point)) == 1


def test_a_part_of_the_site_that_is_away_is_said_beside_the_file(
    point: Point, file: Path, page: Page, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from tonghu.intake import services

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    page.expected_complaints += ["503"]  # type: ignore[attr-defined]
    log_in(page, point.post("entry_clerk"), site)
    choose(page, file)
    with monkeypatch.context() as broken:
        broken.setattr(services, "upload", full)
        press(page)
        expect(refused(page)).to_contain_text("磁盘已满，没有导入任何内容；请稍后再按一次按钮")
    picture(page, "upload-disk-full")
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")


def test_two_browsers_bring_the_same_file_and_two_people_confirm_it_at_once(
    point: Point, file: Path, open_page: Callable[..., Page], site: str
) -> None:
    first, second = open_page(), open_page()
    log_in(first, point.post("entry_clerk"), site)
    log_in(second, point.post("records_department"), site)
    for page in (first, second):
        choose(page, file)
    # Both requests are under way before either is answered.
    for page in (first, second):
        page.evaluate("() => document.querySelector('[data-drop-act]').click()")
    for page in (first, second):
        expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    assert first.url == second.url, "one import for both"
    batch = worked(point)
    assert batch.state == State.READY
    for page in (first, second):
        expect(page.get_by_role("button", name="确认导入")).to_be_visible()
    for page in (first, second):
        page.evaluate(
            "() => [...document.querySelectorAll('button')].find(b => b.textContent.includes('确认导入')).click()"
        )
    for page in (first, second):
        expect(page.get_by_role("heading", level=1)).to_contain_text("正在导入")
    batch = worked(point)
    assert (batch.state, batch.label, batch.counts["created"]) == (State.CONFIRMED, "2026-0001", 3)
    with point.acting("entry_clerk"):
        assert Card.objects.count() == 3


def test_a_confirmed_import_that_a_colleague_discarded_says_so(
    point: Point, file: Path, open_page: Callable[..., Page], site: str
) -> None:
    first, second = open_page(), open_page()
    log_in(first, point.post("entry_clerk"), site)
    log_in(second, point.post("records_department"), site)
    choose(first, file)
    press(first)
    expect(first.get_by_role("heading", level=1)).to_contain_text("正在核对")
    worked(point)
    expect(first.get_by_role("heading", level=1)).to_contain_text("等待确认")
    second.goto(first.url)
    second.get_by_role("button", name="放弃", exact=True).click()
    expect(second.locator("main")).to_contain_text("已放弃")
    first.get_by_role("button", name="确认导入").click()
    expect(first.locator(".note-error, [role=alert]").first).to_contain_text("这次导入现在是“已放弃”，不能这样做")
    picture(first, "import-discarded-meanwhile")


def test_the_file_of_another_hospital_is_refused_with_its_name(
    point: Point, page: Page, site: str, tmp_path: Path
) -> None:
    other = Point("330102").hospital
    log_in(page, point.post("entry_clerk"), site)
    choose(page, a_file(tmp_path / "别家.csv", other.code))
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    worked(point)  # the page looks each second, and loads anew by itself
    expect(page.get_by_role("alert")).to_contain_text(f"{other.code}（{other.name}），不是本院")
    picture(page, "import-of-another-hospital")


@pytest.mark.parametrize("month", ["2999-12", "2016-12", "昨天", ""])
def test_a_month_that_the_page_does_not_offer(point: Point, file: Path, page: Page, site: str, month: str) -> None:
    log_in(page, point.post("entry_clerk"), site)
    choose(page, file)
    page.evaluate(
        "month => { const field = document.querySelector('[name=archive_month]');"
        " field.options[0].value = month; field.selectedIndex = 0; }", month
    )  # fmt: skip
    press(page)
    expect(refused(page)).to_contain_text("以后的月份还没有到")
    picture(page, f"upload-month-{month or 'none'}")
    assert batches(point) == []


def test_the_import_and_the_rows_of_another_hospital_are_not_there(
    point: Point, file: Path, page: Page, site: str
) -> None:
    log_in(page, point.post("entry_clerk"), site)
    choose(page, file)
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    batch = worked(point)
    log_in(page, Point("330102").post("entry_clerk"), site)
    page.expected_complaints += ["404"]  # type: ignore[attr-defined]
    for address in ("", "/rows", "/rows/1"):
        answer = page.goto(f"/imports/{batch.pk}{address}")
        assert answer
        assert answer.status == 404
        assert "欧阳测童" not in page.content()
    forged = page.evaluate(
        """async (pk) => {
            const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
            const post = async (act) => (await fetch(`/imports/${pk}/${act}`,
                {method: 'POST', body: new URLSearchParams({choice: 'skip', match: 'new'}),
                 headers: {'X-CSRFToken': token}})).status;
            return Promise.all(['choose', 'confirm', 'discard', 'undo', 'go-on', 'mark'].map(post));
        }""",
        batch.pk,
    )
    assert forged == [404] * 6
    assert batches(point)[0].state == State.READY


@pytest.mark.parametrize(
    ("role", "act", "status", "words"),
    [
        ("entry_clerk", "approve", 403, "的权限。请切换岗位"),
        ("entry_clerk", "accept", 403, "的权限。请切换岗位"),
        ("entry_clerk", "restore", 200, "现在的状态不能这样做"),
        ("auditor", "report", 200, "现在的状态不能这样做"),
        ("auditor", "submit", 403, "的权限。请切换岗位"),
        ("entry_clerk", "delete", 200, "没有操作“delete”"),
        ("entry_clerk", "", 200, "没有操作"),
    ],
)
def test_a_forged_change_of_state_moves_nothing_and_says_why(
    point: Point, page: Page, site: str, role: str, act: str, status: int, words: str
) -> None:
    card = point.card()
    if role == "auditor":
        from tonghu.registry.services import move

        with point.acting("entry_clerk") as by:
            move(cards=[card.pk], act="submit", by=by)
    log_in(page, point.post(role), site)
    page.expected_complaints += [str(status)]  # type: ignore[attr-defined]
    page.goto(f"/cards/{card.pk}")
    with page.expect_navigation() as went:
        page.evaluate(
            """([pk, act]) => {
                const form = document.createElement('form');
                form.method = 'post';
                form.action = `/cards/${pk}/act`;
                const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
                for (const [name, value] of [['csrfmiddlewaretoken', token], ['_act', act], ['reason', '伪造'],
                                             ['state', 'accepted'], ['version', '9'], ['audited_by', '1']]) {
                    const field = document.createElement('input');
                    field.type = 'hidden'; field.name = name; field.value = value;
                    form.append(field);
                }
                document.body.append(form);
                form.submit();
            }""",
            [card.pk, act],
        )
    assert went.value
    assert went.value.status == status
    expect(page.locator("body")).to_contain_text(words)
    picture(page, f"forged-{role}-{act or 'nothing'}")
    with point.acting("entry_clerk"):
        after = Card.objects.get(pk=card.pk)
        assert (after.state, after.version, after.audited_by) == (
            "submitted" if role == "auditor" else "draft",
            1,
            None,
        )
        assert CardAct.objects.filter(card=card).count() == (1 if role == "auditor" else 0)
