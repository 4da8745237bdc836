"""What an imported file calls a code is found in the card's code fields; elsewhere once three hospitals write it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from made_up_files import Hospital, a_hospital

import made_up
from run_jobs import run_one
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.upkeep import begin
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.forms import lists, written
from tonghu.registry.tasks import NAMES, names_are_due

pytestmark = pytest.mark.requirement("REG-05")
_hours = itertools.count(1_800_000_000, 3_600)
CODE, NAME = "C71.901", "虚构小脑髓母瘤"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The clock by which this process keeps names, which a test moves on."""
    now = [10_000.0]
    for module in (lists, written):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
        module._held.clear()
    yield now
    for module in (lists, written):
        module._held.clear()


def asked(hospital: Hospital, text: str) -> list[tuple[str, str]]:
    answer = made_up.browser(hospital.clerk).get("/cards/codes/icd10", {"q": text})
    return re.findall(r'data-value="([^"]*)" data-name="([^"]*)"', answer.content.decode())


def imported(hospital: Hospital, record: str) -> None:
    hospital.imported(hospital.page(P3=record, P28=CODE, P281=NAME, P321=CODE, P322=NAME))


def moment() -> list[Job]:
    """The hour strikes: the jobs of names that it made, done."""
    begin(NAMES, next(_hours))
    with open_scope(system_scope("names")):
        waiting = list(Job.objects.filter(kind=NAMES, state=Job.State.WAITING))
    for one in waiting:
        assert run_one(one.pk).state == "done"
    return waiting


def test_a_hospital_finds_what_its_own_file_calls_a_code(committed: None, in_vault: Path, clock: list[float]) -> None:
    hospital = a_hospital()
    hospital.imported(hospital.page(P3="ZY0000"))
    assert asked(hospital, "髓母") == [], "gathered, and kept, before the file came"
    imported(hospital, "ZY0001")
    assert asked(hospital, "髓母") == [], "not gathered at every key while cards change"
    clock[0] += lists.FRESH_SECONDS + 1
    assert asked(hospital, "髓母") == asked(hospital, "xgxnsml") == asked(hospital, CODE) == [(CODE, NAME)]
    gathered = lists._held[hospital.institution.pk]
    clock[0] += lists.FRESH_SECONDS + 1
    assert asked(hospital, "髓母") == [(CODE, NAME)]
    assert lists._held[hospital.institution.pk] is gathered, "nothing changed: nothing is gathered again"
    assert asked(a_hospital("TEST90001"), "髓母") == [], "one hospital's name stays with it"


def test_others_find_it_within_the_hour_once_three_write_it(hospital: Hospital, clock: list[float]) -> None:
    second, third, stranger = (a_hospital(f"TEST9000{n}") for n in range(2, 5))
    imported(hospital, "ZY0001")
    imported(second, "ZY0001")
    assert len(moment()) == 1, "nothing was ever gathered"
    assert moment() == [], "nothing was imported since"
    assert asked(stranger, "髓母") == []
    imported(third, "ZY0001")
    assert len(moment()) == 1
    clock[0] += lists.KEPT_SECONDS + 1
    assert asked(stranger, "髓母") == asked(stranger, "xgxnsml") == asked(stranger, CODE) == [(CODE, NAME)]


@pytest.mark.django_db
def test_names_are_gathered_anew_on_the_next_day_without_an_import() -> None:
    moment()
    with open_scope(system_scope("names")):
        assert not names_are_due()
        Job.objects.filter(kind=NAMES).update(started_at=timezone.now() - timedelta(hours=24))
        assert names_are_due()
