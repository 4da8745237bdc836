"""A row that seems cut off, shifted or unreadable writes nothing by itself: a person looks at it first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from made_up_files import Hospital, a_file

import made_up
from tonghu.errors import InputRefused
from tonghu.intake import services
from tonghu.intake.damage import MANY
from tonghu.intake.looking_again import look_again
from tonghu.intake.models import Batch, Choice, Match
from tonghu.registry.models import Card
from tonghu.registry.services import save_card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]

#: What a row is found and kept by, and whether it is in scope; all else may be blank.
NEEDED = ("P900", "P3", "P4", "P6", "P7", "P2", "P22", "P25", "P321")


def cut(hospital: Hospital, *pages: Mapping[str, str], row: int, cells: int) -> Batch:
    """Have rows checked one of which has so many cells only."""
    lines = a_file(pages).decode().splitlines()
    lines[row] = ",".join(lines[row].split(",")[:cells])
    return hospital.check(hospital.upload(("\n".join(lines) + "\n").encode()))


def stands(hospital: Hospital, batch: Batch) -> list[tuple[str, str, str, str]]:
    """What the rows are: match, why, damage, choice."""
    with hospital.acting():
        return list(batch.rows.order_by("row").values_list("match", "why", "damage", "choice"))


def decide(hospital: Hospital, batch: Batch, choice: Choice, *, row: int | None = None, match: str = "") -> int:
    with hospital.acting() as by:
        rows = None if row is None else [row]
        return services.choose(batch=batch.pk, choice=choice, rows=rows, match=match, by=by)


def says(hospital: Hospital, code: str, record_number: str = "ZY0001") -> str:
    with hospital.acting():
        return current(Card.objects.get(record_number=record_number)).value(code)


def test_a_row_cut_short_writes_nothing_over_a_card_unasked(hospital: Hospital) -> None:
    other = {"P3": "ZY0002", "P4": "虚构二"}
    hospital.imported(hospital.page(), hospital.page(**other))
    changed = [hospital.page(P782="13000.00"), hospital.page(**other, P782="14000.00")]
    batch = cut(hospital, *changed, row=1, cells=29)
    assert stands(hospital, batch) == [("changed", "ragged", "ragged", ""), ("changed", "", "", "replace")]
    with hospital.acting() as by, pytest.raises(InputRefused, match="还有 1 行等您决定"):
        services.confirm(batch=batch.pk, by=by)
    assert decide(hospital, batch, Choice.REPLACE, match=Match.CHANGED) == 1, "the other one alone"
    assert decide(hospital, batch, Choice.FILL, match=Match.CHANGED) == 0, "decided already, and the cut one is left"
    assert decide(hospital, batch, Choice.KEEP, row=1) == 1
    assert hospital.confirmed(batch).counts["updated"] == 1
    assert (says(hospital, "P782"), says(hospital, "P782", "ZY0002")) == ("12000.00", "14000.00")


def test_a_person_may_take_a_row_cut_short_all_the_same(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = cut(hospital, hospital.page(P741="2", P782="13000.00"), row=1, cells=-1)
    assert decide(hospital, batch, Choice.REPLACE, row=1) == 1
    assert hospital.confirmed(batch).counts["updated"] == 1
    assert (says(hospital, "P741"), says(hospital, "P782")) == ("2", "")


def test_a_new_stay_of_a_row_cut_short_becomes_no_card_unasked(hospital: Hospital) -> None:
    other = hospital.page(P3="ZY0002", P4="虚构二")
    batch = cut(hospital, hospital.page(), other, row=1, cells=29)
    assert stands(hospital, batch) == [("new", "ragged", "ragged", ""), ("new", "", "", "")]
    with hospital.acting() as by, pytest.raises(InputRefused, match="还有 1 行等您决定"):
        services.confirm(batch=batch.pk, by=by)
    assert decide(hospital, batch, Choice.NEW, match=Match.NEW) == 1, "the other one alone"
    assert decide(hospital, batch, Choice.SKIP, row=1) == 1
    assert hospital.confirmed(batch).counts["created"] == 1
    again = cut(hospital, hospital.page(), other, row=1, cells=29)
    with hospital.acting():
        assert again.rows.get(row=1).answered == batch.pk, "left out before: nobody is asked about the same row again"
    assert hospital.confirmed(again).counts["unchanged"] == 2


def test_a_new_stay_of_a_row_cut_short_becomes_a_card_when_somebody_says_so(hospital: Hospital) -> None:
    batch = cut(hospital, hospital.page(), row=1, cells=29)
    assert decide(hospital, batch, Choice.NEW, row=1) == 1
    assert hospital.confirmed(batch).counts["created"] == 1


def test_a_row_of_too_many_cells_that_brings_nothing_new_asks_nobody(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    lines = a_file([hospital.page()]).decode().splitlines()
    batch = hospital.check(hospital.upload(f"{lines[0]}\n{lines[1]},虚构\n".encode()))
    assert stands(hospital, batch) == [("unchanged", "", "ragged", "")]
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "1 行的列数与表头不同" in page
    assert "不会自动采用" not in page, "it would write nothing"


def test_a_date_that_nobody_can_read_writes_no_other_over(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P6="20201345"))
    assert stands(hospital, batch) == [("changed", "unreadable", "unreadable", "")]
    assert decide(hospital, batch, Choice.REPLACE, match=Match.CHANGED) == 1, "with the others, if somebody says so"


def test_a_date_that_was_not_readable_before_follows_the_file(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P6="20201345"))
    batch = hospital.checked(hospital.page(P6="20201346"))
    assert stands(hospital, batch) == [("changed", "", "", "replace")]


@pytest.mark.parametrize("blanked", [MANY - 1, MANY])
def test_a_row_that_leaves_many_filled_fields_blank_is_asked_about(hospital: Hospital, blanked: int) -> None:
    page = hospital.page()
    hospital.imported(page)
    free = [code for code in page if code not in NEEDED]
    batch = hospital.checked({**page, **dict.fromkeys(free[:blanked], "")})
    waits = ("changed", "empties", "empties", "")
    assert stands(hospital, batch) == [waits if blanked == MANY else ("changed", "", "", "replace")]


def test_who_looks_again_sees_the_damage_of_now(hospital: Hospital) -> None:
    page = hospital.page()
    hospital.imported(page)
    free = [code for code in page if code not in NEEDED]
    blank = dict.fromkeys(free[:MANY], "")
    batch = hospital.checked({**page, **blank, "P12": "虚构国"})
    shifted = cut(hospital, {**page, "P12": "虚构国"}, row=1, cells=30)
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front=blank)
        look_again(batch=batch.pk, by=by)
        look_again(batch=shifted.pk, by=by)
    assert [one[2] for one in stands(hospital, batch)] == [""], "the card is as blank as the row by now"
    assert stands(hospital, shifted) == [("changed", "ragged", "ragged", "")]


def test_the_preview_leads_to_these_rows_and_each_says_why(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    changed = hospital.page(P782="13000.00"), hospital.page(P3="ZY0003", P4="虚构三")
    batch = cut(hospital, *changed, row=1, cells=29)
    browser = made_up.browser(hospital.clerk)
    preview = browser.get(f"/imports/{batch.pk}").content.decode()
    assert "数据行号 1（表头不计）" in preview
    assert "监测范围内有 1 行。不会自动采用" in preview
    assert f'href="/imports/{batch.pk}/rows?damage=ragged"' in preview
    listed = browser.get(f"/imports/{batch.pk}/rows?damage=ragged").content.decode()
    assert f"/imports/{batch.pk}/rows/1" in listed
    assert f"/imports/{batch.pk}/rows/2" not in listed
    assert "内容可能被截断或错列" in browser.get(f"/imports/{batch.pk}/rows/1").content.decode()
    kind = browser.get(f"/imports/{batch.pk}/rows?match=changed").content.decode()
    assert "批量采用不包括这些行" in kind


def test_a_row_that_takes_the_age_away_waits_also_where_the_stay_has_a_card(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P6="", P7=""))
    assert stands(hospital, batch) == [("changed", "undetermined", "", "")]


def test_of_a_card_that_never_told_the_age_nobody_is_asked_again(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P6="", P7=""))
    assert decide(hospital, batch, Choice.NEW, row=1) == 1
    hospital.confirmed(batch)
    changed = hospital.checked(hospital.page(P6="", P7="", P782="13000.00"))
    assert stands(hospital, changed) == [("changed", "", "", "replace")]
