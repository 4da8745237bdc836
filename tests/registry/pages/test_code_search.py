"""Codes are found by what people call them, also at a hospital that has written none yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client

import made_up
from made_up_cards import Point
from run_jobs import run_one
from tonghu.platform.components.codes import choice
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.forms import lists, written
from tonghu.registry.forms.written import Gathered, keep
from tonghu.registry.models import WrittenName

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]
ON = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """What this process kept of other tests, and of this one."""
    for held in (lists._held, written._held):
        held.clear()
    yield
    for held in (lists._held, written._held):
        held.clear()


def asked(clerk: Client, kind: str, text: str) -> list[str]:
    answer = clerk.get(f"/cards/codes/{kind}", {"q": text})
    assert answer.status_code == 200
    said = re.findall(r'data-value="([^"]*)" data-name="([^"]*)"', answer.content.decode())
    return [" ".join(one) for one in said]


def gather() -> None:
    """Run the nightly job."""
    with open_scope(by := system_scope("names")):
        number = enqueue("registry.names", by=by, key="test").pk
    assert run_one(number).state == "done"
    lists._held.clear()
    written._held.clear()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("神经母", "M95000/3"), ("sjm", "M95000/3"), ("肾母细胞瘤", "M89600/3"), ("smxb", "M89600/3"),
        ("白血病", "M98110/3"), ("jxsx", "M98610/3"), ("neurobl", "M95000/3"), ("M9500", "M95000/3"),
    ],
)  # fmt: skip
def test_morphology_is_found_in_chinese(text: str, found: str) -> None:
    assert found in [each.code for each in lists.find(lists.MORPHOLOGY, text, {})]


def test_morphology_says_its_group_and_nothing_of_other_countries_registries() -> None:
    for each in lists.find(lists.MORPHOLOGY, "", {}, limit=2_000):
        assert not re.search(r"\[|\]|REPORTABLE|DATABASE", each.zh + each.en), each
    (one,) = lists.find(lists.MORPHOLOGY, "M95000/3", {})
    assert "神经母细胞瘤和节细胞神经母细胞瘤" in one.zh
    assert one.en == "Neuroblastoma, NOS"
    # A term that falls into many groups by its site is named by none of them.
    (adenocarcinoma,) = lists.find(lists.MORPHOLOGY, "M81400/3", {})
    assert adenocarcinoma.zh == adenocarcinoma.en


def test_a_new_hospital_finds_what_three_others_write_and_nothing_that_fewer_do(db: None) -> None:
    others = [Point() for _ in range(3)]
    for other in others:
        other.card(principal_diagnosis_code="C91.000", principal_diagnosis_name="急性淋巴细胞白血病")
    for other in others[:2]:
        other.card(principal_diagnosis_code="C92.000", principal_diagnosis_name="虚构童的白血病")
    fresh = Point()
    clerk = made_up.browser(fresh.post("entry_clerk"))
    assert asked(clerk, "icd10", "C91") == []
    gather()
    assert asked(clerk, "icd10", "C91.0") == ["C91.000 急性淋巴细胞白血病"]
    assert asked(clerk, "icd10", "Ｃ９１．０") == asked(clerk, "icd10", "ｃ９１０") == ["C91.000 急性淋巴细胞白血病"]
    assert asked(clerk, "icd10", "jxlb") == asked(clerk, "icd10", "淋巴细胞") == ["C91.000 急性淋巴细胞白血病"]
    assert asked(clerk, "icd10", "C92") == [], "two hospitals are too few"
    # What the own hospital calls it stands in its place.
    slots = ("principal", "outpatient", "admission", "other")
    called = {f"{slot}_diagnosis{'_1' * (slot == 'other')}_name": "本院的叫法" for slot in slots}
    fresh.card(principal_diagnosis_code="C91.000", **called)
    lists._held.clear()
    assert asked(clerk, "icd10", "C91.0") == ["C91.000 本院的叫法"]
    # Above a hospital the names are those that several write.
    assert asked(made_up.browser(fresh.centre()), "icd10", "C91.0") == ["C91.000 急性淋巴细胞白血病"]


def test_names_are_made_anew_and_long_texts_are_none(db: None) -> None:
    with open_scope(system_scope("names")):
        for texts in ("甲甲甲乙", "乙乙乙"):
            found = Gathered()
            for text in texts:
                found.add({"icd10": (choice("C91.000", text), choice("C92.000", "长" * 101))})
            assert keep(found.written(ON)) == 1
        held = WrittenName.objects.get()
        assert (held.code, held.name, held.hospitals) == ("C91.000", "乙", 3)


def test_whole_syllables_come_before_longer_ones() -> None:
    found = [each.zh for each in lists.find(lists.TOPOGRAPHY, "shen", {})]
    longer = min(found.index(name) for name in found if name[0] in "升声舌")
    assert longer
    assert all(name[0] in "肾神" for name in found[:longer]), found
    assert {lists.find(lists.TOPOGRAPHY, text, {})[0].code for text in ("C649", "C64.9")} == {"C64.9"}
    entries = tuple(choice(code, name) for code, name in (("1", "升结肠"), ("2", "声门"), ("3", "左肾"), ("4", "肾")))
    assert [each.zh for each in lists.among(entries, "shen")] == ["肾", "升结肠", "声门", "左肾"]
    assert [each.zh for each in lists.among(entries, "sj")] == ["升结肠"]
    assert [each.zh for each in lists.among(entries, "zuoshen")] == ["左肾"]


@pytest.mark.parametrize(
    ("morphology", "sex", "offered"),
    [
        ("M90640/3", "1", {"TE"}), ("M90640/3", "2", {"OV"}), ("M90640/3", "9", {"TE", "OV"}),
        ("M89600/3", "1", {"WT"}), ("M95300/0", "1", set()),
    ],
)  # fmt: skip
def test_the_form_offers_the_stages_of_the_childs_disease_and_sex(
    point: Point, morphology: str, sex: str, offered: set[str]
) -> None:
    site = {"M90640/3": "C62.900", "M89600/3": "C64.x00", "M95300/0": "D32.000"}[morphology]
    card = point.card(
        sex=sex, principal_diagnosis_code=site, principal_diagnosis_name="虚构肿瘤",
        pathology_1_morphology_code=morphology, pathology_1_name="虚构肿瘤",
    )  # fmt: skip
    page = made_up.browser(point.post("entry_clerk")).get(f"/cards/{card.pk}").content.decode()
    stage = page.partition('name="stage"')[2].partition("</select>")[0]
    assert {one.partition(":")[0] for one in re.findall(r'value="([^"]+)"', stage)} == offered
