"""The hundred front-page checks are all there, with their levels, words and examples; and the examples hold."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from made_up_stays import DAY, FRONT_PAGE, SCOPE, Found, clean

from tonghu.rulebook import PACKAGED, Level, Rule, Rulebook, load
from tonghu.rulebook.parsing import parse_condition

#: The 38 checks of the published list (hqms_rules.csv) that are warnings; the other 62 are errors.
WARNINGS = {
    f"HQ{n:03}"
    for n in (
        2, 5, 7, 9, 16, 27, 29, 39, 40, 41, 42, 49, 56, 63, 64, 65, 66, 67, 68, 69, 73, 75, 76, 77, 78, 86, 87, 88,
        89, 90, 91, 92, 93, 94, 95, 96, 99, 100,
    )
}  # fmt: skip
ALL = {f"HQ{n:03}" for n in range(1, 101)}
#: Wholly derived: the list says that no source printed them.
DERIVED = {
    "HQ005", "HQ009", "HQ019", "HQ035", "HQ039", "HQ040", "HQ041", "HQ045", "HQ049", "HQ056", "HQ063", "HQ066",
    "HQ067", "HQ068", "HQ069", "HQ073", "HQ075", "HQ077", "HQ095", "HQ099", "HQ100",
}  # fmt: skip
#: Answered elsewhere: by the field dictionary, the file's header, or by counting.
ELSEWHERE = {"HQ021": "dictionary", "HQ022": "dictionary", "HQ023": "dictionary", "HQ033": "header"} | {
    "HQ057": "count",
    "HQ070": "count",
}
RULES = list(load([PACKAGED / "registry"]).rules)
CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{example.verdict}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.examples)
]


def layouts_of(rule: Rule, record: dict[str, object], rulebook: Rulebook) -> list[str]:
    """The layouts that an example is meant for: its own, else those of the rule that have all its facts."""
    if "layout" in record:
        return [str(record["layout"])]
    facts = rulebook.schemas[rule.schema].facts
    named = [facts[name.removesuffix("__unreadable")] for name in record]
    return [
        layout
        for layout in ("2012", "2020")
        if (rule.layouts is None or layout in rule.layouts) and all(fact.is_in(layout) for fact in named)
    ]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_every_example_holds_in_every_layout_that_has_its_facts(rule: Rule, example, rulebook: Rulebook) -> None:
    layouts = layouts_of(rule, dict(example.record), rulebook)
    assert layouts, "no layout has all facts of this example"
    for layout in layouts:
        chosen = rulebook.on(DAY, sets={rule.set}, layout=layout, options={"benign_other", "other_blood", "lch"})
        answers = replace(chosen, rules=(rule,)).for_record()(example.record)
        verdicts = {answer.verdict for answer in answers}
        if example.verdict == "passes":
            assert not verdicts, answers
        elif example.verdict == "finds":
            assert "finds" in verdicts, layout
        else:
            assert verdicts == {"unknown"}, (layout, answers)
            if example.missing is not None:
                assert {name for answer in answers for name in answer.missing} == set(example.missing)


@pytest.mark.requirement("REG-11")
def test_all_hundred_checks_are_there_under_their_ids_and_levels() -> None:
    front = [rule for rule in RULES if rule.set == FRONT_PAGE]
    assert {rule.reports for rule in front} == ALL
    assert {rule.reports for rule in front if rule.level is Level.WARNING} == WARNINGS
    assert {rule.reports for rule in front if rule.level is Level.ERROR} == ALL - WARNINGS
    assert {rule.id: rule.by for rule in front if rule.by != "condition"} == ELSEWHERE


def test_a_variant_is_named_after_the_check_that_it_reports() -> None:
    for rule in RULES:
        if rule.reports != rule.id:
            assert rule.id.startswith(f"{rule.reports}-")


def test_every_rule_has_an_example_that_finds_and_one_that_passes() -> None:
    for rule in RULES:
        if rule.by == "condition":
            assert {"finds", "passes"} <= {example.verdict for example in rule.examples}, rule.id


def test_what_no_source_prints_is_not_called_verified() -> None:
    unverified = {rule.reports for rule in RULES if not rule.verified}
    assert unverified >= DERIVED
    assert not any(rule.verified for rule in RULES if rule.set == SCOPE)


def test_words_are_in_both_languages_and_say_how_to_mend() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for rule in RULES:
        assert rule.mend is not None, rule.id
        for words in (rule.title, rule.message, rule.mend):
            assert chinese.search(words.zh), rule.id
            assert words.en.strip(), rule.id
            assert words.zh.rstrip("。") == words.zh, rule.id
        assert rule.message.placeholders <= set(re.findall(r"\{(\w+)\}", rule.message.zh)), rule.id


def test_messages_never_show_an_identity_number_that_is_whole() -> None:
    for rule in RULES:
        if "national_id" in rule.message.placeholders:
            assert rule.id == "HQ036-scientific"  # what is left of the number there tells nobody


def test_empty_cells_of_a_procedure_leave_nothing_unknown(rulebook: Rulebook) -> None:
    rules = rulebook.on(DAY, sets={FRONT_PAGE}, layout="2012")
    record = clean("2012", procedure_1_code="55.5100")
    said = {(answer.rule.reports, answer.verdict) for answer in rules.for_record()(record)}
    assert not {("HQ007", "unknown"), ("HQ091", "unknown"), ("HQ007", "finds")} & said


@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_a_clean_stay_has_nothing_to_find_and_nothing_to_ask(layout: str, rulebook: Rulebook) -> None:
    rules = rulebook.on(DAY, sets={FRONT_PAGE}, layout=layout)
    waiting = set(rules.inert())
    answers = [answer for answer in rules.for_record()(clean(layout)) if answer.rule not in waiting]
    assert [(answer.rule.id, answer.fact, answer.verdict, answer.missing) for answer in answers] == []


def test_rules_for_the_card_the_calendar_and_the_code_list_wait(rulebook: Rulebook) -> None:
    rules = rulebook.on(DAY, sets={FRONT_PAGE}, layout="2012")
    waiting = {rule.id for rule in rules.inert()}
    assert waiting == {"HQ024-account", "HQ065", "HQ065-name", "HQ096", "HQ098", "HQ098-name", "HQ100"}
    listed = {name for name in rules.schema.facts if name.endswith("_listed_name")}
    assert {rule.id for rule in rules.inert(listed)} == waiting - {"HQ065", "HQ065-name"}


def test_national_rules_hold_today_and_not_before_their_time(rulebook: Rulebook) -> None:
    assert not rulebook.on(date(2011, 12, 31), sets={FRONT_PAGE}).rules
    assert not rulebook.on(date(2016, 12, 31), sets={SCOPE}).rules
    assert len(rulebook.on(DAY, sets={SCOPE}).rules) == 8


def test_found_fixture_sees_findings(found: Found) -> None:
    assert ("HQ063", "sex") in found(clean("2012", sex="9"))


def test_what_an_operation_is_is_said_alike_for_hq007_and_hq091(rulebook: Rulebook) -> None:
    counted = rulebook.schemas["hqms_stay"].derived["operations"].expression
    rules = [rule for rule in RULES if rule.reports == "HQ007"]
    assert len(rules) == 5
    scope = rulebook.schemas["hqms_stay"].scopes["procedure"]
    assert all(rule.when is not None and parse_condition(rule.when, scope) == counted for rule in rules)


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("55.5100", True),  # nephrectomy
        ("01.5900", True),  # excision of a brain lesion
        ("54.1100", True),  # laparotomy
        ("86.2200", True),  # excisional debridement
        ("03.3100", False),  # lumbar puncture
        ("03.9200", False),  # intrathecal injection
        ("41.3100", False),  # marrow biopsy
        ("41.0400", False),  # stem cell transplantation
        ("38.9300", False),  # venous catheter
        ("34.9100", False),  # thoracentesis
        ("45.2300", False),  # colonoscopy
        ("50.1100", False),  # liver biopsy
        ("92.2900", False),  # radiotherapy
        ("99.0400", False),  # transfusion
        ("99.2500", False),  # chemotherapy
    ],
)
def test_what_counts_as_an_operation(code: str, counts: bool, found: Found) -> None:
    record = clean("2012", procedure_1_code=code, procedure_1_level="2")
    assert (("HQ091", "cost_surgery") in found(record)) is counts
    # Without a level, an incision and an anaesthesia no code is an operation.
    assert ("HQ091", "cost_surgery") not in found(clean("2012", procedure_1_code=code, procedure_1_wound_healing="10"))
