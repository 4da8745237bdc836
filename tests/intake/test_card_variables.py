"""What an import fills of the card's variables, counted on cards that were imported; and how the filled items live on.

The variables come from the reference that the card was built by (``data/report_card_variables.csv``), not from the
card's own list.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from made_up_files import Hospital

import made_up_cards
from tonghu.codes.hqms_fields import layout as layout_of
from tonghu.platform.scope.scope import system_scope
from tonghu.registry.checker import problems
from tonghu.registry.content import Content, open_
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.pages.opening import opened
from tonghu.registry.services import save_card
from tonghu.registry.variables import typed_by_hand, variables

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05"), pytest.mark.requirement("REG-06")]

FILLED = {"histology": "M98210/3", "behaviour": "3", "grade": "6", "basis": "7"}


def the_list() -> list[dict[str, str]]:
    file = Path(__file__).parent / "data" / "report_card_variables.csv"
    lines = file.read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def row(hospital: Hospital, layout: str = "2012", **changes: str) -> dict[str, str]:
    """A leukaemia as a hospital writes it in a layout; changes by the fields' names."""
    said = made_up_cards.page(**{"tumour_grade": "6", "org_code": hospital.institution.code, **changes}).front
    names = {layout_of("2012").by_code[code].name: text for code, text in said.items()}
    known = layout_of(layout).by_name
    columns = {known[name].code: text for name, text in names.items() if name in known}
    # Columns stay where a change leaves them blank: the file has them all.
    return {**{known[name].code: "" for name in changes if name in known}, **columns}


def card_of(hospital: Hospital) -> tuple[Card, Content]:
    with hospital.acting():
        card = Card.objects.get()
        return card, open_(CardVersion.objects.get(card=card, number=card.version).content)


def supplement(hospital: Hospital) -> dict[str, str]:
    return dict(card_of(hospital)[1].supplement)


@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_nine_tenths_of_what_a_discharge_row_can_know_are_filled_without_typing(
    hospital: Hospital, layout: str
) -> None:
    brought = row(hospital, layout)
    hospital.imported(brought)
    card, content = card_of(hospital)
    old, new = layout_of("2012").by_code, layout_of(layout).by_name
    can_be_known, filled, others = [], [], []
    for one in the_list():
        names = [old[code].name for code in one["hqms"].split()]
        here = [new[name].code for name in names if name in new]
        if one["knows"] and here:
            can_be_known.append(one["variable"])
        if one["knows"] == "derived":
            is_filled = bool(getattr(card, one["card"]))
        elif one["card"]:
            is_filled = bool(content.supplement.get(one["card"]))
        else:
            is_filled = all(content.front.get(code) == brought[code] for code in here)
        (filled if is_filled else others).append(one)
    assert len(filled) >= 0.9 * len(can_be_known), [one["variable"] for one in others]
    assert {one["variable"] for one in filled} <= set(can_be_known)
    lacking = {"grade", "basis"} if layout == "2020" else set()
    assert content.supplement == {name: text for name, text in FILLED.items() if name not in lacking}
    listed = {one.item for one in typed_by_hand()}
    assert {one["card"] for one in others} <= listed, "what is not filled is listed as typed"


def test_the_cards_own_list_has_every_variable() -> None:
    known = layout_of("2012").by_code
    pages = {name for one in variables() for name in one.page}
    elsewhere = {one.item or one.derived for one in variables()}
    for one in the_list():
        if one["card"]:
            assert one["card"] in elsewhere, one["variable"]
        else:
            assert {known[code].name for code in one["hqms"].split()} <= pages, one["variable"]


def test_the_same_file_again_is_unchanged_and_what_was_typed_stays(hospital: Hospital) -> None:
    hospital.imported(row(hospital))
    card, _content = card_of(hospital)
    assert (card.to_supplement, card.iccc3_subgroup) == (3, "011"), "site, first diagnosis, new or known case"
    assert hospital.imported(row(hospital)).counts["unchanged"] == 1
    typed = {"basis": "5", "grade": "", "laterality": "0"}
    with hospital.acting() as by:
        save_card(card=card.pk, based_on=1, by=by, supplement=typed)
    assert hospital.imported(row(hospital)).counts["unchanged"] == 1
    kept = {"histology": "M98210/3", "behaviour": "3", "basis": "5", "laterality": "0"}
    assert supplement(hospital) == kept
    assert hospital.imported(row(hospital, cost_total="1000.01")).counts["updated"] == 1
    assert supplement(hospital) == kept, "nor does a file that changes something else touch it"
    assert hospital.imported(row(hospital, cost_total="1000.01", basis_of_diagnosis="6")).counts["updated"] == 1
    assert supplement(hospital) == kept, "nor one that corrects the page of what was typed"
    assert [found for _many, found in problems(system_scope("checking")) if found] == []


def test_an_item_that_says_what_the_page_said_follows_it_and_an_undo_gives_it_back(hospital: Hospital) -> None:
    first = row(hospital, basis_of_diagnosis="1", pathology_1_morphology_code="", pathology_1_name="")
    hospital.imported(first)
    assert supplement(hospital) == {"basis": "1", "grade": "6"}
    corrected = hospital.imported(row(hospital, tumour_grade=""))
    assert supplement(hospital) == {name: text for name, text in FILLED.items() if name != "grade"}
    with hospital.acting() as by:
        one = opened(Card.objects.get().pk, by)
        assert one.raw.supplement == one.saved.supplement, "the file's own row says what the card took of it"
    hospital.undone(corrected)
    assert supplement(hospital) == {"basis": "1", "grade": "6"}
    assert [found for _many, found in problems(system_scope("checking")) if found] == []


def test_a_file_in_the_other_layout_fills_what_the_cards_page_has_no_field_for(hospital: Hospital) -> None:
    hospital.imported(row(hospital, "2020"))
    assert hospital.imported(row(hospital, cost_total="1000.01")).counts["updated"] == 1
    assert supplement(hospital) == FILLED
    assert hospital.imported(row(hospital, "2020", cost_total="1000.02")).counts["updated"] == 1
    assert supplement(hospital) == FILLED, "a file without these columns says nothing of them"


@pytest.mark.parametrize(
    ("changes", "items"),
    [
        ({"basis_of_diagnosis": "8", "tumour_grade": "9"}, {"histology", "behaviour"}),
        ({"basis_of_diagnosis": "3", "tumour_grade": "Ⅱ级"}, {"histology", "behaviour"}),
        ({"basis_of_diagnosis": "９"}, {"histology", "behaviour", "grade", "basis"}),
        ({"pathology_1_morphology_code": "M98210/6"}, {"grade", "basis"}),
        ({"pathology_1_morphology_code": "9821/3"}, {"grade", "basis"}),
        ({"pathology_1_morphology_code": "M98210"}, {"grade", "basis"}),
        ({"pathology_1_morphology_code": "m98210/3 "}, {"histology", "behaviour", "grade", "basis"}),
        ({"principal_diagnosis_code": "D69.300", "other_diagnosis_1_code": "J18.900"}, set()),
    ],
)
def test_what_does_not_surely_mean_the_same_is_left_to_people(
    hospital: Hospital, changes: dict[str, str], items: set[str]
) -> None:
    hospital.imported(row(hospital, **changes))
    assert supplement(hospital) == {name: text for name, text in FILLED.items() if name in items} | (
        {"basis": "9"} if changes.get("basis_of_diagnosis") == "９" else {}
    )
