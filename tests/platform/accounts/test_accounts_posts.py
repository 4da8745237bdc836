"""Appointing: within one's scope, list and line, never oneself, administrators apart, on exact days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from psycopg.types.range import Range

import made_up
from opened import opened
from tonghu.errors import InputRefused
from tonghu.platform.accounts import log_in, services
from tonghu.platform.accounts.links import issue_link
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.accounts.queries import state_of
from tonghu.platform.accounts.reach import in_scope, offer
from tonghu.platform.accounts.roles import ADMINISTRATORS, ROLES
from tonghu.platform.accounts.sign_in import current_posts, scope_for_job
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db]

TODAY = date(2027, 3, 1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(datetime(2027, 3, 1, 4, 0, tzinfo=UTC), tick=False):
        yield


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(InputRefused) as error:
        yield
    assert words in error.value.zh
    assert error.value.en


def appoint(by: Scope, **more: Any) -> Post:
    with open_scope(by):
        return services.appoint(**{"starts": TODAY, "by": by, **more})


def scope_of(role: str, at: Any) -> Scope:
    return made_up.scope_at(made_up.post(role, at))


# --- who may appoint whom ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-02")
def test_a_lead_gives_the_points_posts_to_people_of_the_point() -> None:
    point = made_up.hospital()
    lead = scope_of("point_lead", point)
    for role in sorted(ROLES["point_lead"].appoints):
        post = appoint(lead, person=made_up.person(point), role=role, institution=point)
        assert (post.first_day, post.last_day, post.appointed_by_id) == (TODAY, None, lead.person)
    with open_scope(lead):
        assert [role.code for role in offer(lead, point).given] == [
            "entry_clerk", "auditor", "records_department", "it_partner", "docking_engineer",
        ]  # fmt: skip


@pytest.mark.parametrize("role", ["point_lead", "responsible_deputy", "commission_officer", "security_admin"])
def test_a_lead_does_not_appoint_upwards(role: str) -> None:
    point = made_up.hospital()
    at = made_up.authority(region="510104") if role == "commission_officer" else point
    with pytest.raises(InputRefused):
        appoint(scope_of("point_lead", point), person=made_up.person(point), role=role, institution=at)


def test_nobody_appoints_at_another_hospital_or_in_another_region() -> None:
    here, there = made_up.hospital(), made_up.hospital(region="330102")
    person = made_up.person(there)
    for role, at in (("point_lead", here), ("commission_officer", made_up.authority())):
        with refused("不在您的范围内"):
            appoint(scope_of(role, at), person=person, role="entry_clerk", institution=there)


def test_an_officer_issues_a_points_lead_in_the_region_and_a_clerk_of_the_county_not_in_the_next() -> None:
    county = scope_of("commission_officer", made_up.authority(region="510104"))
    point, next_door = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    appoint(county, person=made_up.person(point), role="point_lead", institution=point)
    with refused("不在您的范围内"):
        appoint(county, person=made_up.person(next_door), role="point_lead", institution=next_door)


def test_the_database_too_refuses_a_post_for_oneself_or_beyond_the_scope() -> None:
    point = made_up.hospital()
    lead, there = scope_of("point_lead", point), made_up.hospital()
    for person, at in ((lead.person, point), (made_up.person(there).pk, there)):
        with pytest.raises(DatabaseError, match="row-level security"), open_scope(lead):
            Post.objects.create(person_id=person, institution=at, role="auditor", valid=Range(None, None))


def test_nobody_appoints_ends_or_suspends_themselves() -> None:
    point = made_up.hospital()
    post = made_up.post("security_admin", point)
    by = made_up.scope_at(post)
    with refused("不能任免或停用自己"):
        appoint(by, person=post.person, role="system_admin", institution=point)
    with open_scope(by):
        with refused("不能任免或停用自己"):
            services.end_post(post=post, last_day=TODAY, reason="made up", by=by)
        with refused("不能任免或停用自己"):
            services.suspend(person=post.person, reason="made up", by=by)
        with refused("不能为自己重置登录"):
            issue_link(person=post.person, by=by)
        with refused("或是您本人"):
            log_in.unlock(person=post.person, by=by)


OFFICERS_OF_OTHERS = {
    "insurance_officer": "insurance", "civil_affairs_officer": "civil_affairs", "drug_officer": "drug",
    "tcm_officer": "tcm", "development_officer": "development_reform", "human_resources_officer": "human_resources",
    "poverty_relief_officer": "poverty_relief",
}  # fmt: skip


@pytest.mark.requirement("NET-09")
@pytest.mark.parametrize(("role", "department"), OFFICERS_OF_OTHERS.items())
def test_officers_of_other_departments_are_appointed_by_the_security_administrator_of_health(
    role: str, department: str
) -> None:
    """Their departments keep no administrators here: without this nobody at all could appoint them."""
    at, beyond = made_up.authority(department, "510100"), made_up.authority(department, "330100")
    province, centre = made_up.authority("health", "510000"), made_up.authority("centre", "000000")
    for above in (province, centre):
        assert appoint(scope_of("security_admin", above), person=made_up.person(at), role=role, institution=at)
    with refused("不在您的范围内"):
        appoint(scope_of("security_admin", province), person=made_up.person(beyond), role=role, institution=beyond)
    county = scope_of("security_admin", made_up.authority("health", "510104"))
    with refused("不在您的范围内"):
        appoint(county, person=made_up.person(at), role=role, institution=at)
    with refused("不能任免"):  # running the registry is not giving posts to other departments
        appoint(scope_of("commission_officer", province), person=made_up.person(at), role=role, institution=at)
    with pytest.raises(PermissionDenied):
        appoint(scope_of("system_admin", province), person=made_up.person(at), role=role, institution=at)


def test_the_lines_that_keep_administrators_appoint_their_own_people() -> None:
    centre, province = made_up.authority("centre", "000000"), made_up.authority("health", "510000")
    with refused("属于另一条线"):
        appoint(
            scope_of("security_admin", centre), person=made_up.person(province), role="commission_officer",
            institution=province,
        )  # fmt: skip
    assert in_scope(province, scope_of("security_admin", centre)), "it lies in the nation all the same"


def test_the_audit_administrator_is_appointed_from_above() -> None:
    point = made_up.hospital()
    own, above = scope_of("security_admin", point), scope_of("security_admin", made_up.authority())
    with refused("须由上级单位的安全管理员任免"):
        appoint(own, person=made_up.person(point), role="audit_admin", institution=point)
    appoint(above, person=made_up.person(point), role="audit_admin", institution=point)


@pytest.mark.parametrize("role", ["entry_clerk", "auditor", "responsible_deputy", "system_admin", "audit_admin"])
def test_who_has_no_right_to_appoint_does_not(role: str) -> None:
    point = made_up.hospital()
    with pytest.raises(PermissionDenied):
        appoint(scope_of(role, point), person=made_up.person(point), role="entry_clerk", institution=point)


def test_a_place_has_only_its_own_posts_and_there_are_only_known_roles() -> None:
    point = made_up.hospital()
    lead = scope_of("point_lead", point)
    with refused("不设"):
        appoint(lead, person=made_up.person(point), role="commission_officer", institution=point)
    with refused("没有角色"):
        appoint(lead, person=made_up.person(point), role="emperor", institution=point)


def test_a_scope_with_the_right_but_without_a_post_appoints_nobody() -> None:
    point = made_up.hospital()
    by = Scope(institution=point.pk, permissions=frozenset({"accounts.appoint", "accounts.view"}))
    with open_scope(by):
        assert offer(by, point).given == ()
    with refused("请先选择岗位"):
        appoint(by, person=made_up.person(point), role="auditor", institution=point)


# --- administrators apart ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [*ADMINISTRATORS, "entry_clerk"])
@pytest.mark.parametrize("second", ADMINISTRATORS)
def test_administrators_stand_apart_from_each_other_and_from_the_trade(first: str, second: str) -> None:
    at = made_up.authority("centre", "000000")
    holder = made_up.post(first, made_up.hospital() if first == "entry_clerk" else at).person
    second_post = {"person": holder, "role": second, "institution": at, "starts": TODAY}
    with open_scope(system_scope("provisioning")) as by:
        if first == second:
            with refused("已任同一岗位"):
                services.appoint(**second_post, by=by)
        else:
            with refused("三者分离"):
                services.appoint(**second_post, by=by)


def test_whoever_was_an_administrator_may_become_a_clerk_afterwards() -> None:
    point = made_up.hospital()
    holder = made_up.post("system_admin", point, valid=Range(None, TODAY)).person
    assert appoint(scope_of("point_lead", point), person=holder, role="entry_clerk", institution=point)


def test_the_database_keeps_administrators_apart_in_bulk_too() -> None:
    point, person = made_up.hospital(), made_up.person()
    rows = [
        Post(person=person, institution=point, role=role, valid=Range(None, None))
        for role in ("security_admin", "audit_admin")
    ]
    with (
        pytest.raises(DatabaseError, match="post_administrators_apart"),
        transaction.atomic(),
        open_scope(system_scope("provisioning")),
    ):
        Post.objects.bulk_create(rows)


# --- days -------------------------------------------------------------------------------------------------------------


def test_a_post_opens_and_closes_exactly_on_its_days_in_china() -> None:
    point = made_up.hospital()
    post = appoint(
        scope_of("point_lead", point), person=made_up.person(point), role="auditor", institution=point,
        starts=date(2027, 3, 10), ends=date(2027, 3, 12),
    )  # fmt: skip
    midnight_of_the_10th = datetime(2027, 3, 9, 16, 0, tzinfo=UTC)  # 00:00 in China
    second, day = timedelta(seconds=1), timedelta(days=1)
    for moment, holds in (
        (midnight_of_the_10th - second, False),
        (midnight_of_the_10th, True),
        (midnight_of_the_10th + 3 * day - second, True),
        (midnight_of_the_10th + 3 * day, False),
    ):
        with time_machine.travel(moment, tick=False):
            job = scope_for_job(person=post.person_id, post=post.pk, purpose="test")
            assert (job is not None) is holds, moment
            browser = made_up.browser(post)
            assert (browser.get("/history").status_code == 200) is holds, moment
    assert [state_of(post, day) for day in (TODAY, date(2027, 3, 12), date(2027, 3, 13))] == [
        "future", "current", "past",
    ]  # fmt: skip


def test_days_that_do_not_fit_are_refused() -> None:
    point = made_up.hospital()
    lead = scope_of("point_lead", point)
    said = {"person": made_up.person(point), "role": "auditor", "institution": point}
    with refused("不能早于今天"):
        appoint(lead, **said, starts=TODAY - DAY)
    with refused("结束日期早于开始日期"):
        appoint(lead, **said, starts=TODAY, ends=TODAY - DAY)
    appoint(lead, **said, ends=TODAY + 9 * DAY)
    with refused("已任同一岗位"):
        appoint(lead, **said, starts=TODAY + 9 * DAY)
    appoint(lead, **said, starts=TODAY + 10 * DAY)


def test_a_post_at_an_institution_that_has_closed_gives_nothing() -> None:
    closed = made_up.hospital(valid=Range(None, TODAY))
    post = made_up.post("auditor", closed)
    with open_scope(system_scope("login")):
        assert current_posts(post.person_id, TODAY - DAY) == [post]
        assert current_posts(post.person_id) == []


def test_a_post_ends_with_a_day_and_its_history_says_why() -> None:
    point = made_up.hospital()
    lead, post = scope_of("point_lead", point), made_up.post("auditor", point)
    with open_scope(lead):
        with refused("终止原因"):
            services.end_post(post=post, last_day=TODAY, reason=" ", by=lead)
        with refused("不能早于昨天"):
            services.end_post(post=post, last_day=TODAY - 2 * DAY, reason="made up", by=lead)
        services.end_post(post=post, last_day=TODAY + DAY, reason="调离", by=lead)
        with refused("届时已经终止"):
            services.end_post(post=post, last_day=TODAY + 2 * DAY, reason="again", by=lead)
        post.refresh_from_db()
        assert post.last_day == TODAY + DAY
        event = Post.pgh_event_model.objects.filter(pgh_obj=post.pk).latest("pgh_id")  # type: ignore[attr-defined]
        assert (event.pgh_reason, event.pgh_person) == ("调离", lead.person)


def test_a_post_that_has_not_begun_is_withdrawn_and_one_of_today_ends_at_once() -> None:
    point = made_up.hospital()
    lead = scope_of("point_lead", point)
    future = appoint(lead, person=made_up.person(point), role="auditor", institution=point, starts=TODAY + DAY)
    now = made_up.post("entry_clerk", point)
    with open_scope(lead):
        for post in (future, now):
            services.end_post(post=post, last_day=TODAY - DAY, reason="made up", by=lead)
        assert state_of(future) == "withdrawn"
        assert state_of(now) == "past"
    assert scope_for_job(person=now.person_id, post=now.pk, purpose="test") is None


# --- deputies ---------------------------------------------------------------------------------------------------------


def test_a_deputy_stands_in_on_days_of_their_own_within_those_of_the_post() -> None:
    point = made_up.hospital()
    lead, person = scope_of("point_lead", point), made_up.person(point)
    post = made_up.post("auditor", point, valid=Range(None, TODAY + 30 * DAY))
    with open_scope(lead):
        deputy = services.name_deputy(post=post, person=person, starts=TODAY + DAY, ends=TODAY + 2 * DAY, by=lead)
        assert (deputy.role, deputy.institution, deputy.deputy_for) == ("auditor", point, post)
        with refused("任期之内"):
            services.name_deputy(post=post, person=person, starts=TODAY, ends=TODAY + 30 * DAY, by=lead)
        with refused("不能是岗位本人"):
            services.name_deputy(post=post, person=post.person, starts=TODAY, ends=TODAY, by=lead)
        with refused("代理岗位不能再指定"):
            services.name_deputy(post=deputy, person=post.person, starts=TODAY, ends=TODAY, by=lead)
    held = {}
    for day in range(4):
        with time_machine.travel(datetime(2027, 3, 1 + day, 4, 0, tzinfo=UTC), tick=False):
            held[day] = scope_for_job(person=person.pk, post=deputy.pk, purpose="test") is not None
    assert held == {0: False, 1: True, 2: True, 3: False}


def test_the_same_deputy_is_named_once_for_a_time() -> None:
    point = made_up.hospital()
    lead, person = scope_of("point_lead", point), made_up.person(point)
    post = made_up.post("auditor", point)
    with open_scope(lead):
        said = {"post": post, "person": person, "by": lead}
        services.name_deputy(**said, starts=TODAY, ends=TODAY + 5 * DAY)
        with refused("已是代理人"):
            services.name_deputy(**said, starts=TODAY + 5 * DAY, ends=TODAY + 9 * DAY)
        services.name_deputy(**said, starts=TODAY + 6 * DAY, ends=TODAY + 9 * DAY)
        stale = Post.objects.get(pk=post.pk)
        services.end_post(post=post, last_day=TODAY + 2 * DAY, reason="调离", by=lead)
        with refused("任期之内"):  # whoever opened the form before the post was ended
            services.name_deputy(post=stale, person=made_up.person(point), starts=TODAY, ends=TODAY + 5 * DAY, by=lead)
        spans = [one.valid.isempty or (one.first_day, one.last_day) for one in post.deputies.order_by("pk")]
    assert spans == [(TODAY, TODAY + 2 * DAY), True]


def test_who_moves_away_does_not_begin_a_post_left_behind() -> None:
    old, new = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    officer = made_up.scope_at(made_up.post("commission_officer", made_up.authority()), "accounts.appoint")
    somebody = made_up.person(old)
    spans = (
        Range(TODAY - 5 * DAY, TODAY + 5 * DAY), Range(TODAY + 9 * DAY, None), Range(TODAY - 9 * DAY, TODAY - 6 * DAY),
    )  # fmt: skip
    held = [made_up.post("point_lead", old, holder=somebody, valid=valid) for valid in spans]
    with open_scope(officer):
        services.move_person(person=somebody, to=new, last_day=TODAY, reason="调动", by=officer)
        now, later, before = (Post.objects.get(pk=one.pk) for one in held)
    assert now.last_day == TODAY
    assert later.valid.isempty, "it never begins"
    assert before.valid == spans[2], "what is over stays as it was"


def test_with_the_post_its_deputies_end() -> None:
    point = made_up.hospital()
    lead, person = scope_of("point_lead", point), made_up.person(point)
    post = made_up.post("auditor", point)
    with open_scope(lead):
        deputy = services.name_deputy(post=post, person=person, starts=TODAY, ends=TODAY + 9 * DAY, by=lead)
        services.end_post(post=post, last_day=TODAY - DAY, reason="made up", by=lead)
        deputy.refresh_from_db()
    assert deputy.valid.isempty
    assert scope_for_job(person=person.pk, post=deputy.pk, purpose="test") is None


def test_whoever_stands_in_may_end_the_post_and_stands_in_no_more() -> None:
    point = made_up.hospital()
    lead, post = made_up.post("point_lead", point), made_up.post("docking_engineer", point)
    spans = Range(TODAY - 3 * DAY, TODAY + 30 * DAY), Range(TODAY + 40 * DAY, TODAY + 50 * DAY)
    own, later = (
        made_up.post("docking_engineer", point, deputy_for=post, holder=lead.person, valid=span) for span in spans
    )
    with made_up.acting(lead) as by:
        services.end_post(post=post, last_day=TODAY + 4 * DAY, reason="调离", by=by)
        assert Post.objects.get(pk=own.pk).last_day == TODAY + 4 * DAY
        assert Post.objects.get(pk=later.pk).valid.isempty, "it never begins"
        event = Post.pgh_event_model.objects.filter(pgh_obj=own.pk).latest("pgh_id")  # type: ignore[attr-defined]
        assert (event.pgh_reason, event.pgh_person) == ("调离", lead.person_id)


def test_a_deputy_does_not_outlive_the_post_whichever_way_it_ended() -> None:
    post = made_up.post("auditor")
    deputy = made_up.post("auditor", post.institution, deputy_for=post)
    assert scope_for_job(person=deputy.person_id, post=deputy.pk, purpose="test")
    with open_scope(system_scope("provisioning")):
        Post.objects.filter(pk=post.pk).update(valid=Range(None, TODAY))
    assert scope_for_job(person=deputy.person_id, post=deputy.pk, purpose="test") is None


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_who_registers_gives_no_post_and_who_appoints_registers_nobody() -> None:
    point = made_up.hospital()
    admin, security = scope_of("system_admin", point), scope_of("security_admin", point)
    with open_scope(admin):
        person = services.register_person(username=" Wang.Fang ", name=" 王芳 ", institution=point, by=admin)
    assert (person.username, person.name, person.has_usable_password()) == ("wang.fang", "王芳", False)
    with pytest.raises(PermissionDenied), open_scope(security):
        services.register_person(username="li.na", name="李娜", institution=point, by=security)
    with open_scope(system_scope("login")):
        assert current_posts(person.pk) == []


def test_a_person_is_not_registered_with_a_bad_or_taken_name_or_elsewhere() -> None:
    point = made_up.hospital()
    by = scope_of("system_admin", point)
    made_up.person(username="wang.fang")
    with open_scope(by):
        for username, name, at, words in (
            ("王芳", "王芳", point, "用户名应为"),
            ("ab", "王芳", point, "用户名应为"),
            ("wang.fang", "王芳", point, "已被使用"),
            ("wang.fang2", " ", point, "请填写姓名"),
            ("wang.fang2", "王芳", made_up.hospital(), "不在您的范围内"),
        ):
            with refused(words):
                services.register_person(username=username, name=name, institution=at, by=by)


def test_a_suspended_account_is_out_at_once_and_comes_back_with_its_posts() -> None:
    point = made_up.hospital()
    by, post = scope_of("security_admin", point), made_up.post("auditor", point)
    browser = made_up.browser(post)
    assert browser.get("/account").status_code == 200
    with open_scope(by):
        with refused("请写明原因"):
            services.suspend(person=post.person, reason="", by=by)
        services.suspend(person=post.person, reason="手机失窃", by=by)
        with refused("已停用"):
            issue_link(person=post.person, by=by)
        with refused("已停用"):
            services.appoint(person=post.person, role="entry_clerk", institution=point, starts=TODAY, by=by)
    assert browser.get("/account").status_code == 302
    assert scope_for_job(person=post.person_id, post=post.pk, purpose="test") is None
    with open_scope(by):
        services.resume(person=post.person, reason="已核实", by=by)
    assert scope_for_job(person=post.person_id, post=post.pk, purpose="test")


@pytest.mark.parametrize("from_when", [-30, 30])
def test_a_security_administrator_neither_closes_nor_resets_who_watches_them(from_when: int) -> None:
    point, span = made_up.hospital(), Range(TODAY + from_when * DAY, None)
    security, above = made_up.post("security_admin", point), made_up.post("security_admin", made_up.authority())
    watcher = made_up.post("audit_admin", point, valid=span).person
    with open_scope(system_scope("login")):
        watcher.set_password("Hard-to-guess 7")
        watcher.save()
    page = f"/people/{watcher.pk}"
    offered = [f'action="{page}/{act}"' for act in ("suspend", "link")]
    with made_up.acting(security) as by:
        with refused("须由上级单位的安全管理员"):
            services.suspend(person=watcher, reason="x", by=by)
        with refused("须由上级单位的安全管理员"):
            issue_link(person=watcher, by=by, without_second_factor=True)
        with pytest.raises(DatabaseError, match="whoever watches"), transaction.atomic():
            Person.objects.filter(pk=watcher.pk).update(is_active=False)
    assert not any(one in made_up.browser(security).get(page).content.decode() for one in offered)
    assert all(one in made_up.browser(above).get(page).content.decode() for one in offered)
    with made_up.acting(above) as by:
        issue_link(person=watcher, by=by)
        services.suspend(person=watcher, reason="核实", by=by)
    with made_up.acting(security) as by, refused("须由上级单位的安全管理员"):
        services.resume(person=watcher, reason="x", by=by)
    with made_up.acting(above) as by:
        services.resume(person=watcher, reason="已核实", by=by)


def test_who_watched_once_or_elsewhere_is_closed_like_anybody() -> None:
    point = made_up.hospital()
    was = made_up.post("audit_admin", point, valid=Range(None, date(2024, 1, 1))).person
    elsewhere = made_up.post("audit_admin", holder=made_up.person(point)).person
    with made_up.acting(made_up.post("security_admin", point)) as by:
        for person in (was, elsewhere):
            services.suspend(person=person, reason="离职", by=by)
            assert not Person.objects.get(pk=person.pk).is_active


def test_nobody_resets_somebody_elsewhere_or_without_the_right() -> None:
    post = made_up.post("auditor")
    with open_scope(system_scope("login")):
        post.person.set_password("Hard-to-guess 7")
        post.person.save()
    security = scope_of("security_admin", made_up.hospital())
    lead = scope_of("point_lead", post.institution)
    with open_scope(security), refused("不在您的范围内"):
        issue_link(person=post.person, by=security)
    with open_scope(lead), pytest.raises(PermissionDenied):
        issue_link(person=post.person, by=lead)
    with open_scope(security), refused("不在您的范围内"):
        log_in.unlock(person=post.person, by=security)


def test_a_person_moves_and_the_posts_left_behind_end() -> None:
    old, new = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    province = made_up.authority()
    officer = made_up.scope_at(made_up.post("commission_officer", province), "accounts.appoint")
    post = made_up.post("point_lead", old)
    with open_scope(officer):
        services.move_person(person=post.person, to=new, last_day=TODAY, reason="调动", by=officer)
        post.refresh_from_db()
        assert post.last_day == TODAY
        assert Person.objects.get(pk=post.person_id).institution == new


def test_who_registers_but_does_not_appoint_is_told_before_anything_is_typed() -> None:
    """A system administrator moves people, and ends nobody's post."""
    old, new = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    person = made_up.person(old)
    browser = made_up.browser(made_up.post("system_admin", made_up.authority()))
    where = f"/people/{person.pk}/move"
    page = browser.get(where).content.decode()
    assert "没有需要终止的岗位" in page
    typed = opened(browser, where, to=new.code, last_day=TODAY.isoformat(), reason="调动到新院区")
    post = made_up.post("point_lead", old, holder=person)  # while the form stood open
    answer = browser.post(where, typed)
    assert answer.status_code == 200
    assert "请先由有权任免的人终止岗位" in answer.content.decode()
    assert "调动到新院区" in answer.content.decode(), "what was typed is kept"
    page = browser.get(where).content.decode()
    assert "不由您任免" in page
    assert "安全管理员" in page
    assert 'name="last_day"' not in page, "nothing is typed in vain"
    security = made_up.scope_at(made_up.post("security_admin", made_up.authority()))
    with open_scope(security):
        services.end_post(post=post, last_day=TODAY - DAY, reason="调离", by=security)
    assert browser.post(where, typed).status_code == 302
    with open_scope(system_scope("login")):
        assert Person.objects.get(pk=person.pk).institution == new


