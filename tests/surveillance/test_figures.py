"""Figures: what the cards of a hospital or a region are, the same by either way."""

from __future__ import annotations

from datetime import date

import pytest
from points_and_cards import cards, point

import made_up
from run_jobs import run_one
from tonghu.network.models import Institution
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card, Finding
from tonghu.surveillance import behind, figures
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-15")]

TODAY = date.today()
LAST = Month.of(TODAY).plus(-1)


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("FIG1", "510104")
    point(made)
    return made


def count() -> Job:
    by = system_scope("summary")
    with open_scope(by):
        asked = enqueue("surveillance.figures", by=by)
    return run_one(asked.pk)


def fill(hospital: Institution) -> None:
    """Two reported cards, one of them with an error that was there at first; a draft; a voided one; one long ago."""
    known = {"scope_group": "malignant", "iccc3_subgroup": "011", "sex": "1", "residence_code": "510000"}
    cards(hospital, LAST, 1, reported=LAST.due, age_years=3, **known)
    (wrong,) = cards(
        hospital, LAST, 1, reported=LAST.due, age_years=16, errors=2, problem_at_first=True, **{**known, "sex": "2"}
    )
    cards(hospital, LAST, 1, age_years=0, scope_group="itp", problem_at_first=True)
    cards(hospital, LAST, 1, state="voided", age_years=0)
    cards(hospital, LAST.plus(-13), 1, reported=LAST.due, **known)
    with open_scope(system_scope("migration")):
        for column in ("P5", "P6"):
            Finding.objects.create(
                card=wrong, institution=hospital, rule="HQ021", rule_version=1, level="error", column=column
            )


def test_a_hospital_counts_its_own_cards_now(hospital: Institution) -> None:
    fill(hospital)
    with made_up.acting(made_up.post("point_lead", hospital)) as by:
        found = figures.figures(by, "", TODAY)
    assert found is not None
    assert found.cards == 3
    assert found.of("group") == {"malignant": 2, "itp": 1}
    assert found.of("age") == {"00": 1, "01": 1, "15": 1}
    assert found.of("iccc") == {"01": 2, "": 1}
    assert found.of("rule") == {"HQ021": 1}, "a card counts once, in however many fields"
    assert found.of("problem") == {str(LAST): 1}
    assert found.of("problem_at_first") == {str(LAST): 2}
    assert found.of("nothing") == {}


def test_who_is_20_or_older_is_never_counted_as_15_to_19(hospital: Institution) -> None:
    for age in (19, 20, 45):
        cards(hospital, LAST, 1, age_years=age)
    lead = made_up.post("point_lead", hospital)
    with made_up.acting(lead) as by:
        found = figures.figures(by, "", TODAY)
        assert found is not None
        assert found.of("age") == {"15": 1, "20": 2}
        behind_it = {key: behind.narrowed(Card.objects.all(), "age", key) for key in ("15", "20")}
        assert {key: rows is not None and rows.count() for key, rows in behind_it.items()} == {"15": 1, "20": 2}
    assert "不在监测范围" in behind.name_of("age", "20")


def test_a_region_reads_what_the_job_counted_of_what_was_reported(hospital: Institution) -> None:
    fill(hospital)
    officer = made_up.post("commission_officer", made_up.authority("health", "510100"))
    with made_up.acting(officer) as by:
        assert figures.figures(by, "510100", TODAY) is None
    done = count()
    assert done.state == Job.State.DONE, done.error_en
    assert done.result["points"] == 1
    with made_up.acting(officer) as by:
        found = figures.figures(by, "510100", TODAY)
        assert found is not None
        assert (found.cards, found.of("sex"), found.of("rule")) == (2, {"1": 1, "2": 1}, {"HQ021": 1})
        assert (found.first, found.last) == figures.months(TODAY)
        above = figures.of_region("510000", TODAY)
        assert above is not None
        assert above.cards == 2, "of the province above theirs alone"
        (one,) = figures.of_points("510100")
        assert (one.institution, one.cards, one.problem_at_first, one.problem, one.share) == (hospital.pk, 2, 1, 1, 50)
    far = made_up.post("commission_officer", made_up.authority("health", "330000"))
    with made_up.acting(far):
        assert figures.of_points("510100") == []
        assert figures.of_region("510100", TODAY).cards == 0  # type: ignore[union-attr]
    count()
    with made_up.acting(officer):
        assert figures.of_region("510104", TODAY).cards == 2  # type: ignore[union-attr]
