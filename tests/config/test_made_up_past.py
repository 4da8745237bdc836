"""The made-up country has a plausible past: some on time, some late, some owing; it says that it is made up."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from committed import committed
from tonghu.config import demo_site, made_up, made_up_months, made_up_past
from tonghu.config.made_up_points import days_after_due, points
from tonghu.config.site import Site
from tonghu.errors import InputRefused
from tonghu.intake.models import Batch
from tonghu.network.models import Institution
from tonghu.platform.files import vault
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.checker import problems
from tonghu.registry.models import Card, CardAct, CardVersion
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Arrival, Standing, ZeroReport

__all__ = ["committed"]


@pytest.fixture
def country(committed: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nothing here is about hashing
    monkeypatch.setattr(vault, "folder", lambda: tmp_path / "vault")
    made_up.fill(1, "Tonghu-made-up-2026")
    assert made_up_months.report(1)


def test_earlier_months_get_the_days_of_the_plan(
    country: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.localdate()
    last = Month.of(today).plus(-1)
    _refused_beside_real_hospitals()
    # A start that was killed before the days were given is finished by the next.
    site = Site(tmp_path)
    for step in ("open", "migrate", "collect"):  # the database is that of the tests
        monkeypatch.setattr(site, step, lambda: None)
    for said in (True, False):
        demo_site._prepare(site, 1)
        assert ("earlier months" in capsys.readouterr().out) is said, "the second time there is nothing to do"
    made_up_months.sum_up()
    with made_up_months.acting("centre.centre_officer"):
        states = Counter(Standing.objects.filter(archive_month__lt=last.first).values_list("state", flat=True))
        late = Standing.objects.get(institution__code=points(1)[1].hospital.code, archive_month=last.plus(-1).first)
        assert (late.state, late.days) == ("late", 4)
        for card in Card.objects.all():
            month = Month(card.archive_month)
            first = timezone.localtime(card.first_reported_at).date()
            point = next(one for one in points(1) if one.hospital.code == card.institution.code)
            back = next(n for n in range(1, 4) if Month.of(today).plus(-n) == month)
            planned = month.due + timedelta(days=days_after_due(point, back))
            assert first == min(planned, today)
            acts = list(CardAct.objects.filter(card=card).order_by("at", "pk").values_list("act", flat=True))
            assert acts[:3] == ["submit", "approve", "report"], "in the order in which they were done"
            assert card.created_at <= card.first_reported_at <= card.state_since <= timezone.now()
        assert all(one.signed_at <= timezone.now() for one in ZeroReport.objects.all())
        on = set(Arrival.objects.filter(cards__gt=0).values_list("reported_on", flat=True))
        assert len(on) > 5, "the calendar's counts follow"
    with made_up_months.acting("h1.entry_clerk"):
        earlier, corrected = Batch.objects.filter(archive_month=last.plus(-1).first).order_by("pk")
        assert corrected.created_at - earlier.created_at > timedelta(days=2) - timedelta(minutes=5), "it was put right"
        made = CardVersion.objects.filter(batch=earlier.pk).latest("made_at").made_at
        assert earlier.created_at <= made <= corrected.created_at
    assert states["on_time"] >= 4
    assert states["zero"] >= 8
    assert states["late"] + states["zero_late"] >= 3
    assert states["missing"] >= 1
    assert [one for _, wrong in problems(system_scope("checking")) for one in wrong] == []
    assert made_up_past.date_back(1, 3) == 0, "once for all"


def test_days_count_from_the_day_on_which_it_was_really_done(country: None, monkeypatch: pytest.MonkeyPatch) -> None:
    last = Month.of(timezone.localdate()).plus(-1)
    with monkeypatch.context() as later:
        # The next day, or the next month: what was done has moments of its own.
        real = timezone.localdate
        later.setattr(timezone, "localdate", lambda value=None: real(value) if value else real() + timedelta(days=40))
        assert made_up_past.date_back(1, 3) >= 24
    with made_up_months.acting("centre.centre_officer"):
        held = ZeroReport.objects.get(institution__code=points(1)[1].hospital.code)
        planned = last.plus(-2).due + timedelta(days=days_after_due(points(1)[1], 3))
        assert timezone.localtime(held.signed_at).date() == planned


def _refused_beside_real_hospitals() -> None:
    """A site with cards of real hospitals is left alone."""
    for real in (True, False):
        with open_scope(system_scope("provisioning")):
            Institution.objects.filter(code=points(1)[0].hospital.code).update(made_up=not real)
        if real:
            with pytest.raises(InputRefused, match="not made up"):
                made_up_past.date_back(1, 3)
