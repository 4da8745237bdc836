"""Institutions and authorities: registered, changed, closed, found; by whom, and where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone, translation
from psycopg.types.range import Range

import made_up
from opened import opened
from tonghu.errors import InputRefused
from tonghu.network import queries, services
from tonghu.network.catalogues import GRADES, departments, institution_types
from tonghu.network.forms import InstitutionForm
from tonghu.network.models import Institution
from tonghu.network.queries import REGIONS
from tonghu.platform.components import codes
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-01")]


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(InputRefused) as error:
        yield
    assert words in error.value.zh
    assert error.value.en


@pytest.fixture
def officer() -> Scope:
    return made_up.scope_at(made_up.post("commission_officer", made_up.authority()))


def register(by: Scope, **said: Any) -> Institution:
    with open_scope(by):
        return services.register_institution(
            **{"code": "TEST1", "name": "虚构单县医院", "kind": "hospital", "region_code": "510104", "by": by, **said}
        )


def test_an_officer_registers_a_hospital_of_the_region(officer: Scope) -> None:
    made = register(officer, type="A519", level=3, grade="甲", since=date(2020, 1, 1))
    assert (made.place, made.level, made.grade, made.valid.lower) == ("hospital", 3, "甲", date(2020, 1, 1))
    assert made.name_pinyin.startswith("xu gou")
    assert made.area() is None


def test_an_authority_is_in_charge_of_its_area(officer: Scope) -> None:
    made = register(officer, kind="authority", department="insurance", region_code="510100")
    assert (made.place, made.area()) == ("insurance", ("510100", "510200"))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"region_code": "330102"}, "不在您的辖区内"),
        ({"code": " "}, "请填写机构编码和名称"),
        ({"kind": "authority"}, "请选择主管部门"),
        ({"kind": "authority", "department": "space"}, "请选择主管部门"),
        ({"department": "health"}, "医疗机构不填部门"),
        ({"type": "B100"}, "不适用于此类机构"),
        ({"type": "Z9"}, "不适用于此类机构"),
        ({"grade": "丁"}, "等次应为"),
        ({"level": 4}, "级别应为"),
        ({"code": "9" * 23}, "不能超过 22 个字符"),
        ({"name": "很" * 121}, "不能超过 120 个字符"),
    ],
)
def test_what_does_not_fit_is_refused(officer: Scope, said: dict[str, Any], words: str) -> None:
    with refused(words):
        register(officer, **said)


def test_a_code_names_one_institution(officer: Scope) -> None:
    register(officer)
    with refused("已被登记"):
        register(officer)


def test_a_region_that_is_no_more_is_refused_with_what_it_is_now(officer: Scope) -> None:
    from tonghu.codes.regions import history

    with open_scope(system_scope("provisioning")) as by:
        services.load_regions(spells=[*history("510122"), *history("510116"), *history("510104")], by=by)
    register(officer)
    with refused("现为 510116"):
        register(officer, code="TEST2", region_code="510122")
    with refused("今天不存在"):
        register(officer, code="TEST2", region_code="510199")


def test_an_institution_is_changed_within_the_region_and_does_not_leave_it(officer: Scope) -> None:
    made = register(officer)
    with open_scope(officer):
        services.change_institution(institution=made, by=officer, name="新名医院", level=2)
        with refused("不在您的辖区内"):
            services.change_institution(institution=made, by=officer, region_code="330102")
        with pytest.raises(TypeError):
            services.change_institution(institution=made, by=officer, code="OTHER")
        made.refresh_from_db()
    assert (made.name, made.level, made.region_code) == ("新名医院", 2, "510104")


def test_a_hospitals_own_administrator_changes_it_and_no_other() -> None:
    here, there = made_up.hospital(), made_up.hospital()
    admin = made_up.scope_at(made_up.post("system_admin", here))
    with open_scope(admin):
        services.change_institution(institution=here, by=admin, level=2)
        with refused("不在您的辖区内"):
            services.change_institution(institution=there, by=admin, level=2)
        assert services.may_manage(here, admin)
        assert not services.may_manage(there, admin)


def test_without_the_right_nothing_is_written_and_the_database_agrees() -> None:
    clerk = made_up.scope_at(made_up.post("entry_clerk"))
    with pytest.raises(PermissionDenied):
        register(clerk)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic(), open_scope(clerk):
        Institution.objects.create(code="X", name="x", kind="hospital", region_code="510104", valid=made_up.ALWAYS)


def test_an_institution_closes_with_a_day_and_keeps_its_rows(officer: Scope) -> None:
    made, today = register(officer, since=date(2020, 1, 1)), timezone.localdate()
    with open_scope(officer):
        with refused("停用日期"):
            services.close_institution(institution=made, last_day=today - timedelta(days=1), by=officer)
        services.close_institution(institution=made, last_day=today, by=officer)
        made.refresh_from_db()
    assert made.valid == Range(date(2020, 1, 1), today + timedelta(days=1))


def test_further_codes_name_one_institution_each(officer: Scope) -> None:
    one, other = register(officer), register(officer, code="TEST2")
    with open_scope(officer):
        services.set_code(institution=one, system="credit", code="12510000test00001x", by=officer)
        services.set_code(institution=one, system="credit", code="12510000TEST00002X", by=officer)
        assert [code.code for code in one.codes.all()] == ["12510000TEST00002X"]
        with refused("属于另一家机构"):
            services.set_code(institution=other, system="credit", code="12510000TEST00002X", by=officer)
        for code in ("123", "12510000TEST00002！", "1" * 19):
            with refused("应为 18 位"):
                services.set_code(institution=one, system="credit", code=code, by=officer)
        found = Institution.objects.all()
        assert list(queries.called(found, "12510000test00002x")) == [one]
        assert list(queries.called(found, "TEST2")) == [other]
        assert set(queries.called(found, "xu gou")) == {one, other}
        assert one in queries.lying_in(found, "510000")
        assert one not in queries.lying_in(found, "330000")


def test_a_department_belongs_to_authorities_in_the_database_too() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), open_scope(system_scope("provisioning")):
        Institution.objects.create(
            code="X", name="x", kind="hospital", department="health", region_code="510104", valid=made_up.ALWAYS
        )


def test_lists_of_the_field_are_said_in_both_languages() -> None:
    assert set(GRADES) == {"特", "甲", "乙", "丙"}
    assert (str(departments()["insurance"]), str(institution_types()["A519"])) == ("医疗保障", "儿童医院")
    assert str(departments()["health"].duties[0]).startswith("成立领导小组")
    with translation.override("en"):
        assert (str(departments()["insurance"]), str(institution_types()["A519"])) == (
            "Medical insurance", "Children's hospital",
        )  # fmt: skip
        assert str(departments()["health"].duties[0]).startswith("Sets up")


def test_the_pages_register_change_code_and_close(officer: Scope) -> None:
    browser = made_up.browser(made_up.post("commission_officer", made_up.authority()))
    said = {
        "kind": "hospital", "code": "TEST9", "name": "虚构九院", "region_code": "510104", "type": "A519",
        "level": "3", "grade": "甲", "department": "", "since": "",
    }  # fmt: skip
    page = browser.get("/institutions/new").content.decode()
    assert "启用日期" in page
    assert "登录时间" not in page
    assert "不在您的辖区内" in browser.post("/institutions/new", {**said, "region_code": "330102"}).content.decode()
    assert browser.post("/institutions/new", {**said, "region_code": "5101"}).status_code == 200
    page = browser.post("/institutions/new", said, follow=True).content.decode()
    assert "虚构九院" in page
    assert "三级甲等" in page
    english = made_up.browser(made_up.post("commission_officer", made_up.authority()))
    english.cookies["django_language"] = "en"
    assert "Level 3, grade A" in english.get("/institutions", {"q": "TEST9"}).content.decode()
    assert ">grade A</option>" in english.get("/institutions/new").content.decode()
    made = Institution.objects.get(code="TEST9")
    address = f"/institutions/{made.pk}"
    changed = {name: said[name] for name in ("region_code", "type", "level", "grade", "department")}
    sent = opened(browser, f"{address}/change", **changed, name="新九院")
    assert "新九院" in browser.post(f"{address}/change", sent, follow=True).content.decode()
    sent = opened(browser, f"{address}/code", system="organisation", code="TEST00009")
    coded = browser.post(f"{address}/code", sent, follow=True)
    assert "TEST00009" in coded.content.decode()
    last = timezone.localdate().isoformat()
    assert browser.post(f"{address}/close", opened(browser, f"{address}/close", last_day=last)).status_code == 302
    listed = browser.get("/institutions", {"q": "TEST00009", "region": "510000", "kind": "hospital"}).content.decode()
    assert "新九院" in listed
    assert "新九院" not in browser.get("/institutions", {"region": "330000"}).content.decode()
    assert "新九院" not in browser.get("/institutions", {"region": "5x"}).content.decode()


@pytest.mark.requirement("NET-09")
def test_the_page_of_an_authority_names_its_duties_with_their_clauses() -> None:
    insurance = made_up.authority("insurance", "510000")
    page = made_up.browser(made_up.post("entry_clerk")).get(f"/institutions/{insurance.pk}").content.decode()
    assert "参保资助、支付方式改革、医疗救助" in page
    assert "SC18.3" in page
    assert "医疗保障" in page


def test_a_region_is_picked_by_name() -> None:
    field = InstitutionForm().fields["region_code"]
    assert field.clean("四川省成都市锦江区") == "510104"
    assert field.clean("510104 四川省成都市锦江区") == "510104"
    assert field.clean("510104") == "510104"
    assert field.clean("510122") == "510122", "one that has ended: the service says what became of it"
    assert field.clean("全国") == "000000"
    with pytest.raises(ValidationError, match="510104"):
        field.clean("锦江区")
    assert "510104" in [one.code for one in codes.find(REGIONS, "锦江")]
