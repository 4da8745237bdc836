"""A zero report that is signed at the very instant of an import: one waits for the other, and sees what it did."""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from points_and_cards import point

import made_up
from committed import in_threads
from tonghu.errors import InputRefused
from tonghu.intake import asked_first
from tonghu.intake.models import Batch, State
from tonghu.platform.accounts.models import Post
from tonghu.platform.files import vault
from tonghu.surveillance import services
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import ZeroReport

sys.path.append(str(Path(__file__).parents[1] / "intake"))
from made_up_files import Hospital, a_hospital

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-08")]
LAST = Month.of(timezone.localdate()).plus(-1)
#: How long one is given to do what it must not do.
PATIENCE = 1.0


@pytest.fixture
def hospital(committed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    monkeypatch.setattr(vault, "folder", lambda: tmp_path / "vault")
    made = a_hospital()
    point(made.institution)
    return made


@pytest.fixture
def lead(hospital: Hospital) -> Post:
    return made_up.post("point_lead", hospital.institution)


@pytest.fixture
def batch(hospital: Hospital) -> Batch:
    stay = hospital.page(P22=f"{LAST.first} 08:30", P25=f"{LAST.first + timedelta(days=7)} 09:00")
    return hospital.checked(stay, month=LAST.first)


def confirm(hospital: Hospital, batch: Batch) -> None:
    with hospital.acting() as by:
        asked_first.confirm(batch=batch.pk, by=by, agreed={})


def sign(lead: Post, batch: Batch) -> None:
    with made_up.acting(lead) as by:
        services.sign_zero(month=LAST, by=by, known=[batch.pk], despite="是上月的病例")


@pytest.mark.parametrize("first", ["import", "signature"])
def test_who_comes_second_sees_what_the_first_did(
    hospital: Hospital, lead: Post, batch: Batch, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    inside, go_on = threading.Event(), threading.Event()
    room, name = (asked_first, "asks") if first == "import" else (services, "record")
    real = getattr(room, name)

    def stop_there(*said: object, **more: object) -> object:
        if not inside.is_set():
            inside.set()
            assert go_on.wait(20)
        return real(*said, **more)

    monkeypatch.setattr(room, name, stop_there)

    def work(number: int) -> str:
        if number == 0:
            confirm(hospital, batch) if first == "import" else sign(lead, batch)
            return "done"
        assert inside.wait(20)
        threading.Timer(PATIENCE, go_on.set).start()
        refused = "正在导入" if first == "import" else "签署了零报告"
        with pytest.raises(InputRefused, match=refused):
            sign(lead, batch) if first == "import" else confirm(hospital, batch)
        assert go_on.is_set(), "it did not wait"
        return "refused"

    assert in_threads(work, 2) == ["done", "refused"]
    assert hospital.seen(batch).state == (State.CONFIRMING if first == "import" else State.READY)
    with made_up.acting(lead):
        assert ZeroReport.objects.exists() == (first == "signature")
