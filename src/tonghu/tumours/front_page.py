"""ICCC-3 of a discharge: from what a front page has, the strongest evidence first.

1. ``icd_o``: an ICD-O-3 site with a morphology. Front pages have none; a registry's card does.
2. ``icd10_morphology``: the morphology, with the sites that the ICD-10 code may stand for. It counts when every one of
   them leads to the same subgroup; where the ICD-10 code says nothing of the site, every site of ICD-O-3 is asked.
3. ``icd10``: the code alone, by a table with certainties A to D and N (not a tumour of ICCC).

A weaker method never overrules a stronger one; it answers only where the stronger finds no row, and says so. What
goes into the subgroup: A and B the subgroup, C the unspecified subgroup of the main group (036, 085, 095), D (for
review) and N 999.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import polars as pl

from tonghu.codes import iccc, icd10, icdo
from tonghu.codes.bad_code import BadCode
from tonghu.codes.code_list import CodeList
from tonghu.codes.text import clean, halfwidth
from tonghu.tumours._data import read_csv
from tonghu.tumours._each_once import each_once
from tonghu.tumours.classify import Histology, Said, classify_one, read_histology
from tonghu.tumours.recode import DEFAULT_VERSION, NOT_CLASSIFIED, recode

ICD_O, ICD10_MORPHOLOGY, ICD10 = "icd_o", "icd10_morphology", "icd10"
#: Certainty of what a morphology decides.
CERTAIN = "A"
# A morphology anywhere in a cell, with the name of the tumour around it.
_MORPHOLOGY = re.compile(r"M?[89]\d{3}\d?/[012369](?!\d)", re.ASCII)
# A malignant neoplasm without a line of the fall-back table is for review; any other code is no tumour of ICCC.
_MALIGNANT = CodeList.parse("C00-C97")


class IcccAnswer(NamedTuple):
    """The group of one discharge. `certainty`: A, B, C, D or N; `reason` in Chinese and English."""

    subgroup: str
    method: str
    certainty: str
    reason: str

    @property
    def main(self) -> str:
        """The Roman numeral of the main group; empty for 999."""
        return iccc.main_of(self.subgroup)


class Fallback(NamedTuple):
    """A line of the fall-back table. `likely` is the likeliest subgroup, `subgroup` what is filled in."""

    key: str
    likely: str
    subgroup: str
    certainty: str


def iccc_from_front_page(
    morphology_texts: Sequence[str | None],
    icd10_text: str | None,
    *,
    topography: str | None = None,
    age: int | None = None,
    version: str = DEFAULT_VERSION,
) -> IcccAnswer:
    """The ICCC-3 subgroup of a discharge from its pathology codes and the ICD-10 code of the tumour.

    `morphology_texts`: the cells that may hold a morphology, likeliest first; the first that leads to a subgroup
    counts. `topography`: an ICD-O-3 site where there is one. `age` in completed years. Never raises for bad codes.
    """
    morphologies = [found for text in morphology_texts if (found := read_morphology(text, age))]
    tried = []
    if topography is not None:
        for histology, behaviour in morphologies:
            answer = classify_one(topography, f"{histology.number:04d}", behaviour, version)
            if answer.iccc3_subgroup != NOT_CLASSIFIED:
                return IcccAnswer(answer.iccc3_subgroup, ICD_O, CERTAIN, _say(histology, version))
        tried.append(ICD_O)
    if morphologies:
        sites = sites_of(icd10_text)
        for histology, behaviour in morphologies:
            if subgroup := _same_everywhere(sites, histology.number, int(behaviour), version):
                return IcccAnswer(subgroup, ICD10_MORPHOLOGY, CERTAIN, _say(histology, version))
        tried.append(ICD10_MORPHOLOGY)
    return _by_icd10(icd10_text, tried)


def read_morphology(text: str | None, age: int | None = None) -> tuple[Histology, str] | None:
    """Histology and behaviour in a cell of a front page, M-codes translated; None where there is no morphology."""
    written = clean(text)
    if written is None:
        return None
    key = halfwidth(written).upper()
    found = _MORPHOLOGY.search(key)
    try:
        code = icdo.Morphology.parse(found[0] if found else key)
    except BadCode:
        return None
    histology = read_histology(f"{'M' if code.from_m_code else ''}{code.histology}/{code.behaviour}", age)
    return None if isinstance(histology, Said) else (histology, code.behaviour)


def sites_of(icd10_text: str | None) -> tuple[str, ...]:
    """The ICD-O-3 sites that an ICD-10 code may stand for; all of them where it says nothing of the site."""
    code = _parsed(icd10_text)
    table = _sites()
    if code is not None:
        if found := table.get(code.who) or table.get(code.category):
            return found
        if code.who == code.category:
            within = (sites for key, sites in table.items() if key.startswith(f"{code.category}."))
            if found := tuple(sorted({site for sites in within for site in sites})):
                return found
    return tuple(icdo.topography())


def fallback(icd10_text: str | None) -> Fallback | None:
    """The line of the fall-back table for a code: four characters first, then three; None for what is no code."""
    code = _parsed(icd10_text)
    if code is None:
        return None
    if found := _fallbacks().get(code.who) or _fallbacks().get(code.category):
        return found
    certainty = "D" if _MALIGNANT.matches(code.key) else "N"
    return Fallback(code.who, NOT_CLASSIFIED, NOT_CLASSIFIED, certainty)


def _by_icd10(icd10_text: str | None, tried: Sequence[str]) -> IcccAnswer:
    line = fallback(icd10_text)
    before = Said(f"{'、'.join(tried)} 无结果；", f"nothing by {', '.join(tried)}; ") if tried else Said("", "")
    if line is None:
        said = Said(
            f"{before.zh}ICD-10 编码“{icd10_text or ''}”无法识别", f"{before.en}no ICD-10 code “{icd10_text or ''}”"
        )
        return IcccAnswer(NOT_CLASSIFIED, ICD10, "N", str(said))
    zh, en = _CERTAINTIES[line.certainty]
    said = Said(f"{before.zh}仅据 ICD-10 {line.key}：{zh}", f"{before.en}by ICD-10 {line.key} alone: {en}")
    return IcccAnswer(line.subgroup, ICD10, line.certainty, str(said))


_CERTAINTIES = {
    "A": Said("编码可确定亚组", "the code fixes the subgroup"),
    "B": Said("按儿童最可能的亚组归类", "the subgroup that is by far likeliest in children"),
    "C": Said("仅能确定主组，亚组记为未特指", "the main group only, its unspecified subgroup filled in"),
    "D": Said("主组亦不能确定，须人工核对", "the main group is doubtful: for review"),
    "N": Said("不属 ICCC 范围", "not a tumour of ICCC"),
}


def _say(histology: Histology, version: str) -> str:
    return f"{version}：{histology.note}" if histology.note else version


def _same_everywhere(sites: Iterable[str], histology: int, behaviour: int, version: str) -> str | None:
    """The subgroup that a morphology has at all of these sites; None when it differs or there is none somewhere."""
    table = recode(version)
    found: set[str | None] = set()
    for site in sites:
        row, _ = table.find(site, histology, behaviour)
        found.add(row.subgroup if row else None)
        if len(found) > 1:
            return None
    return found.pop() if found else None


def _parsed(text: str | None) -> icd10.Icd10 | None:
    try:
        return icd10.parse(clean(text) or "")
    except BadCode:
        return None


@cache
def _sites() -> dict[str, tuple[str, ...]]:
    return {row["icd10"]: tuple(row["sites"].split()) for row in read_csv("icd10_sites.csv")}


@cache
def _fallbacks() -> dict[str, Fallback]:
    """By key; a range such as D00-D09 stands for each of its categories."""
    table: dict[str, Fallback] = {}
    for row in read_csv("icd10_fallback.csv"):
        low, _, high = row["icd10"].partition("-")
        for number in range(int(low[1:3]), int((high or low)[1:3]) + 1):
            key = f"{low[0]}{number:02d}{low[3:]}"
            table[key] = Fallback(key, row["likely"], row["subgroup"], row["certainty"])
    return table


OUTPUT = ("iccc3_subgroup", "iccc3_method", "iccc3_certainty", "iccc3_reason")


def front_page_groups(
    frame: pl.DataFrame,
    icd10_column: str,
    morphology_columns: Sequence[str],
    *,
    age_column: str | None = None,
    version: str = DEFAULT_VERSION,
) -> pl.DataFrame:
    """:func:`iccc_from_front_page` for each row of a frame: the columns of :data:`OUTPUT`, row by row.

    The text columns are read as they are; `age_column` holds completed years as integers. Every different
    combination is asked once, so the cost follows the variety of the codes, not the number of rows.
    """
    keys = [icd10_column, *morphology_columns, *([age_column] if age_column else [])]
    count = len(morphology_columns)

    def answer(code: str | None, *cells: Any) -> IcccAnswer:
        return iccc_from_front_page(cells[:count], code, age=cells[count] if age_column else None, version=version)

    return each_once(frame.select(keys), answer, dict.fromkeys(OUTPUT, pl.String()))
