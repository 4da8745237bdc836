"""Institutions whose region code has ended: who sees them, who moves them, and what walls say after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from django.utils import translation
from psycopg.types.range import Range

import made_up
from tonghu.codes.regions import history
from tonghu.errors import InputRefused
from tonghu.network import following, queries, services, telling
from tonghu.network.models import Institution, Region
from tonghu.platform.accounts.models import Person
from tonghu.platform.jobs.tasks import kinds as job_kinds
from tonghu.platform.notices.kinds import kinds
from tonghu.platform.notices.models import Notice
from tonghu.platform.notices.sending import mail_connection, send_mail_to
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-01")]


@pytest.fixture
def old() -> Institution:
    """A hospital in 莱城区 of 莱芜市, both merged into 济南市 with 2019; and the tree that says so."""
    codes = ("370000", "370100", "370102", "370116", "371200", "371202", "510104")
    with open_scope(system_scope("provisioning")) as by:
        services.load_regions(spells=[spell for code in codes for spell in history(code)], by=by)
    return made_up.hospital(region="371202")


def officer(region: str) -> Scope:
    return made_up.scope_at(made_up.post("commission_officer", made_up.authority(region=region)))


def seen(by: Scope) -> list[int]:
    from django.db import connection

    with open_scope(by), connection.cursor() as cursor:
        cursor.execute("SELECT scope.institutions()")
        return list(cursor.fetchone()[0])


def test_the_new_city_lists_it_with_its_new_code_moves_it_and_sees_it_the_old_one_no_more(old: Institution) -> None:
    new_city, old_city, province, elsewhere = (officer(code) for code in ("370100", "371200", "370000", "510000"))
    assert old.pk not in seen(new_city)
    for by, here in ((new_city, True), (province, True), (old_city, False)):
        with open_scope(by):
            line = next(one for one in following.to_follow(by) if one.institution == old)
            assert [(place.code, place.here) for place in line.now] == [("370116", here)]
            assert (line.proposed is not None, line.keeps) == (here, by is not new_city)
            assert "莱城区" in line.was
    for by in (old_city, elsewhere):
        with open_scope(by), pytest.raises(InputRefused, match="辖区"):
            following.follow(moves={old.pk: "370116"}, by=by)
    with open_scope(elsewhere):
        assert following.to_follow(elsewhere) == []
    with open_scope(new_city):
        assert following.follow(moves={old.pk: "370116"}, by=new_city) == 1
        assert old.pk not in {one.institution.pk for one in following.to_follow(new_city)}
        with pytest.raises(InputRefused, match="现行有效"):
            following.follow(moves={old.pk: "370116"}, by=new_city)
        old.refresh_from_db()
        assert old.region_code == "370116"
        kept = Institution.pgh_event_model.objects.filter(pgh_obj_id=old.pk)  # type: ignore[attr-defined]
        assert "371202" in set(kept.values_list("region_code", flat=True))
    assert old.pk in seen(new_city)
    assert old.pk not in seen(old_city)


def test_the_database_lets_who_takes_over_change_the_region_alone_and_to_its_successor_alone(old: Institution) -> None:
    new_city = officer("370100")
    for change in ({"region_code": "370102"}, {"region_code": "370116", "name": "改名"}, {"name": "改名"}):
        with pytest.raises(DatabaseError), transaction.atomic(), open_scope(new_city):
            Institution.objects.filter(pk=old.pk).update(**change)
    away = officer("510000")
    with open_scope(away):
        assert Institution.objects.filter(pk=old.pk).update(region_code="510104") == 0
    living = made_up.hospital(region="510104")
    with open_scope(new_city):
        assert Institution.objects.filter(pk=living.pk).update(region_code="370102") == 0


def test_an_authority_does_not_follow_by_itself(old: Institution) -> None:
    ended, new_city, province = made_up.authority(region="371202"), officer("370100"), officer("370000")
    with open_scope(new_city):
        line = next(one for one in following.to_follow(new_city) if one.institution == ended)
        assert line.is_authority
        assert line.choices == ()
        assert line.proposed is None
        assert Institution.objects.filter(pk=ended.pk).update(region_code="370116") == 0
    with open_scope(province), pytest.raises(InputRefused, match="主管部门"):
        following.follow(moves={old.pk: "370116", ended.pk: "370116"}, by=province)
    with open_scope(province):
        old.refresh_from_db()
        assert old.region_code == "371202"  # all or none
        services.change_institution(institution=ended, by=province, region_code="370116")


def test_a_code_that_was_divided_is_for_a_person_to_choose_and_only_among_what_took_its_place(old: Institution) -> None:
    province = officer("370000")
    with open_scope(system_scope("provisioning")):
        Region.objects.filter(code="371202").update(replaced_by=["370116", "370102"])
    with open_scope(province):
        line = next(one for one in following.to_follow(province) if one.institution == old)
        assert line.proposed is None
        assert {place.code for place in line.choices} == {"370116", "370102"}
        with pytest.raises(InputRefused, match="不是 370100"):
            following.follow(moves={old.pk: "370100"}, by=province)
        following.follow(moves={old.pk: "370102"}, by=province)
        old.refresh_from_db()
    assert old.region_code == "370102"


def test_sql_and_python_agree_on_what_became_of_a_code(old: Institution) -> None:
    from django.db import connection

    with open_scope(officer("000000")), connection.cursor() as cursor:
        for code in ("371202", "371200", "370116", "510104", "999999"):
            cursor.execute("SELECT scope.became(%s)", [code])
            assert sorted(cursor.fetchone()[0]) == sorted(queries.became(code)), code
        assert queries.region("371202", date(2018, 6, 1)) is not None


def test_the_pages_say_it_and_move_one_or_all_that_need_no_choice(old: Institution) -> None:
    more = made_up.hospital(region="371202")
    browser = made_up.browser(made_up.post("commission_officer", made_up.authority(region="370100")))
    assert "2 家机构所在的区划已撤销" in browser.get("/institutions").content.decode()
    assert "区划代码 371202 已撤销" in browser.get(f"/institutions/{old.pk}").content.decode()
    page = browser.get("/institutions/ended-regions").content.decode()
    assert "370116" in page
    assert f'value="{old.pk}:370116"' in page
    assert "按上表迁移无需选择的 2 家" in page
    refused = browser.post("/institutions/ended-regions", {"move": f"{old.pk}:370102"}, follow=True).content.decode()
    assert "不是 370102" in refused
    both = {"move": [f"{old.pk}:370116", f"{more.pk}:370116"]}
    assert "已迁移 2 家机构" in browser.post("/institutions/ended-regions", both, follow=True).content.decode()
    assert "没有机构位于已撤销的区划" in browser.get("/institutions/ended-regions").content.decode()
    assert "已撤销" not in browser.get(f"/institutions/{old.pk}").content.decode()
    browser.cookies["django_language"] = "en"
    assert "No institution lies in a region" in browser.get("/institutions/ended-regions").content.decode()
    clerk = made_up.browser(made_up.post("entry_clerk", old))
    assert clerk.get("/institutions/ended-regions").status_code == 403


def tell() -> int:
    low, high = "000000", "999999"
    with open_scope(replace(system_scope("regions"), region_from=low, region_to=high)):
        return telling.tell()


def notices() -> dict[int, list[tuple[str, str]]]:
    """What each person was told, and where it leads."""
    found: dict[int, list[tuple[str, str]]] = {}
    with open_scope(system_scope("notices")):
        for one in Notice.objects.filter(kind__startswith="network.").order_by("pk"):
            found.setdefault(one.person_id, []).append((kinds()[one.kind].sentence(one.data), one.url))
    return found


def test_those_whom_an_ended_region_concerns_are_told_once(old: Institution) -> None:
    """Who moves the institutions: the nearest over the old code and the new one. And who sits at an authority there."""
    commission, insurance = made_up.authority(region="371202"), made_up.authority("insurance", "371202")
    own, elsewhere = made_up.post("commission_officer", commission), made_up.authority(region="510000")
    insured, new_city = made_up.post("insurance_officer", insurance), made_up.authority(region="370100")
    mover, head = made_up.post("commission_officer", new_city), made_up.post("commission_head", new_city)
    over = made_up.post("commission_officer", new_city, valid=Range(date(2020, 1, 1), date(2020, 2, 1)))
    province = made_up.post("commission_officer", made_up.authority(region="370000"))
    stranger = made_up.post("commission_officer", elsewhere)
    assert tell() == 4
    assert tell() == 0, "each once"
    told = notices()
    moving = (
        "山东省莱芜市莱城区（371202）的区划代码已停用：辖区内有 3 个机构待迁入新区划，主管部门须停用或改区划",
        "/institutions/ended-regions",
    )
    assert told[mover.person_id] == [moving]
    assert [url for _said, url in told[own.person_id]] == [moving[1], f"/institutions/{commission.pk}"]
    ((said, url),) = told[insured.person_id]
    assert (said.startswith("您任职的主管部门所在区划山东省莱芜市莱城区（371202）已停用"), url) == (
        True, f"/institutions/{insurance.pk}",
    )  # fmt: skip
    for post in (head, over, province, stranger):
        assert post.person_id not in told, "no right to move, no post any more, somebody nearer, or another region"
    with translation.override("en"):
        assert "Laicheng District, Laiwu, Shandong" in notices()[mover.person_id][0][0]


def test_the_letter_is_in_the_readers_language_and_the_address_opens(
    old: Institution, mailoutbox: list[mail.EmailMessage]
) -> None:
    reader = made_up.person(username="laiwu", email="officer@example.org", language="en")
    mover = made_up.post("commission_officer", made_up.authority(region="370100"), holder=reader)
    assert tell() == 1
    assert send_mail_to(reader.pk, mail_connection()) == 1
    (letter,) = mailoutbox
    assert "The region code 371202" in letter.body
    assert "/institutions/ended-regions" in letter.body
    assert old.name in made_up.browser(mover).get("/institutions/ended-regions").content.decode()


def test_the_job_runs_only_where_something_was_left(old: Institution) -> None:
    due = job_kinds()["network.tell"].due
    assert due is not None
    with open_scope(system_scope("regions")):
        assert due()
    with open_scope(officer("370100")) as by:
        following.follow(moves={old.pk: "370116"}, by=by)
    with open_scope(system_scope("regions")):
        assert not due()


@pytest.mark.parametrize("without_effect", ["suspended", "closed", "deputy of an ended post"])
def test_whoever_cannot_act_any_more_counts_for_nobody_and_the_next_above_is_told(
    old: Institution, without_effect: str
) -> None:
    city, province = (made_up.authority(region=region) for region in ("370100", "370000"))
    ended = Range(None, date(2024, 1, 1))
    stood_for = made_up.post("commission_officer", city, valid=ended) if "deputy" in without_effect else None
    near = made_up.post("commission_officer", city, deputy_for=stood_for)
    above = made_up.post("commission_officer", province)
    if without_effect == "closed":
        with open_scope(system_scope("provisioning")):
            Institution.objects.filter(pk=city.pk).update(valid=ended)
    if without_effect == "suspended":
        with open_scope(system_scope("login")):
            Person.objects.filter(pk=near.person_id).update(is_active=False)
    tell()
    assert (near.person_id in notices(), above.person_id in notices()) == (False, True)
