"""Roles and permissions: described, cited, defined; and nobody holds everything."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone, translation

import made_up
import tonghu
from tonghu.errors import InputRefused
from tonghu.network.catalogues import departments
from tonghu.network.models import Institution
from tonghu.platform.accounts import access, checks
from tonghu.platform.accounts import roles as page
from tonghu.platform.accounts.access import check_may
from tonghu.platform.accounts.roles import ADMINISTRATORS, ROLES, Role, Sight
from tonghu.platform.accounts.services import appoint
from tonghu.platform.scope import permissions, scope
from tonghu.platform.scope.permissions import declare, declared, permission
from tonghu.platform.scope.scope import Scope
from tonghu.policy.library import clause


@pytest.fixture
def roles(monkeypatch: pytest.MonkeyPatch) -> dict[str, Role]:
    held = dict(ROLES)
    monkeypatch.setattr(checks, "ROLES", held)
    return held


@pytest.mark.parametrize("role", [role for role in ROLES.values() if not role.permissions], ids=lambda role: role.code)
def test_a_role_without_a_permission_promises_none(role: Role) -> None:
    """Whoever reads the page of roles learns what a post can do today, not what its office is for alone."""
    assert role.for_zh.endswith("目前只能管理自己的账号、看公开名录，不看患儿资料。")
    assert role.for_en.endswith("Today: its own account and the open lists only.")


def faults() -> list[str]:
    return [str(fault.id) for fault in checks.check_permissions()]


def test_the_site_starts_without_a_fault() -> None:
    assert [fault for fault in run_checks() if str(fault.id).startswith("accounts.")] == []


@pytest.mark.requirement("REG-02")
@pytest.mark.parametrize(
    ("code", "zh"),
    [
        ("responsible_deputy", "分管负责同志"), ("point_lead", "监测点总负责人"), ("entry_clerk", "数据录入员"),
        ("auditor", "数据审核员"), ("records_department", "病案管理部门"), ("it_partner", "信息部门协作人员"),
    ],
)  # fmt: skip
def test_the_staff_of_a_point_are_called_as_the_policies_call_them(code: str, zh: str) -> None:
    role = ROLES[code]
    assert role.zh == zh
    assert role.clauses
    for path_ in role.clauses:
        assert clause(path_)


@pytest.mark.requirement("NET-09")
def test_every_department_has_duties_with_clauses_and_a_post_that_acts_for_it() -> None:
    for code, department in departments().items():
        assert department.duties
        for duty in department.duties:
            assert clause(duty.clause)
            assert duty.zh
            assert duty.en
        assert [role for role in ROLES.values() if code in role.places and role.code not in ADMINISTRATORS], code


def test_roles_are_held_at_places_that_there_are() -> None:
    places = {Institution.Kind.HOSPITAL, Institution.Kind.PRIMARY_CARE, *departments()}
    for role in ROLES.values():
        assert set(role.places) <= places
        assert all((role.zh, role.en, role.for_zh, role.for_en))


def test_who_sees_more_than_one_hospital_and_every_administrator_logs_in_with_a_code() -> None:
    for role in ROLES.values():
        if role.sight in (Sight.REGION, Sight.NATION) or role.code in ADMINISTRATORS:
            assert role.second_factor, role.code
    assert not ROLES["entry_clerk"].second_factor


def test_no_administrator_sees_patients_and_nobody_holds_everything() -> None:
    people = {code for code, one in declared().items() if not one.system_only}
    for role in ROLES.values():
        assert role.permissions < people
        if role.code in ADMINISTRATORS:
            assert not any(permission(code).of_patients for code in role.permissions), role.code
    registers = {code for code, role in ROLES.items() if "accounts.register" in role.permissions}
    assert not registers & {"security_admin", "audit_admin"}
    assert "accounts.appoint" not in ROLES["system_admin"].permissions
    assert "audit.read" not in ROLES["security_admin"].permissions


def test_every_permission_that_people_may_hold_is_held_by_some_role() -> None:
    held = frozenset().union(*(role.permissions for role in ROLES.values()))
    assert {code for code, one in declared().items() if not one.system_only} == held


def test_a_role_may_shred_exactly_where_some_event_keeps_personal_data() -> None:
    calls = (
        node
        for path in Path(tonghu.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "kind"
    )
    keeps_personal = any(word.arg == "personal" for call in calls for word in call.keywords)
    assert keeps_personal == any("audit.shred" in role.permissions for role in ROLES.values())


def test_roles_and_permissions_are_said_in_the_readers_language() -> None:
    role, one = ROLES["auditor"], permission("accounts.view")
    assert (role.name, one.name, Sight.NATION.label) == ("数据审核员", "查看人员与岗位", "全国")
    with translation.override("en"):
        assert (role.name, one.name, Sight.NATION.label) == ("Auditor", "See people and posts", "the nation")
        assert role.what_for == role.for_en
        assert one.effect == one.effect_en
    assert role.what_for == role.for_zh
    assert one.effect == one.effect_zh


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"permissions": frozenset({"nobody.declared"})}, "accounts.E001"),
        ({"permissions": frozenset({"accounts.provision"})}, "accounts.E002"),
        ({"permissions": frozenset({"children.read"}), "sight": Sight.NOTHING}, "accounts.E003"),
        ({"appoints": frozenset({"emperor"})}, "accounts.E004"),
        ({"appoints": frozenset({"auditor"}), "permissions": frozenset()}, "accounts.E004"),
        ({"clauses": ("NCPCS.99",)}, "accounts.E005"),
        ({"clauses": ()}, "accounts.E005"),
    ],
)
def test_a_role_that_is_wrong_stops_the_start(roles: dict[str, Role], change: dict[str, object], fault: str) -> None:
    roles["point_lead"] = replace(ROLES["point_lead"], **change)  # type: ignore[arg-type]
    assert fault in faults()


def test_a_view_or_a_system_scope_with_an_undefined_permission_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ASKED", [access.Access("requires", ("nobody.declared",))])
    assert faults() == ["accounts.E001"]
    monkeypatch.setattr(checks, "ASKED", [])
    monkeypatch.setattr(checks, "SYSTEM", {"x": (frozenset({"nobody.declared"}), "")})
    assert faults() == ["accounts.E001"]
    assert page.ROLES
    assert scope.SYSTEM


def test_declaring_a_permission_asks_for_its_shape_its_words_and_one_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "_declared", {})
    words = {"zh": "看", "en": "See", "effect_zh": "看。", "effect_en": "Sees."}
    assert declare("room.verb", **words) == declare("room.verb", **words) == "room.verb"
    with pytest.raises(ValueError, match="twice"):
        declare("room.verb", **{**words, "en": "Look"})
    with pytest.raises(ValueError, match="lacks"):
        declare("room.other", **{**words, "effect_en": ""})
    with pytest.raises(ValueError, match=r"room\.verb"):
        declare("Room", **words)
    with pytest.raises(KeyError):
        permission("room.unknown")


def test_what_is_missing_is_said_in_a_sentence() -> None:
    with pytest.raises(PermissionDenied, match="您当前的岗位没有“查看人员与岗位”或“登记人员”的权限"):
        check_may(Scope(), "accounts.view", "accounts.register")
    check_may(Scope(permissions=frozenset({"accounts.register"})), "accounts.view", "accounts.register")


def silent(_request: object) -> HttpResponse:
    return HttpResponse("served")


urlpatterns = [path("silent", silent)]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_view_that_does_not_say_who_may_open_it_is_not_served() -> None:
    with pytest.raises(ImproperlyConfigured, match="silent does not say who may open it"):
        Client().get("/silent")


@pytest.mark.requirement("NET-09")
@pytest.mark.django_db
def test_a_leading_group_is_named_by_the_health_authorities_and_reads_progress_alone() -> None:
    group = made_up.authority("leading_group", "510000")
    beyond = made_up.authority("leading_group", "330000")
    insurance = made_up.authority("insurance", "510000")
    member = made_up.person(insurance)
    officer = made_up.post("commission_officer", made_up.authority("health", "510000"))
    centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    today = timezone.localdate()
    with made_up.acting(officer) as by:
        post = appoint(person=member, institution=group, role="leading_group_member", starts=today, by=by)
        with pytest.raises(InputRefused, match="不在您的范围内"):
            appoint(person=member, institution=beyond, role="leading_group_member", starts=today, by=by)
        with pytest.raises(InputRefused, match="不设"):
            appoint(person=member, institution=insurance, role="leading_group_member", starts=today, by=by)
    with made_up.acting(centre) as by:
        appoint(person=member, institution=beyond, role="leading_group_member", starts=today, by=by)
    with made_up.acting(made_up.post("security_admin", made_up.hospital())) as by, pytest.raises(InputRefused):
        appoint(person=made_up.person(), institution=group, role="leading_group_member", starts=today, by=by)
    assert post.described.second_factor, "who sees a whole region gives a one-time code"
    assert not any(permission(code).of_patients for code in post.described.permissions)
    browser = made_up.browser(post)
    assert browser.get("/reporting").status_code == 200
    for closed in ("/children", "/people", "/events"):
        assert browser.get(closed).status_code in (403, 404), closed
    page = browser.get(f"/institutions/{group.pk}").content.decode()
    assert "统筹服务网络、诊疗水平、药品供应和综合保障" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "keeps"), [("point_lead", True), ("security_admin", True), ("docking_engineer", False)]
)
def test_docking_stands_in_the_menu_of_those_alone_who_may_open_it(role: str, keeps: bool) -> None:
    """An engineer gets the credentials from the lead, and hands none out."""
    browser = made_up.browser(made_up.post(role, made_up.hospital()))
    assert browser.get("/docking").status_code == (200 if keeps else 403)
    assert ('href="/docking"' in browser.get("/").content.decode()) is keeps
