"""What the demo's hospitals reported: through the services, by those whose posts it is; and a file of one's own."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tonghu.config import made_up_months
from tonghu.config.made_up_points import points
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.checker import problems
from tonghu.registry.models import Card, CardAct, Finding, WrittenName
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Point, Standing, ZeroReport
from tonghu.synth.country import invent_hospital
from tonghu.synth.making import Order, make_file

pytestmark = pytest.mark.django_db


def last() -> Month:
    return Month.of(timezone.localdate()).plus(-1)


def a_month(place: Path, *, hospital: int, mistakes: float = 0.5, cards: int = 12) -> Path:
    make_file(
        Order(out=place, rows=cards, seed=1, month=str(last()), children=1.0, in_scope=1.0, mistakes=mistakes,
              hospital=hospital)
    )  # fmt: skip
    return place


def test_earlier_months_stand_as_their_people_made_them(country: object) -> None:
    assert made_up_months.report(1)
    first, second, *others = points(1)
    with made_up_months.acting("centre.centre_officer"):
        assert Point.objects.count() == 12
        seen = Counter(Card.objects.filter(institution__code=first.hospital.code).values_list("archive_month", "state"))
        assert seen == {
            (last().plus(-2).first, "accepted"): 14, (last().plus(-1).first, "accepted"): 6,
            (last().plus(-1).first, "reported"): 6, (last().plus(-1).first, "returned_by_centre"): 2,
        }  # fmt: skip
        # Every month had mistakes at first and none when it was reported: the boards have a before and an after.
        cards = Card.objects.all()
        assert 0.1 < cards.filter(problem_at_first=True).count() / cards.count() < 0.6
        assert not cards.filter(errors__gt=0).exists()
        provinces = cards.filter(problem_at_first=True).values_list("institution__region_code", flat=True)
        assert len({code[:2] for code in provinces}) >= 4
        assert ZeroReport.objects.get(institution__code=second.hospital.code).archive_month == last().plus(-2).first
        # Ten others: cards in one month each, and of the other two months all are signed but those of two hospitals.
        assert {one.hospital.code for one in others} <= set(Card.objects.values_list("institution__code", flat=True))
        assert ZeroReport.objects.count() == 1 + 10 * 2 - 2
        # Nobody did what is not of their post.
        by_act = {
            (act, who.split(" · ")[1]) for act, who in CardAct.objects.values_list("act", "who")
        }  # fmt: skip
        assert by_act == {
            ("submit", "数据录入员"), ("approve", "数据审核员"), ("report", "数据审核员"),
            ("accept", "国家监测中心工作人员"), ("return_by_centre", "国家监测中心工作人员"),
        }  # fmt: skip
    assert not made_up_months.report(1), "once"
    assert [one for _, wrong in problems(system_scope("checking")) for one in wrong] == []
    made_up_months.sum_up()
    with made_up_months.acting("centre.centre_officer"):
        states = Counter(Standing.objects.filter(archive_month=last().first).values_list("state", flat=True))
        assert WrittenName.objects.exists(), "what three of the hospitals call a code is found from the start"
    assert states["missing"] + states["open"] == 3, "the first two hospitals and one other owe the last month"


def test_a_fresh_file_is_uploaded_and_handed_on(country: object, tmp_path: Path) -> None:
    first = points(1)[0]
    file = a_month(tmp_path / "月.csv", hospital=first.number, cards=20)
    home = made_up_months.home_of([first.hospital.code])
    assert (home.institution, home.clerk, home.auditor) == (first.hospital.name, "h1.entry_clerk", "h1.auditor")
    assert home.registered == ""
    done = made_up_months.upload(file, last().first, home.clerk)
    assert (done.refused, done.waits, done.again) == (None, 0, False)
    assert done.counts["created"] >= 15
    assert sum(done.counts.values()) >= 19
    left = made_up_months.hand_on(home.clerk, home.auditor, last().first)
    with made_up_months.acting(home.clerk):
        states = Counter(Card.objects.values_list("state", flat=True))
    assert states["submitted"] == left > 0
    assert states["returned"] == 2
    assert states["approved"] > 0
    assert states["draft"] > 0, "something is left to mend and to submit"
    again = made_up_months.upload(file, last().first, home.clerk)
    assert (again.again, again.batch, again.counts) == (True, done.batch, done.counts)


def test_one_month_more_of_a_hospital_brings_its_children_back_and_no_stranger_under_their_numbers(
    country: object, tmp_path: Path
) -> None:
    first = points(1)[0]
    for month in (last().plus(-1), last()):
        file = tmp_path / f"{month}.csv"
        make_file(
            Order(out=file, rows=160, seed=1, month=str(month), children=1.0, in_scope=1.0, mistakes=0.0,
                  hospital=first.number)
        )  # fmt: skip
        assert made_up_months.upload(file, month.first, "h1.entry_clerk").counts["created"] == 160
    with made_up_months.acting("h1.entry_clerk"):
        of_months: dict[int, set[date]] = {}
        for child, month_of in Card.objects.values_list("child_id", "archive_month"):
            of_months.setdefault(child, set()).add(month_of)
        assert sum(len(months) == 2 for months in of_months.values()) > 3, "children come back"
        assert not Finding.objects.filter(rule__startswith="HQ041").exists(), "no number stands for two children"


def test_a_file_of_an_unknown_hospital_is_registered_with_the_first(country: object, tmp_path: Path) -> None:
    stranger = next(n for n in range(600) if n not in {point.number for point in points(1)})
    file = a_month(tmp_path / "own.csv", hospital=stranger, mistakes=0.0)
    code = invent_hospital(1, stranger).code
    assert made_up_months.upload(file, last().first, "h1.entry_clerk").refused is not None, "it is another hospital's"
    home = made_up_months.home_of([code, "X"])
    assert (home.registered, home.clerk) == (code, "h1.entry_clerk")
    assert made_up_months.home_of([code]).registered == "", "from then on it is known"
    done = made_up_months.upload(file, last().first, home.clerk, decided=False)
    assert done.counts["created"] == 12
    with pytest.raises(InputRefused, match="22 letters and digits"):
        made_up_months.home_of(["短"])
    assert made_up_months.home_of([]).clerk == "h1.entry_clerk"


def test_rows_of_ones_own_file_wait_for_ones_own_decision(country: object, tmp_path: Path) -> None:
    first = points(1)[0]
    file = tmp_path / "own.csv"
    lines = a_month(file, hospital=first.number, mistakes=0.0).read_text("utf-8").splitlines(keepends=True)
    names = lines[0].strip().lstrip("\ufeff").split(",")
    cells = lines[1].rstrip("\n").split(",")
    for name in ("P6", "P7", "P8"):  # neither a birth date nor an age
        cells[names.index(name)] = ""
    file.write_text("".join([lines[0], ",".join(cells) + "\n", *lines[2:]]), "utf-8")
    done = made_up_months.upload(file, last().first, "h1.entry_clerk", decided=False)
    assert (done.waits, done.label, done.counts) == (1, "", {})
    with pytest.raises(InputRefused, match="still to come"):
        made_up_months.upload(file, date.max.replace(day=1), "h1.entry_clerk")
    decided = made_up_months.upload(file, last().first, "h1.entry_clerk")
    assert (decided.batch, decided.counts["skipped"], decided.counts["created"]) == (done.batch, 1, 11)


def test_a_site_of_an_earlier_version_is_refused(country: object) -> None:
    with open_scope(system_scope("provisioning")):
        Institution.objects.filter(code=points(1)[0].hospital.code).update(code="TESTH1510104")
    with pytest.raises(InputRefused, match="add --reset"):
        made_up_months.report(1)


def test_a_clerk_may_not_do_what_is_the_leads(country: object) -> None:
    with made_up_months.acting("h1.entry_clerk") as by, pytest.raises(PermissionDenied):
        made_up_months.sign_zero(month=Month.of(timezone.localdate() - timedelta(days=40)), by=by)
