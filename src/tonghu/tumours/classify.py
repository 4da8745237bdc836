"""One tumour as it is written → its ICCC-3 groups and the reason, in Chinese and English.

What is refused is refused with its cause: a code of a wrong shape, a site that ICD-O-3 does not have, or a tumour
that the table has no row for. Nothing is guessed: a five-digit number without an M, ``C64`` without its fourth
character and ``3.0`` from a spreadsheet all say how to write them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tonghu.codes.text import clean, halfwidth
from tonghu.tumours.legacy import translate
from tonghu.tumours.recode import DEFAULT_VERSION, NOT_CLASSIFIED, Recode, Verdict, recode

UNCLASSIFIED_ZH = "未归类"
UNCLASSIFIED_EN = "Not classified"

_SITE = re.compile(r"C(\d\d)\.?(\d)", re.ASCII)
_ICDO3 = re.compile(r"(\d{4})(?:/([012369]))?", re.ASCII)
_M_CODE = re.compile(r"M(\d{4})\d?(?:/([012369]))?|(\d{4})\d/([012369])", re.ASCII)


class Said(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


class Answer(NamedTuple):
    """The groups of one tumour, in the order of the output columns. 999 and an empty main group: not classified."""

    iccc3_main: str
    iccc3_subgroup: str
    iccc3_extended: str
    iccc3_name_zh: str
    iccc3_name_en: str
    reason: str


class Histology(NamedTuple):
    """A histology as read: its ICD-O-3 number, a behaviour written with it, and what was done to read it."""

    number: int
    behaviour: str | None
    note: Said | None


VERDICTS = {
    Verdict.UNLISTED: Said("编码表未列此形态学，依对照表范围归类", "histology unlisted but inside a range"),
    Verdict.NO_HISTOLOGY: Said("对照表无此形态学", "histology not in the table"),
    Verdict.NO_SITE: Said("对照表在该部位无此形态学", "histology not at this site"),
    Verdict.NO_BEHAVIOUR: Said("对照表中该形态学无此行为", "not with this behaviour"),
}


def classify_one(
    topography: str | None,
    histology: str | None,
    behaviour: str | None,
    version: str = DEFAULT_VERSION,
    age: int | None = None,
) -> Answer:
    """The ICCC-3 groups of one tumour written in three cells.

    `topography` as ``C649`` or ``C64.9``; `histology` four digits (ICD-O-3), or an M-code such as ``M98210/3``, which
    is translated from ICD-O-2 first (`age` in completed years settles the one number that depends on it);
    `behaviour` one digit, or blank when it is written with the histology. Raises InputRefused for an unknown version
    only: bad codes are answered with 999 and their reason.
    """
    table = recode(version)
    site = read_site(topography, table)
    morphology = read_histology(histology, age)
    inside = morphology.behaviour if isinstance(morphology, Histology) else None
    digit = read_behaviour(behaviour, inside)
    faults = [part for part in (site, morphology, digit) if isinstance(part, Said)]
    if faults or not isinstance(morphology, Histology):
        return refused(str(Said("；".join(fault.zh for fault in faults), "; ".join(fault.en for fault in faults))))
    row, verdict = table.find(str(site), morphology.number, int(str(digit)))
    reason = reason_of(version, verdict, morphology.note)
    if row is None:
        return refused(reason)
    return Answer(row.main, row.subgroup, row.extended, row.name_zh, row.name_en, reason)


def refused(reason: str) -> Answer:
    """The answer of what is not classified."""
    return Answer("", NOT_CLASSIFIED, NOT_CLASSIFIED, UNCLASSIFIED_ZH, UNCLASSIFIED_EN, reason)


def reason_of(version: str, verdict: Verdict, note: Said | None = None) -> str:
    """The version that decided, then what was done to read the histology, then the verdict where it needs a word."""
    said = [part for part in (note, VERDICTS.get(verdict)) if part]
    if not said:
        return version
    return f"{version}：{Said('；'.join(part.zh for part in said), '; '.join(part.en for part in said))}"


def read_site(text: str | None, table: Recode) -> str | Said:
    """A site of ICD-O-3 as ``C649``, or what is wrong with it."""
    written = clean(text)
    if written is None:
        return Said("缺部位编码", "the site is missing")
    found = _SITE.fullmatch(halfwidth(written).upper())
    if not found:
        return Said(
            f"部位编码“{written}”格式不符，应如 C649 或 C64.9",
            f"the site “{written}” has a wrong shape: such as C649 or C64.9",
        )
    site = f"C{found[1]}{found[2]}"
    if site not in table.sites:
        return Said(f"ICD-O-3 的 330 个部位中没有“{written}”", f"“{written}” is not among the 330 sites of ICD-O-3")
    return site


def read_histology(text: str | None, age: int | None = None) -> Histology | Said:
    """A histology as an ICD-O-3 number, or what is wrong with it. M-codes pass the ICD-O-2 table first.

    In ``M98210`` without a slash the fifth digit is the extension: a behaviour is not guessed.
    """
    written = clean(text)
    if written is None:
        return Said("缺形态学编码", "the histology is missing")
    key = halfwidth(written).upper()
    if found := _ICDO3.fullmatch(key):
        return Histology(int(found[1]), found[2], None)
    if found := _M_CODE.fullmatch(key):
        return _translated(written, found[1] or found[3], found[2] or found[4], age)
    return Said(
        f"形态学编码“{written}”格式不符，应为四位数字（如 8960）或 M 编码（如 M98210/3）",
        f"the histology “{written}” has a wrong shape: four digits such as 8960, or an M-code such as M98210/3",
    )


def _translated(written: str, number: str, behaviour: str | None, age: int | None) -> Histology:
    """An M-coded number through the ICD-O-2 table, and the note that says so."""
    entry = translate(number, age)
    if entry is None:
        note = Said(
            f"“{written}”按 M 编码读取，ICD-O-2 与 ICD-O-3 同号",
            f"“{written}” is an M-code; its number is the same in ICD-O-2 and ICD-O-3",
        )
        return Histology(int(number), behaviour, note)
    zh = "；".join(filter(None, ("已核对" if entry.verified else "未经核对", entry.note_zh)))
    en = "; ".join(filter(None, ("verified" if entry.verified else "not verified", entry.note_en)))
    change = f"{number} → {entry.icdo3}"
    note = Said(
        f"“{written}”由 ICD-O-2 转换：{change}（{zh}）", f"“{written}” translated from ICD-O-2: {change} ({en})"
    )
    return Histology(int(entry.icdo3), behaviour, note)


def read_behaviour(text: str | None, inside: str | None) -> str | Said:
    """The behaviour digit from its own cell or, when that is blank, from `inside` the histology's cell."""
    written = clean(text)
    if written is None:
        return inside or Said("缺行为编码", "the behaviour is missing")
    digit = halfwidth(written)
    if len(digit) != 1 or digit not in "012369":
        return Said(
            f"行为编码“{written}”格式不符，应为 0、1、2、3、6、9 中的一位数字",
            f"the behaviour “{written}” has a wrong shape: one digit of 0, 1, 2, 3, 6, 9",
        )
    if inside is not None and inside != digit:
        return Said(
            f"形态学编码中的行为编码 {inside} 与行为编码栏的 {digit} 不一致",
            f"the behaviour {inside} written with the histology contradicts {digit} in its own column",
        )
    return digit
