"""Clauses and requirements: nothing dangles, every requirement rests on a clause, every clause is whole."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date

import pytest

from tonghu import policy
from tonghu.errors import InputRefused


def test_the_documents_in_order_of_their_dates() -> None:
    documents = policy.documents()
    assert [document.key for document in documents] == ["HP12", "RP17", "L18", "SC18", "JL19", "NHC20", "NCPCS", "TC20"]
    dated = [document.date for document in documents if document.date]
    assert dated == sorted(dated)
    assert policy.document("NHC20").number == "国卫办医函〔2020〕22号"
    assert policy.document("NHC20").date == date(2020, 1, 14)
    assert policy.document("NCPCS").annex_of == "NHC20"
    assert policy.document("SC18").forwards == "L18"
    for document in documents:
        assert document.date or document.date_note
        assert document.title_zh
        assert document.issuer_zh
        assert document.title_en
        assert document.issuer_en


def test_every_clause_is_whole_and_has_its_own_path() -> None:
    clauses = policy.clauses()
    assert len({clause.path for clause in clauses}) == len(clauses) > 100
    for clause in clauses:
        assert re.fullmatch(rf"{clause.document.key}\.(annex|end|0|\d+(\.\d+)*)", clause.path)
        assert re.search("[\u4e00-\u9fff]", clause.zh)
        assert re.search("[a-z]{3}", clause.en)
        assert clause.terms
        assert all(isinstance(term, str) and term for term in clause.terms)


NUMERALS = {"十": 10} | {numeral: number for number, numeral in enumerate("一二三四五六七八九", 1)}


def number(text: str) -> int:
    return NUMERALS[text] if len(text) == 1 else 10 + NUMERALS[text[1]]


def test_a_path_says_the_printed_numbers() -> None:
    named = {"序": "0", "附件": "annex", "末": "end"}
    for clause in policy.clauses():
        found = re.fullmatch(r"([一二三四五六七八九十]+)(?:\(([一二三四五六七八九十]+)\))?(\d+)?", clause.printed)
        if found:
            parts = [str(number(part)) for part in found.groups()[:2] if part] + [
                part for part in found.groups()[2:] if part
            ]
        else:
            parts = [named[clause.printed]]
        assert clause.path == ".".join([clause.document.key, *parts])


def test_every_clause_has_the_clause_above_it() -> None:
    paths = policy.clause_ids()
    for path in paths:
        above = path.rsplit(".", 1)[0]
        assert above in paths or above in {document.key for document in policy.documents()}


def test_the_quick_ids_are_those_of_the_parsed_files() -> None:
    assert policy.clause_ids() == {clause.path for clause in policy.clauses()}


def test_asking_for_ids_does_not_load_the_yaml_parser() -> None:
    code = "import sys, tonghu.policy as p; assert p.clause_ids(); sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("requirement", policy.requirements(), ids=lambda requirement: requirement.id)
def test_a_requirement_rests_on_clauses_that_link_back(requirement: policy.Requirement) -> None:
    assert requirement.clauses
    for path in requirement.clauses:
        assert requirement.id in policy.clause(path).requirements
    assert requirement.zh
    assert requirement.en
    assert requirement.area.key == requirement.id.split("-")[0]


def test_requirement_ids_run_without_gaps() -> None:
    assert len(policy.requirements()) == 82
    for area in policy.areas():
        numbers = [int(r.id.split("-")[1]) for r in policy.requirements() if r.area.key == area]
        assert numbers == list(range(1, len(numbers) + 1))


def test_requirements_of_a_clause() -> None:
    assert policy.clause("NHC20.3.2").requirements == ("REG-02", "REG-06", "REG-08", "REG-11")
    assert policy.clause("RP17.4.2").requirements == ()
    assert policy.requirement("REG-04").clauses == ("NCPCS.2.2",)


def test_a_citation_reads_as_a_chinese_reader_writes_it() -> None:
    assert policy.clause("NHC20.3.2").citation == "国卫办医函〔2020〕22号 三(二)"
    assert policy.clause("NCPCS.2.1").citation == "国家儿童肿瘤监测工作要求 二(一)"


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (policy.clause, "NHC20.9"), (policy.clause, "XX"), (policy.clauses, "NHC21"), (policy.document, "nhc20"),
        (policy.requirement, "REG-99"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_a_clear_key_error(ask: object, what: str) -> None:
    with pytest.raises(KeyError) as unknown:
        ask(what)  # type: ignore[operator]
    assert isinstance(unknown.value, InputRefused)
    assert what in unknown.value.zh
    assert what in unknown.value.en
    assert str(unknown.value) == f"{unknown.value.zh} / {unknown.value.en}"
