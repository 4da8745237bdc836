"""The wall itself: what the database says with no scope, with the wrong one, and with the right one."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

import made_up
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.scope.scope import Scope, open_scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_hospitals() -> tuple[Institution, Institution]:
    here, there = made_up.hospital("H1", "510104"), made_up.hospital("H2", "330102")
    for n, institution in enumerate((here, there)):
        made_up.post("entry_clerk", institution, holder=made_up.person(institution, username=f"clerk{n}"))
    return here, there


def test_without_a_scope_a_read_is_an_error_and_not_an_empty_answer(two_hospitals: object) -> None:
    with pytest.raises(DatabaseError, match="no scope is open"), transaction.atomic():
        Post.objects.count()


def test_after_a_scope_has_closed_the_next_read_of_the_session_is_an_error_too(two_hospitals: object) -> None:
    with open_scope(Scope(purpose="test")):
        assert Post.objects.count() == 0
    with pytest.raises(DatabaseError, match="no scope is open"), transaction.atomic():
        Post.objects.count()


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({"region_from": "510000", "region_to": "520000"}, ["clerk0"]),
        ({"region_from": "000000", "region_to": "999999"}, ["clerk0", "clerk1"]),
        ({"region_from": "440000", "region_to": "450000"}, []),
        ({}, []),
    ],
)
def test_a_range_of_regions_sees_its_institutions_and_no_other(
    two_hospitals: object, scope: dict[str, str], seen: list[str]
) -> None:
    with open_scope(Scope(**scope, permissions=frozenset({"accounts.view"}))):
        assert sorted(Person.objects.values_list("username", flat=True)) == seen


def test_an_institution_sees_its_own(two_hospitals: tuple[Institution, Institution]) -> None:
    with open_scope(Scope(institution=two_hospitals[1].pk, permissions=frozenset({"accounts.view"}))):
        assert list(Person.objects.values_list("username", flat=True)) == ["clerk1"]


def test_the_right_institution_without_the_permission_sees_nothing(
    two_hospitals: tuple[Institution, Institution],
) -> None:
    with open_scope(Scope(institution=two_hospitals[1].pk)):
        assert Person.objects.count() == 0


def test_a_write_without_the_permission_is_refused(two_hospitals: tuple[Institution, Institution]) -> None:
    with (
        pytest.raises(DatabaseError, match=r"row-level security|outside the scope"),
        open_scope(Scope(institution=two_hospitals[1].pk)),
    ):
        Person.objects.create(username="intruder", name="虚构来客", institution=two_hospitals[1])


def test_scopes_nest_and_the_outer_one_holds_again(two_hospitals: tuple[Institution, Institution]) -> None:
    with open_scope(Scope(purpose="outer")):
        with open_scope(Scope(institution=two_hospitals[0].pk, permissions=frozenset({"accounts.view"}))):
            assert Person.objects.count() == 1
        assert Person.objects.count() == 0


def test_the_tests_run_as_app_and_not_as_somebody_who_passes_every_wall() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("tonghu_app", False, False)
