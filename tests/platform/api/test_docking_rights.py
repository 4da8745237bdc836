"""Nobody hands a system what their own post lacks: not by issuing, not by renewing, not by SQL of their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

import docking
import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.accounts.roles import ADMINISTRATORS, CARE, CENTRE, ROLES
from tonghu.platform.api import services
from tonghu.platform.api.access import ISSUE
from tonghu.platform.api.models import DockingClient
from tonghu.platform.api.queries import clients
from tonghu.platform.scope.permissions import declared
from tonghu.platform.scope.scope import Scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-07")]
REFUSED = "row-level security|outside the scope|permission denied"
ROW = (
    "INSERT INTO api_dockingclient (client_id, secret_digest, name, valid, issued_at, institution_id, environment, "
    "permissions, networks, kept_by_id) "
    "VALUES ('tonghu-sql', '\\x00', 'x', '[2026-01-01,2099-01-01)', now(), %s, %s, %s, %s, %s)"
)


def issue(at: Institution, by: Scope, *wanted: str) -> services.Issued:
    today = timezone.localdate()
    return services.issue(
        name="虚构 HIS", institution=at, environment="live", permissions=wanted, networks=["127.0.0.1"], starts=today,
        ends=today, by=by,
    )  # fmt: skip


def sql(query: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.rowcount)


def test_only_a_post_that_sees_patients_can_let_a_system_see_them() -> None:
    """Each role that keeps clients, at the widest place that it is held at."""
    issuing = {code for code, role in ROLES.items() if ISSUE in role.permissions}
    assert issuing == {"point_lead", "security_admin"}
    for code in sorted(issuing):
        place = made_up.authority(CENTRE, "000000") if CENTRE in ROLES[code].places else made_up.hospital(made_up=False)
        with made_up.acting(made_up.post(code, place)) as by:
            if "children.read" in ROLES[code].permissions:
                assert ROLES[code].places == CARE, "no client sees more than one hospital"
                assert issue(place, by, "children.read").client.permissions == ["children.read"]
            else:
                assert code in ADMINISTRATORS
                with pytest.raises(
                    InputRefused, match="lacks these rights, so it hands them to no system: See children"
                ):
                    issue(place, by, "children.read")
            assert issue(place, by).client.permissions == []


def test_an_administrator_ends_what_sees_patients_and_gets_no_secret_of_it() -> None:
    place = made_up.hospital(made_up=False)
    held = docking.client(place, "children.read", networks=["127.0.0.1/32"])
    admin = made_up.post("security_admin", place)
    browser = made_up.browser(admin)
    form = browser.get("/docking/new").content.decode()
    assert "children.read" not in form, "what is refused is not offered"
    assert "您的岗位没有可交给信息系统的权限" in form
    shown = browser.get(f"/docking/{held.pk}").content.decode()
    assert "更换密钥须由有这些权限的岗位办理" in shown
    assert f"/docking/{held.pk}/renew" not in shown
    page = browser.post(f"/docking/{held.pk}/renew", {"reason": "好奇"}).content.decode()
    assert "您的岗位自己没有这些权限，不能交给信息系统：查看患儿" in page
    lead = made_up.browser(made_up.post("point_lead", place))
    assert 'value="children.read"' in lead.get("/docking/new").content.decode()
    assert f"/docking/{held.pk}/renew" in lead.get(f"/docking/{held.pk}").content.decode()
    with made_up.acting(admin) as by:
        assert clients().get(pk=held.pk).secret_digest == held.secret_digest
        services.end(client=held, reason="密钥外泄", by=by)
    assert docking.system(held).get("/api/v1/me").status_code == 401


def test_sql_of_an_honest_scope_goes_no_further() -> None:
    place, other = made_up.hospital(made_up=False), made_up.hospital(made_up=False)
    lead, admin = made_up.post("point_lead", place), made_up.post("security_admin", place)
    home = ["10.0.0.0/8"]
    with made_up.acting(lead):
        for at, environment, wanted, networks in (
            (place, "live", ["children.enter"], home),
            (place, "live", ["children.read", "children.enter"], home),
            (place, "live", ["children.read"], []),
            (place, "test", ["children.read"], home),
            (place, "live", ["*"], home),
            (other, "live", ["children.read"], home),
        ):
            with pytest.raises(DatabaseError, match=REFUSED):
                sql(ROW, at.pk, environment, wanted, networks, lead.person_id)
        assert sql(ROW, place.pk, "live", ["children.read"], home, lead.person_id) == 1
        made = DockingClient.objects.get(client_id="tonghu-sql")
        one = f"WHERE id = {made.pk}"
        for change in ("permissions = '{children.enter}'", "networks = '{}'", "environment = 'live'", "name = 'y'"):
            with pytest.raises(DatabaseError, match="permission denied"):
                sql(f"UPDATE api_dockingclient SET {change} {one}")
        assert sql(f"UPDATE api_dockingclient SET secret_digest = '\\x01', renewed_at = now() {one}") == 1
    with made_up.acting(admin):
        with pytest.raises(DatabaseError, match="their own post lacks"):
            sql(ROW, place.pk, "live", ["children.read"], home, admin.person_id)
        with pytest.raises(DatabaseError, match="their own post lacks"):
            sql(f"UPDATE api_dockingclient SET secret_digest = '\\x02' {one}")
        assert sql(f"UPDATE api_dockingclient SET valid = '[2026-01-01,2026-02-01)' {one}") == 1
        for valid in ("[2026-01-01,2026-03-01)", "[2026-01-01,)", "[2025-01-01,2026-01-15)"):
            with pytest.raises(DatabaseError, match="never made to last longer"):
                sql(f"UPDATE api_dockingclient SET valid = '{valid}' {one}")


def test_the_database_knows_which_rights_are_of_patients() -> None:
    with connection.cursor() as cursor:
        for code, one in declared().items():
            cursor.execute("SELECT scope.of_patients(%s)", [["api.check", code]])
            assert cursor.fetchone() == (one.of_patients,), code