def test_whoever_appoints_sees_before_the_move_what_ends_with_it() -> None:
    old, new = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    post = made_up.post("point_lead", old)
    browser = made_up.browser(made_up.post("commission_officer", made_up.authority()))
    where = f"/people/{post.person_id}/move"
    page = browser.get(where).content.decode()
    assert "以下岗位随调动终止" in page
    assert f"{old.name} · 监测点总负责人" in page
    assert "不由您任免" not in page
    assert browser.post(where, opened(browser, where, to=new.code, reason="调动")).status_code == 302
    with open_scope(system_scope("login")):
        assert Post.objects.get(pk=post.pk).last_day == TODAY


def test_a_post_at_the_new_institution_goes_on_whoever_moves_its_holder_there() -> None:
    old, new = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    post = made_up.post("point_lead", new, holder=made_up.person(old))
    browser = made_up.browser(made_up.post("system_admin", made_up.authority()))
    where = f"/people/{post.person_id}/move"
    assert 'name="last_day"' in browser.get(where).content.decode()
    assert browser.post(where, opened(browser, where, to=new.code, reason="调动")).status_code == 302
    with open_scope(system_scope("login")):
        assert Post.objects.get(pk=post.pk).last_day is None


def test_nobody_moves_to_where_they_are() -> None:
    here = made_up.hospital(region="510104")
    officer = made_up.post("commission_officer", made_up.authority())
    person = made_up.person(here)
    browser, where = made_up.browser(officer), f"/people/{person.pk}/move"
    answer = browser.post(where, opened(browser, where, to=here.code, reason="调动"))
    assert answer.status_code == 200
    assert "无需调动" in answer.context["form"].errors["to"][0]
    scope = made_up.scope_at(officer)
    with open_scope(scope), refused("无需调动"):
        services.move_person(person=person, to=here, last_day=TODAY, reason="调动", by=scope)


def test_a_person_does_not_move_out_of_the_scope_of_who_moves_them() -> None:
    county = made_up.authority(region="510104")
    officer = made_up.scope_at(made_up.post("commission_officer", county))
    person = made_up.person(made_up.hospital(region="510104"))
    with open_scope(officer), refused("不在您的范围内"):
        services.move_person(
            person=person, to=made_up.hospital(region="330102"), last_day=TODAY, reason="x", by=officer
        )
