"""Wrong passwords at once: each is counted, none gets past the limit, none falls over another."""

from __future__ import annotations

from threading import Barrier

import pytest

import made_up
from committed import committed, in_threads
from tonghu.platform.accounts import log_in
from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.door import Door
from tonghu.platform.accounts.models import LogInEvent, LogInGuard
from tonghu.platform.scope.scope import open_scope, system_scope

__all__ = ["committed"]
TRIES = 14


@pytest.mark.parametrize("known", [True, False])
def test_of_many_wrong_passwords_at_once_no_more_than_the_limit_are_tried(committed: None, known: bool) -> None:
    username = made_up.post("entry_clerk").person.username if known else "nobody.here"
    together = Barrier(TRIES)

    def attempt(number: int) -> bool:
        together.wait()
        answer = log_in.try_password(username=username, password=f"wrong {number}", door=Door("10.0.0.9"))
        return answer.wait_until is not None

    answers = in_threads(attempt, TRIES)
    limit = rules.number("failures")
    assert answers.count(False) == limit - 1  # the last one that is tried is told that the name is locked now
    with open_scope(system_scope("login")):
        assert LogInEvent.objects.filter(kind=LogInEvent.Kind.WRONG_PASSWORD).count() == limit
        assert LogInEvent.objects.filter(kind=LogInEvent.Kind.LOCKED).count() == 1
        assert sorted(LogInGuard.objects.values_list("failures", flat=True)) == [limit, limit]


def test_tries_at_many_names_from_few_addresses_do_not_wait_for_each_other_in_a_ring(committed: None) -> None:
    together = Barrier(TRIES)

    def attempt(number: int) -> None:
        together.wait()
        for name in range(3):
            door = Door(f"10.0.0.{(number + name) % 2}")
            log_in.try_password(username=f"name{(number * 5 + name) % 7}", password="wrong", door=door)

    in_threads(attempt, TRIES)
    with open_scope(system_scope("login")):
        wrong = LogInEvent.objects.filter(kind=LogInEvent.Kind.WRONG_PASSWORD)
        assert wrong.count() == 7 * rules.number("failures")
        by_address = {one: wrong.filter(address=one).count() for one in ("10.0.0.0", "10.0.0.1")}
        counted = sorted(LogInGuard.objects.values_list("failures", flat=True))
        assert counted == sorted([rules.number("failures")] * 7 + list(by_address.values()))
