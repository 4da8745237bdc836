"""The fixture for tests that commit: what one connection writes another reads, and afterwards it is gone."""

from __future__ import annotations

from django.utils import timezone

import made_up
from committed import in_threads
from tonghu.errors import InputRefused
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.services import appoint
from tonghu.platform.scope.scope import open_scope, system_scope


def test_threads_write_on_connections_of_their_own(committed: None) -> None:
    held = made_up.post("entry_clerk")
    pids = in_threads(lambda _number: made_up.post("auditor", held.institution).pk, 3)
    with open_scope(system_scope("login")):
        assert set(Post.objects.values_list("pk", flat=True)) == {held.pk, *pids}


def test_what_was_committed_is_gone_afterwards(committed: None) -> None:
    with open_scope(system_scope("login")):
        assert not Post.objects.exists()


def test_two_appointments_at_the_same_moment_make_one_post(committed: None) -> None:
    point = made_up.hospital()
    lead = made_up.scope_at(made_up.post("point_lead", point))
    person = made_up.person(point)

    def appointed(_number: int) -> bool:
        try:
            with open_scope(lead):
                appoint(person=person, role="auditor", institution=point, starts=timezone.localdate(), by=lead)
        except InputRefused:
            return False
        return True

    assert sorted(in_threads(appointed, 4)) == [False, False, False, True]
