"""What stands beside figures: as of when, of how many, and why points are not ranked."""

from __future__ import annotations

import io
import re

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from points_and_cards import cards, point
from pypdf import PdfReader
from test_figures import count
from test_summing_up import run

import made_up
from tonghu.network.models import Institution
from tonghu.surveillance import board
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-15")]

TODAY = timezone.localdate()
BEFORE = Month.of(TODAY).plus(-2)
LAST = Month.of(TODAY).plus(-1)


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("HEAD1", "510104", name="虚构第一儿童医院")
    point(made)
    return made


@pytest.fixture
def centre(db: None) -> Client:
    return made_up.browser(made_up.post("centre_officer", made_up.authority("centre", "000000")))


@pytest.fixture
def officer(db: None) -> Client:
    return made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510100")))


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.mark.parametrize("address", ["/", "/reporting"])
def test_figures_of_a_summary_say_as_of_when_and_few_are_counted_now(
    hospital: Institution, centre: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards(hospital, LAST, 1, reported=TODAY)
    run("surveillance.sum_up")
    count()
    cards(hospital, LAST, 2)
    header = text(centre, address).split("board-head")[1].split("</section>")[0]
    assert "共 3 份" in header, "counted now, as the lists beside it"
    assert "截至" not in header
    monkeypatch.setattr(board, "COUNTED_NOW", 0)
    header = text(centre, address).split("board-head")[1].split("</section>")[0]
    assert "共 1 份" in header
    assert re.search(r"截至 \d\d:\d\d", header)


def test_a_share_says_of_how_many_and_an_answer_is_a_sentence(hospital: Institution, officer: Client) -> None:
    cards(hospital, BEFORE, 3, reported=BEFORE.due, problem_at_first=False)
    cards(hospital, BEFORE, 1)
    other = made_up.hospital("HEAD2", "510105", name="虚构第二医院")
    point(other)
    cards(other, BEFORE, 21, reported=BEFORE.due, problem_at_first=False)
    count()
    page = text(officer, "/reporting/quality")
    assert "医院这些月份的报告卡（含未上报）共 25 份，按时上报 24 份，96.0 %" in page
    assert "24 份报告卡，最初和目前都没有错误" in page
    assert "0：" not in page
    assert "达到 20 份的监测点不足两个" in page, "one of the two has 21"
    assert "没有查出问题。" in page


def test_what_is_not_due_yet_looks_otherwise_than_what_is_done(hospital: Institution, centre: Client) -> None:
    page = text(centre, "/reporting")
    assert re.search(rf'class="at is-open" title="{Month.of(TODAY)}', page)
    assert "一成及以上监测点欠报" in page
    centre.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "(cell)" not in text(centre, "/reporting?by=points")


def test_the_months_of_a_hospital_on_paper_have_columns_alike(hospital: Institution) -> None:
    cards(hospital, BEFORE, 2, reported=BEFORE.due)
    cards(hospital, BEFORE, 1)
    lead = made_up.browser(made_up.post("point_lead", hospital))
    content = b"".join(lead.get("/reporting/paper").streaming_content)  # type: ignore[attr-defined]
    sheet = PdfReader(io.BytesIO(content)).pages[0]
    found: dict[str, float] = {}
    sheet.extract_text(visitor_text=lambda said, cm, tm, *_: found.setdefault(said.strip(), cm[4] + tm[4]))
    starts = [next(x for said, x in found.items() if said.startswith(head)) for head in ("归档月", "截止日期", "状态")]
    assert starts[1] - starts[0] < 90 < starts[2] - starts[1], "points of a page 842 wide"
    assert any("草稿 1 · " in said or "已上报 2" in said for said in found), "where the cards stand"
