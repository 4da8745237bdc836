"""The same permission to see, and the same guardian, are held once, also when they are sent twice at once."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier

import pytest
from django.utils import timezone

import made_up
from committed import committed, in_threads
from tonghu.errors import InputRefused
from tonghu.patients.agreements import end_grant, let_see
from tonghu.patients.models import Grant, Guardian
from tonghu.patients.services import enter_view, remove_guardian, save_guardian
from tonghu.patients.undoing import restore_guardian

__all__ = ["committed"]
CLERKS = 4


def test_the_same_grant_asked_for_at_once_is_made_once(committed: None) -> None:
    clerk, there = made_up.post("point_lead"), made_up.hospital()
    begins = timezone.now()
    with made_up.acting(clerk, "children.enter", "children.grant") as by:
        view = enter_view(institution=clerk.institution_id, record_number="R1", patient_name="欧阳测童", by=by)
    together = Barrier(CLERKS)

    def ask(number: int) -> str:
        with made_up.acting(clerk, "children.grant") as by:
            together.wait()
            try:
                let_see(
                    child=view.child, institution=there.pk, given_by=clerk.institution_id, ground="referral", by=by,
                    start=begins + timedelta(minutes=number), end=begins + timedelta(days=3),
                )  # fmt: skip
            except InputRefused as refused:
                return refused.zh
        return ""

    answers = in_threads(ask, CLERKS)
    assert answers.count("") == 1
    assert all("已获准查看" in answer for answer in answers if answer)
    with made_up.acting(clerk, "children.grant") as by:
        (held,) = Grant.objects.all()
        span = {"start": begins + timedelta(days=3), "end": begins + timedelta(days=4)}
        same = {"child": view.child, "institution": there.pk, "given_by": clerk.institution_id, "by": by}
        let_see(**same, ground="referral", **span)  # type: ignore[arg-type]  # another time
        let_see(**same, ground="custody", start=begins, end=begins + timedelta(days=2))  # type: ignore[arg-type]
        end_grant(grant=held, reason="已出院", by=by)
        let_see(**same, ground="referral", start=timezone.now(), end=begins + timedelta(days=2))  # type: ignore[arg-type]


def test_the_same_guardian_sent_at_once_is_entered_once(committed: None) -> None:
    clerk = made_up.post("entry_clerk")
    with made_up.acting(clerk) as by:
        view = enter_view(institution=clerk.institution_id, record_number="R1", patient_name="欧阳测童", by=by)
    together = Barrier(CLERKS)

    def add(_number: int) -> str:
        with made_up.acting(clerk) as by:
            together.wait()
            try:
                save_guardian(view=view, name="欧阳测母", relation="2", by=by)
            except InputRefused as refused:
                return refused.zh
        return ""

    answers = in_threads(add, CLERKS)
    assert answers.count("") == 1
    assert all("欧阳测母" in answer for answer in answers if answer)
    with made_up.acting(clerk) as by:
        (held,) = Guardian.objects.all()
        save_guardian(view=view, guardian=held, phone="13800000000", by=by)  # itself is no other
        save_guardian(view=view, name="欧阳测母", relation="1", by=by)
        other = Guardian.objects.exclude(pk=held.pk).get()
        with pytest.raises(InputRefused, match="already"):
            save_guardian(view=view, guardian=other, relation="2", by=by)


@pytest.mark.django_db
def test_a_guardian_who_is_there_again_is_not_put_back_beside_it() -> None:
    clerk = made_up.post("entry_clerk")
    with made_up.acting(clerk) as by:
        view = enter_view(institution=clerk.institution_id, record_number="R1", patient_name="欧阳测童", by=by)
        gone = save_guardian(view=view, name="欧阳测母", relation="2", by=by)
        number = gone.pk
        remove_guardian(guardian=gone, by=by)
        anew = save_guardian(view=view, name="欧阳测母", relation="2", phone="13800000000", by=by)
        with pytest.raises(InputRefused, match="已登记"):
            restore_guardian(view=view, guardian=number, by=by)
        assert [one.pk for one in Guardian.objects.all()] == [anew.pk]
        remove_guardian(guardian=anew, by=by)
        assert restore_guardian(view=view, guardian=number, by=by).pk == number


def test_a_guardian_put_back_twice_at_once_is_there_once(committed: None) -> None:
    clerk = made_up.post("entry_clerk")
    with made_up.acting(clerk) as by:
        view = enter_view(institution=clerk.institution_id, record_number="R1", patient_name="欧阳测童", by=by)
        numbers = []
        for _time in range(CLERKS):  # entered and taken off again and again
            gone = save_guardian(view=view, name="欧阳测母", relation="2", by=by)
            numbers.append(gone.pk)
            remove_guardian(guardian=gone, by=by)
    together = Barrier(CLERKS)

    def put_back(number: int) -> str:
        with made_up.acting(clerk) as by:
            together.wait()
            try:
                restore_guardian(view=view, guardian=numbers[number], by=by)
            except InputRefused as refused:
                return refused.zh
        return ""

    answers = in_threads(put_back, CLERKS)
    assert answers.count("") == 1
    with made_up.acting(clerk):
        assert Guardian.objects.count() == 1
