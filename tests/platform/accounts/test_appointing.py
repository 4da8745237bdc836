"""Raw SQL of the application, in an honest scope: it appoints nobody beyond its post, and moves no account."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg.types.range import Range

import made_up
from tonghu.platform.accounts.models import LogInEvent
from tonghu.platform.accounts.reach import appoints
from tonghu.platform.accounts.roles import CARE, ROLES
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-05")]
REFUSED = "row-level security|outside the scope|permission denied"
POST = (
    "INSERT INTO accounts_post (person_id, institution_id, role, valid, appointed_by_id) "
    "VALUES (%s, %s, %s, '[2026-01-01,)', %s)"
)


def sql(query: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.rowcount)


def place_of(role: str, region: str) -> Any:
    """A place where a role is held: its first."""
    (place, *_others) = ROLES[role].places
    return made_up.hospital(region=region, kind=place) if place in CARE else made_up.authority(place, region)


@pytest.mark.parametrize("own", [*sorted(code for code, role in ROLES.items() if role.appoints), "entry_clerk"])
def test_the_database_appoints_whom_the_rules_appoint(own: str) -> None:
    """Every role by every role, at its own place and at places below: the database and the service say the same."""
    held = {role.places[0]: place_of(code, "510104") for code, role in ROLES.items()}
    post = made_up.post(own, made_up.authority(ROLES[own].places[0], "510000") if ROLES[own].places[0] not in CARE
                        else place_of(own, "510104"))  # fmt: skip
    with made_up.acting(post, "accounts.appoint") as by, connection.cursor() as cursor:
        for role, place in product(ROLES, [*held.values(), post.institution]):
            in_scope = place.pk == post.institution_id or by.region_from is not None
            wanted = appoints(by, role, place) and place.place in ROLES[role].places and in_scope
            cursor.execute("SELECT scope.appoints(%s, %s)", [role, place.pk])
            assert cursor.fetchone() == (wanted,), (own, role, place.place)


def test_nobody_gives_by_sql_what_their_post_does_not_give() -> None:
    here, there = made_up.hospital(), made_up.hospital()
    lead, far = made_up.post("point_lead", here), made_up.post("security_admin", made_up.authority("health", "330000"))
    person, other = made_up.person(here), made_up.person(there)
    with made_up.acting(lead) as by:
        for whom, place, role, who in (
            (person, here, "point_lead", lead.person),  # not on their list
            (person, here, "audit_admin", lead.person),
            (person, far.institution, "entry_clerk", lead.person),  # a role at a place of another region
            (person, there, "entry_clerk", lead.person),
            (other, here, "entry_clerk", lead.person),  # somebody whom they do not keep
            (lead.person, here, "entry_clerk", lead.person),  # themselves
            (person, here, "nothing", lead.person),
        ):
            with pytest.raises(DatabaseError, match=REFUSED):
                sql(POST, whom.pk, place.pk, role, who.pk)
        with pytest.raises(DatabaseError, match="another actor"):
            sql(POST, person.pk, here.pk, "entry_clerk", person.pk)
        assert sql(POST, person.pk, here.pk, "entry_clerk", by.person) == 1
        for change in ("role = 'auditor'", "institution_id = institution_id", "person_id = person_id"):
            with pytest.raises(DatabaseError, match="permission denied"):
                sql(f"UPDATE accounts_post SET {change}")
        with pytest.raises(DatabaseError, match="row-level security"):
            sql("INSERT INTO accounts_post (person_id, institution_id, role, valid) VALUES (%s, %s, 'auditor', '[,)') "
                "ON CONFLICT DO NOTHING", person.pk, there.pk)  # fmt: skip


def test_an_ended_post_appoints_nobody() -> None:
    lead = made_up.post("point_lead", valid=Range(date(2020, 1, 1), date(2020, 2, 1)))
    person = made_up.person(lead.institution)
    with made_up.acting(lead), pytest.raises(DatabaseError, match=REFUSED):
        sql(POST, person.pk, lead.institution_id, "entry_clerk", lead.person_id)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ((-100, -50), (-900, None)), ((-100, -50), (-100, None)), ((-100, -50), (-100, -60)),  # it has ended
        ((-100, None), (-900, None)), ((-100, None), (-50, None)), ((-100, None), (-100, -50)),  # it holds
        ((-100, 50), (-100, 60)), ((5, 50), (-5, 50)),
    ],
)  # fmt: skip
def test_what_has_happened_is_not_written_anew_by_sql(
    held: tuple[int, int | None], wanted: tuple[int, int | None]
) -> None:
    lead = made_up.post("point_lead")
    before, after = (
        Range(*(end if end is None else timezone.localdate() + timedelta(days=end) for end in span))
        for span in (held, wanted)
    )
    post = made_up.post("entry_clerk", lead.institution, valid=before)
    with made_up.acting(lead):
        with pytest.raises(DatabaseError, match="its past stays"):
            sql("UPDATE accounts_post SET valid = %s WHERE id = %s", after, post.pk)
        assert sql("UPDATE accounts_post SET valid = valid WHERE id = %s", post.pk) == 1


@pytest.mark.parametrize(
    ("change", "role"),
    [
        ("institution_id = (SELECT max(id) FROM network_institution)", "entry_clerk"),
        ("institution_id = (SELECT max(id) FROM network_institution)", "system_admin"),
        ("password = 'x'", "system_admin"), ("password = 'x'", "security_admin"),
        ("last_login = now()", "entry_clerk"), ("username = 'somebody'", "system_admin"),
        ("made_up = NOT made_up", "system_admin"), ("is_active = false", "system_admin"),
        ("id = id", "system_admin"),
    ],
)  # fmt: skip
def test_a_person_is_changed_by_sql_no_further_than_by_services(change: str, role: str) -> None:
    post = made_up.post(role, made_up.hospital())
    colleague = made_up.person(post.institution)
    made_up.hospital()  # the last: another hospital
    with made_up.acting(post):
        for whom in (post.person_id, colleague.pk):
            try:
                assert sql(f"UPDATE accounts_person SET {change} WHERE id = %s", whom) == 0
            except DatabaseError as refusal:
                said = str(refusal)
                assert any(word in said for word in REFUSED.split("|")), said


def test_an_account_is_moved_and_closed_by_whoever_may() -> None:
    admin = made_up.post("system_admin", made_up.authority("health", "510000"))
    guard = made_up.post("security_admin", admin.institution)
    person, to = made_up.person(made_up.hospital()), made_up.hospital()
    with made_up.acting(admin):
        assert sql("UPDATE accounts_person SET institution_id = %s WHERE id = %s", to.pk, person.pk) == 1
        with pytest.raises(DatabaseError, match="sets no password"):
            sql("INSERT INTO accounts_person (username, name, institution_id, password, email, language, is_active, "
                "made_up) VALUES ('fresh', 'x', %s, 'known', '', 'en', true, true)", to.pk)  # fmt: skip
    with made_up.acting(guard):
        assert sql("UPDATE accounts_person SET is_active = false WHERE id = %s", person.pk) == 1
        with pytest.raises(DatabaseError, match="outside the scope"):
            sql("UPDATE accounts_person SET is_active = false WHERE id = %s", guard.person_id)


def test_an_institution_does_not_lift_itself() -> None:
    admin = made_up.post("system_admin", made_up.hospital())
    over = made_up.post("system_admin", made_up.authority("health", "510000"))
    for change in ("kind = 'authority', department = 'centre'", "region_code = '000000'", "code = 'OTHER'"):
        with made_up.acting(admin), pytest.raises(DatabaseError, match="outside the scope"):
            sql(f"UPDATE network_institution SET {change} WHERE id = %s", admin.institution_id)
    with made_up.acting(admin):
        assert sql("UPDATE network_institution SET name = '虚构新名' WHERE id = %s", admin.institution_id) == 1
    with made_up.acting(over):
        assert sql("UPDATE network_institution SET region_code = '510105' WHERE id = %s", admin.institution_id) == 1
        with pytest.raises(DatabaseError, match=REFUSED):
            sql("UPDATE network_institution SET region_code = '330102' WHERE id = %s", admin.institution_id)


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE accounts_loginevent SET kind = 'locked'", "DELETE FROM accounts_loginevent",
        "UPDATE files_download SET at = now()", "DELETE FROM files_download", "DELETE FROM django_migrations",
        "UPDATE crypto_key SET fingerprint = ''",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scope", ["login", "migration", "upkeep"])
def test_what_happened_is_changed_in_no_scope_whatever(act: str, scope: str) -> None:
    with open_scope(system_scope("login")):
        LogInEvent.objects.create(kind=LogInEvent.Kind.LOCKED)
    with open_scope(system_scope(scope)), pytest.raises(DatabaseError, match="permission denied"):
        sql(act)
