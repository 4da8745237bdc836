"""ICD-O-3: sites, and morphology as registries and as Chinese front pages write it.

A front page writes ``M98210/3``: an M, four digits of histology, one Chinese extension digit, a slash, behaviour.
That list descends from the ICD-10 annex, whose numbers are those of ICD-O-2; a registry writes ``9821/3``, an
ICD-O-3 number. The two must not be mixed: :attr:`Morphology.from_m_code` tells them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tonghu.codes._data import read_csv
from tonghu.codes.bad_code import BadCode
from tonghu.codes.icd10 import normalise

_SITE = re.compile(r"C\d{3}", re.ASCII)
_MORPHOLOGY = re.compile(r"(M?)([89]\d{3})(\d?)/([012369])", re.ASCII)
_UNSLASHED = re.compile(r"()([89]\d{3})()([012369])", re.ASCII)
BEHAVIOURS = "012369"


@dataclass(frozen=True, slots=True)
class Topography:
    """A site code without its dot, such as ``C649``. Raises BadCode for any other text."""

    code: str

    def __post_init__(self) -> None:
        if not _SITE.fullmatch(self.code):
            raise BadCode(
                f"“{self.code}”不是 ICD-O-3 部位编码：应为 C 加三位数字，如 C64.9",
                f"“{self.code}” is not an ICD-O-3 site: C and three digits, such as C64.9",
            )

    @classmethod
    def parse(cls, text: str) -> Topography:
        """Read ``C649``, ``C64.9`` or ``c64.9``. Raises BadCode when the shape is wrong (C and three digits)."""
        return cls(normalise(text))

    @property
    def known(self) -> bool:
        """Whether it is one of the 330 sites of ICD-O-3."""
        return self.code in topography()

    def __str__(self) -> str:
        return f"{self.code[:3]}.{self.code[3]}"


@dataclass(frozen=True, slots=True)
class Morphology:
    """Histology (four digits), behaviour (one), and how it was written.

    ``from_m_code``: with an M or a fifth digit, so it is of the front page's list with its ICD-O-2 numbers.
    ``extension``: that fifth digit; empty when there is none.
    """

    histology: str
    behaviour: str
    from_m_code: bool
    extension: str = ""

    @classmethod
    def parse(cls, text: str) -> Morphology:
        """Read ``M98210/3``, ``M9821/3``, ``9821/3``, ``98213``.

        Five digits without M and slash are histology and behaviour; with an M (``M98210``) the last digit may be the
        extension as well, and a behaviour is not guessed. Raises BadCode when the shape is wrong: histology
        8000–9999, behaviour 0, 1, 2, 3, 6 or 9.
        """
        key = normalise(text)
        found = _MORPHOLOGY.fullmatch(key) or _UNSLASHED.fullmatch(key)
        if not found:
            raise BadCode(
                f"“{text}”不是肿瘤形态学编码：应如 M98210/3 或 9821/3，动态编码为 0、1、2、3、6、9",
                f"“{text}” is not a morphology code: such as M98210/3 or 9821/3, behaviour 0, 1, 2, 3, 6 or 9",
            )
        m, histology, extension, behaviour = found.groups()
        return cls(histology, behaviour, bool(m or extension), extension)

    def __str__(self) -> str:
        return f"{'M' if self.from_m_code else ''}{self.histology}{self.extension}/{self.behaviour}"


@dataclass(frozen=True, slots=True)
class Site:
    """A row of the topography table."""

    code: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class MorphologyTerm:
    """A row of the morphology table: the preferred English term and its synonyms."""

    histology: str
    behaviour: str
    name_en: str
    synonyms_en: tuple[str, ...]


@cache
def topography() -> dict[str, Site]:
    """The 330 sites by code (``C649``). English: SEER; Chinese: our own translation."""
    return {row["code"]: Site(row["code"], row["name_en"], row["name_zh"]) for row in read_csv("icdo3_topography.csv")}


@cache
def morphology() -> dict[tuple[str, str], MorphologyTerm]:
    """The listed terms by (histology, behaviour). Source: SEER. A code may be right without being listed."""
    return {
        (row["histology"], row["behaviour"]): MorphologyTerm(
            row["histology"],
            row["behaviour"],
            row["name_en"],
            tuple(row["synonyms_en"].split(" | ")) if row["synonyms_en"] else (),
        )
        for row in read_csv("icdo3_morphology.csv")
    }
