"""The supplement: its items as dated data, what its rules find, and what is certain about it."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from made_up_cards import page
from tonghu.codes.hqms_fields import layout
from tonghu.hqms import record
from tonghu.registry import supplement
from tonghu.registry.checks import check, check_of_card, missing, to_supplement
from tonghu.registry.content import Content
from tonghu.registry.from_page import drawn
from tonghu.registry.summary import facts
from tonghu.registry.supplement import items, items_on, stages, stages_of
from tonghu.rulebook import PACKAGED, load

pytestmark = pytest.mark.requirement("REG-05")

ON = date(2026, 11, 22)
#: A leukaemia, supplemented whole and right.
WHOLE = {
    "topography": "C42.1", "histology": "M98110/3", "grade": "6", "laterality": "0", "basis": "7",
    "first_diagnosis_date": "2026-09-08", "case_status": "1", "stage": "ALL:CNS1", "chemotherapy": "1",
}  # fmt: skip


def found(supplement: dict[str, str] | None = None, **changes: str) -> set[tuple[str, str]]:
    return {one.at for one in check(page(supplement, **changes), ON)}


def test_every_item_has_both_languages_a_source_a_mark_and_a_clause_that_exists() -> None:
    from tonghu import policy

    known = policy.clause_ids()
    assert len(items()) >= 12
    for item in items():
        assert all((item.zh, item.en, item.source, item.verified, item.clauses)), item.name
        assert set(item.clauses) <= set(known), item.name
        assert all(option.zh and option.en for option in item.options), item.name


def test_every_item_is_a_fact_that_rules_can_read() -> None:
    schema = load([PACKAGED / "registry"]).on(ON, None, ["registry.card"], "2012").schema
    for item in items():
        assert schema.facts[item.name].by == "card", item.name
        assert schema.facts[item.name].type.kind.value == ("date" if item.kind == "date" else "text"), item.name


def test_before_its_day_there_is_no_supplement() -> None:
    assert items_on(date(2019, 12, 31)) == ()


def test_an_item_that_says_too_much_is_refused(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = yaml.safe_load(supplement.FILE.read_text("utf-8"))[:1]
    broken = tmp_path / "supplement.yaml"
    for fault in ({"kind": "picture"}, {"colour": "red"}, {"kind": "choice"}):
        broken.write_text(yaml.safe_dump([{**held[0], **fault}], allow_unicode=True), "utf-8")
        supplement.settings.cache_clear()
        monkeypatch.setattr(supplement, "FILE", broken)
        with pytest.raises(ValueError, match="topography"):
            items_on(date(2026, 1, len(fault)))
    supplement.settings.cache_clear()
    supplement.items_on.cache_clear()


def test_a_card_supplemented_right_has_nothing_to_find_and_nothing_left() -> None:
    content = page(WHOLE)
    assert check(content, ON) == []
    assert to_supplement(content, "malignant", ON) == []
    assert facts(content, ON).iccc3_method == "icd_o"


def test_what_is_left_to_supplement_depends_on_the_card() -> None:
    tumour = {item.name for item in to_supplement(page(), "malignant", ON)}
    blood = {item.name for item in to_supplement(page(), "itp", ON)}
    died = {item.name for item in to_supplement(page(discharge_disposition="5"), "itp", ON)}
    assert tumour == {"topography", "histology", "basis", "first_diagnosis_date", "case_status"}
    assert blood == {"first_diagnosis_date", "case_status"}
    assert died - blood == {"death_cause_code", "death_cause_name"}


def test_one_fault_of_page_and_card_is_one_finding() -> None:
    """HQ099 says it of the page; CARD09 and CARD10 say it where the page's own basis does not."""
    blank = {"pathology_1_morphology_code": "", "pathology_1_name": ""}
    without = {name: text for name, text in WHOLE.items() if name != "histology"}
    asked = {"HQ099", "CARD09", "CARD10"}

    def said(basis: str, of_page: str) -> set[str]:
        return {rule for rule, _at in found({**without, "basis": basis}, basis_of_diagnosis=of_page, **blank)} & asked

    assert said("7", "7") == {"HQ099"}
    assert said("0", "0") == {"HQ099"}
    assert said("7", "") == {"CARD09"}
    assert said("0", "1") == {"CARD10"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"first_diagnosis_date": "2026-09-13"}, ("CARD01", "first_diagnosis_date")),
        ({"first_diagnosis_date": "2016-09-24", "case_status": "2"}, ("CARD02", "first_diagnosis_date")),
        ({"first_diagnosis_date": "2026-01-01"}, ("CARD03", "case_status")),
        ({"case_status": "2"}, ("CARD04", "case_status")),
        ({"laterality": "1"}, ("CARD05", "laterality")),
        ({"death_cause_code": "C91.000"}, ("CARD06", "death_cause_code")),
        ({"death_cause_code": "Z51.100"}, ("CARD07", "death_cause_code")),
        ({"stage": "NB:L1"}, ("CARD08", "stage")),
        ({"basis": "0"}, ("CARD10", "basis")),
        ({"basis": "5"}, ("CARD11", "basis")),
        ({"chemotherapy": "2"}, ("CARD12", "chemotherapy")),
        ({"first_diagnosis_date": "去年"}, ("HQ021", "first_diagnosis_date")),
        ({"grade": "0"}, ("HQ023", "grade")),
        ({"histology": "M98110/3 淋巴细胞白血病"}, ("HQ022", "histology")),
        # The edits of registries: a grade of solid tumours on a leukaemia, a carcinoma of marrow, a kidney tumour at 9.
        ({"grade": "1"}, ("G02", "grade")),
        ({"histology": "8140", "behaviour": "3"}, ("T01", "histology")),
        ({"topography": "C99.9"}, ("V01", "topography")),
    ],
)
def test_each_mistake_is_found_where_it_is(changes: dict[str, str], expected: tuple[str, str]) -> None:
    assert expected not in found(WHOLE)
    assert expected in found({**WHOLE, **changes})


