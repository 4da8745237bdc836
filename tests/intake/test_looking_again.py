"""A file that waits while its cards move on is compared again: nothing is promised that does not happen."""

from __future__ import annotations

import pytest
from django.test import Client
from made_up_files import Hospital, card_in

import made_up
import run_jobs
from tonghu.intake import looking_again, queries, services
from tonghu.intake.looking_again import look_again
from tonghu.intake.models import Batch, Row, State
from tonghu.platform.jobs.models import Job
from tonghu.registry.models import Card
from tonghu.registry.services import move, save_card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def what(hospital: Hospital, batch: Batch) -> list[tuple[str, str, str]]:
    with hospital.acting():
        return list(batch.rows.order_by("row").values_list("match", "why", "choice"))


def again(hospital: Hospital, batch: Batch) -> int:
    with hospital.acting() as by:
        looked = look_again(batch=batch.pk, by=by)
        assert not looked.left
        return looked.compared


def page(hospital: Hospital, batch: Batch) -> str:
    return made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()


def as_promised(hospital: Hospital, batch: Batch) -> None:
    """Confirming does what the preview says."""
    with hospital.acting():
        promised = queries.preview(hospital.seen(batch)).counts
    done = hospital.confirmed(batch).counts
    assert {name: done[name] for name in services.COUNTS} == {name: promised[name] for name in services.COUNTS}


