"""The board on paper, and what regions are called in English."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override
from points_and_cards import cards, point
from pypdf import PdfReader

import made_up
from tonghu.network import naming
from tonghu.network.models import Institution, Region
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance import papers
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]

TODAY = date.today()
BEFORE = Month.of(TODAY).plus(-2)


@pytest.fixture
def hospital(db: None) -> Institution:
    with open_scope(system_scope("migration")):
        for code, level, above, name in (
            ("000000", 0, "", "全国"), ("510000", 1, "000000", "四川省"), ("510100", 2, "510000", "成都市"),
            ("510104", 3, "510100", "锦江区"), ("371722", 3, "371700", "单县"), ("110101", 3, "110100", "东城区"),
            ("110100", 2, "110000", "市辖区"), ("110000", 1, "000000", "北京市"),
        ):  # fmt: skip
            Region.objects.create(code=code, level=level, parent_code=above, name=name, valid=made_up.ALWAYS)
    made = made_up.hospital("PAPER1", "510104", name="虚构第一儿童医院")
    point(made)
    cards(made, BEFORE, 3, reported=BEFORE.due)
    return made


def words(client: Client, address: str = "/reporting/paper", status: int = 200, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == status
    if status != 200:
        return ""

    assert answer.headers["Content-Type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(b"".join(answer.streaming_content))).pages  # type: ignore[attr-defined]
    return "\n".join(page.extract_text() for page in pages)


def test_a_hospital_takes_its_months_along_with_who_took_them(hospital: Institution) -> None:
    said = words(made_up.browser(made_up.post("point_lead", hospital)))
    assert str(BEFORE) in said
    assert "监测点总负责人" in said, "the watermark and the foot say who"
    assert f"{TODAY.year}-" in said


def test_a_reader_in_english_finds_the_own_role_in_english_on_paper(hospital: Institution) -> None:
    reader = made_up.browser(made_up.post("point_lead", hospital))
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    said = words(reader)
    assert ROLES["point_lead"].en in said
    assert "监测点总负责人" not in said


def test_an_authority_takes_the_wall_it_looks_at(hospital: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510100")))
    assert "虚构第一儿童医院" in words(officer)
    assert "锦江区" in words(officer, by="regions")
    assert "没有这样的监测点" in words(officer, show="late", month=str(BEFORE))
    words(officer, status=404, region="330000")
    point(made_up.hospital("PAPER2", "510105", name="虚构第二儿童医院"))
    monkeypatch.setattr(papers, "MOST", 1)
    assert "只打印前 1 个监测点" in words(officer)


def test_a_hospital_that_is_no_point_is_told_so_on_paper(hospital: Institution) -> None:
    said = words(made_up.browser(made_up.post("point_lead", made_up.hospital("PAPER3", "510104"))))
    assert "不是监测点" in said


def test_regions_are_called_by_their_names_and_spelled_in_english(hospital: Institution) -> None:
    named = {"000000": "The nation", "510000": "Sichuan", "510104": "Jinjiang District", "371722": "Shanxian"}
    with override("en"):
        assert {code: place.name for code in named if (place := naming.place(code))} == named
        assert naming.full_name("510104") == "Jinjiang District, Chengdu, Sichuan"
        assert naming.full_name("110101") == "Dongcheng District, Beijing"
        assert naming.full_name("999999") == "999999"
    with override("zh-hans"):
        assert naming.place("510100") == naming.Place("510100", "成都市")
        assert naming.full_name("510104") == "四川省成都市锦江区"
    assert naming.place("990000") is None
    centre = made_up.browser(made_up.post("centre_officer", made_up.authority("centre", "000000")))

    centre.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = centre.get("/reporting").content.decode()
    assert "Sichuan" in page
    assert "全国" not in page
    assert "四川" not in page