@pytest.mark.requirement("REG-05")
def test_a_death_asks_for_its_cause_and_a_card_answers() -> None:
    """HQ098 waits in a file, and answers on a card."""
    died = {"discharge_disposition": "5"}
    assert "HQ098" not in {one.rule for one in record.check(page(**died).front, "2012", ON)}
    assert {("HQ098", "death_cause_code"), ("HQ098", "death_cause_name")} <= found(**died)
    cause = {"death_cause_code": "C91.000", "death_cause_name": "急性淋巴细胞白血病"}
    assert "HQ098" not in {rule for rule, _column in found(cause, **died)}


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"discharge_disposition": "5"}, {"sex": "女"}, {"birth_date": "42638", "discharge_disposition": "5"},
        {"basis_of_diagnosis": "0"}, {"basis_of_diagnosis": "5", "pathology_1_morphology_code": ""},
    ],
)  # fmt: skip
@pytest.mark.parametrize("filled", [False, True])
def test_a_files_check_and_the_cards_rules_together_find_what_the_card_does(
    changes: dict[str, str], filled: bool
) -> None:
    content = page(**changes)
    if filled:
        content = Content("2012", content.front, drawn(content.front, "2012", "malignant", ON))
        assert "basis" in content.supplement
    of_file = {(one.rule, one.column, one.level, one.version) for one in record.check(content.front, "2012", ON)}
    more = {(one.rule, one.column, one.level, one.rule_version) for one in check_of_card(content, ON)}
    assert of_file | more == {(one.rule, one.column, one.level, one.rule_version) for one in check(content, ON)}


@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_stages_belong_to_their_disease(layout: str) -> None:
    assert {option.code for option in stages_of("041").options} == {"NB:L1", "NB:L2", "NB:M", "NB:MS"}
    assert (stages_of("103", "1").code, stages_of("103", "2").code) == ("TE", "OV")
    assert stages_of("103") is None
    assert stages_of("111") is None
    codes = [option.code for system in stages() for option in system.options]
    assert len(codes) == len(set(codes))


def test_what_keeps_rules_from_deciding_is_named() -> None:
    assert {one.column for one in missing(page({"case_status": "1"}), ON)} >= {"first_diagnosis_date"}


def test_certain_writings_are_proposed() -> None:
    said = {
        "first_diagnosis_date": "２０２６－０９－０８",
        "case_status": "新发（本次住院首次确诊）",
        "laterality": "右侧",
    }
    proposed = {one.column: one.mend for one in check(page(said), ON)}
    assert proposed == {"first_diagnosis_date": "2026-09-08", "case_status": "1", "laterality": "1"}


def test_a_page_on_which_every_field_is_wrong_is_answered() -> None:
    front = {field.code: "９" * 300 for field in layout("2020").fields}
    assert len(check(Content("2020", front), ON)) > 400