def test_nothing_moved_nothing_is_compared(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"))
    assert again(hospital, batch) == 0
    assert "已重新对照" not in page(hospital, batch)


def test_another_import_of_the_same_stays(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(
        hospital.page(P782="13000.00"),
        *(hospital.page(P3=record) for record in ("ZY0002", "ZY0003", "ZY0004")),
    )  # fmt: skip
    hospital.imported(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002", P4="别人"), hospital.page(P3="ZY0003"))
    assert "有 3 行对应的报告卡发生了变化" in page(hospital, batch)
    assert what(hospital, batch) == [
        ("unchanged", "", ""), ("changed", "", "replace"), ("unchanged", "", ""), ("new", "", ""),
    ]  # fmt: skip
    assert "发生了变化" not in page(hospital, batch), "said once"
    as_promised(hospital, batch)
    with hospital.acting():
        assert current(Card.objects.get(record_number="ZY0002")).value("P4") == "虚构童"


def test_an_undo_of_what_the_rows_were_compared_with(hospital: Hospital) -> None:
    first = hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    later = hospital.imported(hospital.page(P782="13000.00"))
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"))
    assert what(hospital, batch) == [("unchanged", "", "")] * 2
    hospital.undone(later)
    assert again(hospital, batch) == 1
    assert what(hospital, batch) == [("changed", "", "replace"), ("unchanged", "", "")]
    hospital.undone(first)
    assert again(hospital, batch) == 2
    assert what(hospital, batch) == [("new", "", "")] * 2
    as_promised(hospital, batch)
    with hospital.acting():
        assert set(Card.objects.values_list("state", flat=True)) == {"draft"}
        assert current(Card.objects.get(record_number="ZY0001")).value("P782") == "13000.00"


def test_a_clerks_hand_makes_a_row_wait_and_confirming_waits_with_it(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P782": "12500.00"})
    clerk: Client = made_up.browser(hospital.clerk)
    said = clerk.post(f"/imports/{batch.pk}/confirm", follow=True).content.decode()
    assert "尚未导入任何内容" in said
    assert hospital.seen(batch).state == State.READY
    assert what(hospital, batch) == [("changed", "edited", ""), ("new", "", "")]


def test_a_card_that_was_submitted_meanwhile_is_not_withdrawn_by_itself(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = card_in(hospital, "submitted", monkeypatch)
    with hospital.acting() as by:
        move(cards=[card.pk], act="withdraw", by=by)
    batch = hospital.checked(hospital.page(P12="法国"))
    assert what(hospital, batch) == [("changed", "", "replace")]
    with hospital.acting() as by, monkeypatch.context() as nothing:
        nothing.setattr("tonghu.registry.services.moving.to_ask_again", lambda _cards: [])
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""
    asked = hospital.checked(hospital.page(P12="德国"))
    with hospital.acting() as by:
        services.choose(batch=asked.pk, choice="keep", rows=[1], by=by)
    done = hospital.confirmed(batch)
    assert done.summary["failed"] == [{"row": 1, "why": "moved_on", "card": card.pk}]
    with hospital.acting():
        card.refresh_from_db()
        assert (card.state, card.version) == ("submitted", 2)
    assert again(hospital, asked) == 0


def test_choices_on_other_rows_stand(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002", P782="13000.00"))
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="keep", match="changed", by=by)
        card = Card.objects.get(record_number="ZY0002")
        save_card(card=card.pk, based_on=1, by=by, front={"P782": "12500.00"})
    assert again(hospital, batch) == 1
    assert what(hospital, batch) == [("changed", "", "keep"), ("changed", "edited", "")]


def test_a_card_that_is_another_stays_now_leaves_a_whole_row(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00", P2="9"))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P3": "ZY0099"})
    assert again(hospital, batch) == 1
    with hospital.acting():
        row = Row.objects.get(batch=batch)
        assert (row.match, row.card) == ("new", None)
        assert {"P3", "P4", "P782"} <= set(row.changed), "a card of it is made of all of its fields"
    as_promised(hospital, batch)


def test_answers_of_an_import_that_was_undone_meanwhile_are_asked_anew(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    file = [hospital.page(P782="13000.00"), hospital.page(P3="ZY0002", P782="13000.00")]
    first = hospital.checked(*file)
    with hospital.acting() as by:
        services.choose(batch=first.pk, choice="keep", rows=[1], by=by)
    first = hospital.confirmed(first)
    batch = hospital.checked(*file)
    assert what(hospital, batch) == [("changed", "", "keep"), ("unchanged", "", "")]
    hospital.undone(first)
    assert again(hospital, batch) == 2
    assert what(hospital, batch) == [("changed", "", "replace")] * 2


def test_who_may_not_import_compares_nothing(hospital: Hospital) -> None:
    from django.core.exceptions import PermissionDenied

    batch = hospital.checked(hospital.page())
    with made_up.acting(made_up.post("auditor", hospital.institution)) as by, pytest.raises(PermissionDenied):
        look_again(batch=batch.pk, by=by)


def test_many_rows_are_compared_by_a_job_and_the_confirmation_waits_for_it(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_again, "AT_ONCE", 1)
    monkeypatch.setattr(looking_again, "PART", 2)
    stays = [hospital.page(P3=f"ZY{n:04}") for n in range(5)]
    hospital.imported(*stays)
    batch = hospital.checked(*[{**stay, "P782": "13000.00"} for stay in stays])
    other = hospital.imported(*[{**stay, "P782": "13000.00"} for stay in reversed(stays)])
    clerk = made_up.browser(hospital.clerk)
    for _turn in range(2):
        said = clerk.post(f"/imports/{batch.pk}/confirm", follow=True).content.decode()
        assert "有 5 行对应的报告卡发生了变化：正在重新对照" in said
        assert "确认导入" not in said
    assert hospital.seen(batch).state == State.READY
    with hospital.acting():
        job = Job.objects.get(kind="intake.compare")
    assert run_jobs.run_one(job.pk).state == "done"
    assert what(hospital, batch) == [("unchanged", "", "")] * 5
    assert "正在重新对照" not in page(hospital, batch)
    hospital.undone(other)
    assert "正在重新对照" in page(hospital, batch), "another time, another job"
    with hospital.acting():
        again_job = Job.objects.filter(kind="intake.compare").latest("pk")
    assert again_job.pk != job.pk
    with hospital.acting() as by:
        services.discard(batch=batch.pk, by=by)
    assert run_jobs.run_one(again_job.pk).state == "done", "nobody wants it any more"
