"""What somebody chose in a waiting file is never done otherwise: a colleague's look, another import, an undo."""

from __future__ import annotations

import re
from html import unescape

import pytest
from made_up_files import Hospital

import made_up
import run_jobs
from tonghu.errors import InputRefused
from tonghu.intake import looking_again, services
from tonghu.intake.looking_again import look_again
from tonghu.intake.models import Answer, Batch, State
from tonghu.platform.jobs.models import Job
from tonghu.registry.models import Card
from tonghu.registry.services import save_card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def choose(hospital: Hospital, batch: Batch, choice: str) -> None:
    with hospital.acting() as by:
        numbers = list(batch.rows.values_list("row", flat=True))
        assert services.choose(batch=batch.pk, choice=choice, rows=numbers, by=by) > 0


def look(hospital: Hospital, batch: Batch) -> list[tuple[str, str, str]]:
    """What the rows are after a colleague looked at the file."""
    with hospital.acting() as by:
        look_again(batch=batch.pk, by=by)
        return list(batch.rows.order_by("row").values_list("match", "why", "choice"))


def says(hospital: Hospital, code: str) -> str:
    with hospital.acting():
        return current(Card.objects.get()).value(code)


def test_a_colleagues_look_takes_no_choice_back(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    mine = made_up.browser(hospital.clerk)
    colleague = made_up.browser(made_up.post("entry_clerk", hospital.institution))
    choose(hospital, batch, "keep")
    hospital.imported(hospital.page(P782="11000.00"))
    assert colleague.get(f"/imports/{batch.pk}").status_code == 200
    said = mine.post(f"/imports/{batch.pk}/confirm", follow=True).content.decode()
    assert "还有 1 行等您决定" in said
    assert hospital.seen(batch).state == State.READY
    assert look(hospital, batch) == [("changed", "moved", "")]
    assert "有人处理过这一行，之后报告卡又有变化" in mine.get(f"/imports/{batch.pk}/rows/1").content.decode()
    choose(hospital, batch, "keep")
    assert hospital.confirmed(batch).counts["skipped"] == 1
    assert says(hospital, "P782") == "11000.00"


def test_nor_does_the_job_that_compares_many_rows(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_again, "AT_ONCE", 0)
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    choose(hospital, batch, "fill")
    hospital.imported(hospital.page(P782="11000.00"))
    made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}")
    with hospital.acting():
        job = Job.objects.get(kind="intake.compare")
    assert run_jobs.run_one(job.pk).state == "done"
    assert look(hospital, batch) == [("changed", "moved", "")]


def test_what_nobody_chose_still_happens_by_itself(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    hospital.imported(hospital.page(P782="11000.00"))
    assert look(hospital, batch) == [("changed", "", "replace")]


def test_a_card_that_is_gone_and_comes_back_is_asked_about_each_time(hospital: Hospital) -> None:
    first = hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    choose(hospital, batch, "keep")
    hospital.undone(first)
    assert look(hospital, batch) == [("new", "moved", "")], "kept was a card that is no more: none is made by itself"
    with hospital.acting() as by, pytest.raises(InputRefused, match="还有 1 行等您决定"):
        services.confirm(batch=batch.pk, by=by)
    choose(hospital, batch, "skip")
    hospital.imported(hospital.page())
    assert look(hospital, batch) == [("changed", "moved", "")]
    choose(hospital, batch, "replace")
    assert hospital.confirmed(batch).counts["updated"] == 1
    assert says(hospital, "P782") == "13000.00"


def test_who_confirms_has_seen_what_was_compared_last(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    mine = made_up.browser(hospital.clerk)
    seen = hospital.seen(batch).summary["compared_at"]
    assert f'name="compared_at" value="{seen}"' in mine.get(f"/imports/{batch.pk}").content.decode()
    hospital.imported(hospital.page(P782="11000.00"))
    made_up.browser(made_up.post("entry_clerk", hospital.institution)).get(f"/imports/{batch.pk}")
    said = mine.post(f"/imports/{batch.pk}/confirm", {"compared_at": seen}, follow=True).content.decode()
    assert "您打开页面之后，有的行已重新对照。尚未导入任何内容" in said
    assert hospital.seen(batch).state == State.READY
    seen = hospital.seen(batch).summary["compared_at"]
    mine.post(f"/imports/{batch.pk}/confirm", {"compared_at": seen})
    assert hospital.seen(batch).state == State.CONFIRMING


def kept(hospital: Hospital) -> tuple[dict[str, str], Batch]:
    """A row against which somebody kept the card, and the batch in which they did."""
    hospital.imported(hospital.page(P12=""))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P782": "12500.00"})
    page = hospital.page(P12="中国", P782="13000.00")
    first = hospital.checked(page)
    choose(hospital, first, "keep")
    return page, hospital.confirmed(first)


def test_an_echo_keeps_no_undone_decision_alive(hospital: Hospital) -> None:
    page, first = kept(hospital)
    echo = hospital.confirmed(hospital.checked(page))
    assert echo.counts["unchanged"] == 1
    hospital.undone(first)
    assert look(hospital, hospital.checked(page)) == [("changed", "edited", "")]


def test_who_decides_again_on_an_answered_row_is_remembered_too(hospital: Hospital) -> None:
    page, first = kept(hospital)
    again = hospital.checked(page)
    choose(hospital, again, "keep")
    again = hospital.confirmed(again)
    hospital.undone(first)
    batch = hospital.checked(page)
    with hospital.acting():
        assert batch.rows.get().answered == again.pk
        assert Answer.objects.count() == 2


def of_the_form(page: str) -> dict[str, str]:
    """What the form of the choices sends besides the choice."""
    form = page[page.index("for-all") :].split("</form>")[0]
    return {
        name: unescape(said) for name, said in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    }


def test_a_choice_over_an_old_comparison_is_asked_again(hospital: Hospital) -> None:
    """Somebody sees the card as it was; it changes, a colleague's look compares it again; the choice is not taken."""
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    mine = made_up.browser(hospital.clerk)
    one, all_ = (mine.get(f"/imports/{batch.pk}/rows{more}").content.decode() for more in ("/1", "?match=changed"))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, front={"P782": "14000.00"}, by=by)
    look(hospital, batch)
    for page, named in ((one, "beside"), (all_, "looked_again")):
        typed = of_the_form(page)
        assert named in typed
        answer = mine.post(f"/imports/{batch.pk}/choose", {**typed, "choice": "replace"}, follow=True)
        assert "这次选择没有采用" in answer.content.decode()
        assert look(hospital, batch) == [("changed", "edited", "")]
    again = of_the_form(mine.get(f"/imports/{batch.pk}/rows/1").content.decode())
    mine.post(f"/imports/{batch.pk}/choose", {**again, "choice": "replace"})
    assert look(hospital, batch) == [("changed", "edited", "replace")]


def test_who_opens_a_row_sees_it_beside_the_card_as_it_is(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, front={"P782": "14000.00"}, by=by)
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows/1", follow=True).content.decode()
    assert "第 2 版" in page
    with hospital.acting():
        assert batch.rows.get().card_version == 2
