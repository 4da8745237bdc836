"""The supplement of the card: which items there are, as dated data (``supplement.yaml``), and how one reads a value.

An item's values are texts like those of the front page; what cannot be read as its kind is a finding, never an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from django.utils import timezone
from django.utils.translation import get_language

from tonghu.codes import hqms_fields
from tonghu.codes.bad_code import BadCode
from tonghu.codes.dates import read_date
from tonghu.codes.icdo import Morphology
from tonghu.codes.text import clean, halfwidth
from tonghu.hqms.iccc import NO_TUMOUR
from tonghu.platform.dated import MARKS, Setting, settings

FILE: Final = Path(__file__).with_name("supplement.yaml")
STAGES: Final = Path(__file__).with_name("stages.yaml")
#: What ``choices_of`` says of a choice whose values are the stages.
STAGES_CHOICES: Final = "stages"
#: For which cards an item is meant.
For = Literal["tumour", "death", "all"]
#: The disposition of who died (RC019).
DIED: Final = "5"
#: Kinds of items: a text is whatever is written, a date and a choice are read.
KINDS: Final = ("text", "date", "choice")
#: What a field of the front page gives: its code, or a part of its morphology code.
PARTS: Final = ("", "morphology", "behaviour")


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice."""

    code: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """What it is called in the reader's language."""
        return self.en if _english() else self.zh


@dataclass(frozen=True, slots=True)
class FromPage:
    """What of a front page's field fills an item.

    Attributes:
        field: the field's name.
        part: ``morphology`` or ``behaviour`` of a morphology code (M98210/3); '' where the field holds a code itself.
        codes: the codes that mean the same in both; of a morphology code its behaviours. Any other fills nothing.
        source, verified: on whose word.
    """

    field: str
    part: str
    codes: frozenset[str]
    source: str
    verified: str

    def read(self, text: str) -> str:
        """Return what a text on the page says of the item, '' for nothing."""
        plain = halfwidth(clean(text) or "")
        if not self.part:
            return plain if plain in self.codes else ""
        try:
            code = Morphology.parse(plain)
        except BadCode:
            return ""
        # Without its M or fifth digit nobody knows of which list the number is: ICD-O-2, as the page's, or ICD-O-3.
        if not code.from_m_code or code.behaviour not in self.codes:
            return ""
        return code.behaviour if self.part == "behaviour" else str(code)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the supplement.

    Attributes:
        name: its stable name, that of the fact in rules too.
        kind: one of :data:`KINDS`.
        zh, en, help_zh, help_en: label and help.
        options: of a choice, its values.
        choices_of: where these stand in a file of their own, which: ``stages``; else ''.
        list_id: the code list behind a text, '' for none.
        limit: the most characters that it takes, None for a date.
        meant_for: for which cards.
        asked: whether it counts as still to be supplemented while it is blank.
        from_page: what of the front page fills it, None where nothing does.
        valid_from, clauses, source, verified: since when, and on whose word.
    """

    name: str
    kind: str
    zh: str
    en: str
    help_zh: str
    help_en: str
    options: tuple[Option, ...]
    choices_of: str
    list_id: str
    limit: int | None
    meant_for: For
    asked: bool
    from_page: FromPage | None
    valid_from: date
    clauses: tuple[str, ...]
    source: str
    verified: str

    @property
    def label(self) -> str:
        """What it is called in the reader's language."""
        return self.en if _english() else self.zh

    @property
    def help(self) -> str:
        """How to fill it in, in the reader's language; '' where nothing is to be said."""
        return self.help_en if _english() else self.help_zh

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Of a choice: code and label in the reader's language."""
        return tuple((option.code, option.label) for option in self.options)

    def read(self, text: str) -> tuple[str | date | None, str]:
        """Return the value that a text says, and how it should be written ('' where it is right, or nobody knows)."""
        written = clean(text)
        if written is None:
            return None, ""
        plain = halfwidth(written)
        if self.kind == "date":
            reading = read_date(written)
            right = reading.value.isoformat() if reading.value else ""
            return reading.value, right if right != written and reading.note else ""
        if self.kind == "choice":
            codes = {option.code for option in self.options}
            named = [option.code for option in self.options if written in (option.zh, option.en)]
            meant = plain if plain in codes else named[0] if len(named) == 1 else None
            return meant, meant if meant and meant != written else ""
        return (plain if self.list_id else written), ""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of one disease.

    Attributes:
        subgroups: the ICCC-3 subgroups that they are for; `sex` where one subgroup has two systems, else ''.
        options: the stages, by codes such as ``NB:L1``.
    """

    code: str
    zh: str
    en: str
    subgroups: frozenset[str]
    sex: str
    options: tuple[Option, ...]


@cache
def items_on(day: date) -> tuple[Item, ...]:
    """Return the items that hold on a day, in the order of the file.

    Raises:
        ValueError: the file says something that cannot be.
    """
    held: dict[str, Setting] = {}
    for setting in settings(FILE):
        if setting.valid_from <= day:
            held[setting.name] = setting
    return tuple(_item(setting) for setting in held.values())


def items() -> tuple[Item, ...]:
    """Return the items that hold today, in the order of the file."""
    return items_on(timezone.localdate())


def lacking(supplement: Mapping[str, str], *, scope_group: str, died: bool, day: date) -> list[Item]:
    """Return the items that are still to be supplemented on a card: asked for such a card, and blank.

    Args:
        scope_group: the group that brought the stay into scope, '' for none.
        died: whether the stay ended with death.
    """
    meant = {"all": True, "tumour": bool(scope_group) and scope_group not in NO_TUMOUR, "death": died}
    return [
        one for one in items_on(day) if one.asked and meant[one.meant_for] and not supplement.get(one.name, "").strip()
    ]


@cache
def _by_name(day: date) -> dict[str, Item]:
    return {item.name: item for item in items_on(day)}


def item(name: str, day: date | None = None) -> Item | None:
    """Return the item of a name on a day (default: today), None where there is none."""
    return _by_name(day or timezone.localdate()).get(name)


@cache
def stages() -> tuple[Stages, ...]:
    """Return every system of stages."""
    data = yaml.safe_load(STAGES.read_text(encoding="utf-8"))
    return tuple(
        Stages(
            code=one["code"],
            zh=one["zh"],
            en=one["en"],
            subgroups=frozenset(one["subgroups"]),
            sex=one.get("sex", ""),
            options=tuple(Option(f"{one['code']}:{code}", zh, en) for code, (zh, en) in one["stages"].items()),
        )
        for one in data["systems"]
    )


def stages_for(subgroup: str, sex: str = "") -> list[Stages]:
    """Return the systems of stages that fit a child: by the ICCC-3 subgroup, and by the sex where it is known."""
    found = [one for one in stages() if subgroup in one.subgroups]
    return [one for one in found if one.sex in ("", sex)] or found


def stages_of(subgroup: str, sex: str = "") -> Stages | None:
    """Return the stages of a disease by its ICCC-3 subgroup, None where it has none."""
    fitting = [one for one in stages() if subgroup in one.subgroups and one.sex in ("", sex)]
    return fitting[0] if len(fitting) == 1 else None


def _item(setting: Setting) -> Item:
    said = dict(setting.values)
    choices_of = said.pop("choices_of", "")
    made = Item(
        name=setting.name,
        kind=said.pop("kind"),
        zh=said.pop("zh"),
        en=said.pop("en"),
        help_zh=said.pop("help_zh", ""),
        help_en=said.pop("help_en", ""),
        options=tuple(Option(**one) for one in said.pop("choices", ())) or _choices_of(choices_of),
        choices_of=choices_of,
        list_id=said.pop("list", ""),
        limit=said.pop("limit", None),
        meant_for=said.pop("for"),
        asked=said.pop("asked", False),
        from_page=_from_page(said.pop("from_page", None)),
        valid_from=setting.valid_from,
        clauses=tuple(said.pop("clauses")),
        source=setting.source,
        verified=setting.verified,
    )
    wrong = made.kind not in KINDS or (made.kind == "choice") != bool(made.options)
    if said or wrong or (made.from_page and not _can_be_filled(made, made.from_page)):
        raise ValueError(f"{FILE.name}: {setting.name} cannot be read ({', '.join(said) or made.kind})")
    return made


def _from_page(said: dict[str, Any] | None) -> FromPage | None:
    return FromPage(**{"part": "", **said, "codes": frozenset(said["codes"])}) if said else None


def _can_be_filled(item: Item, by: FromPage) -> bool:
    """Whether the field is one of a front page, and what it gives is what the item takes."""
    known = any(by.field in hqms_fields.layout(layout).by_name for layout in hqms_fields.LAYOUTS)
    whole = by.part == "morphology"
    fits = item.list_id == "morphology" if whole else by.codes <= {option.code for option in item.options}
    return known and fits and by.part in PARTS and by.verified in MARKS and item.meant_for != "death"


def _choices_of(what: str) -> tuple[Option, ...]:
    """The values of a choice that stand in a file of their own: the stages, each with its disease."""
    if what != STAGES_CHOICES:
        return ()
    return tuple(
        Option(option.code, f"{system.zh}：{option.zh}", f"{system.en}: {option.en}")
        for system in stages()
        for option in system.options
    )


def _english() -> bool:
    return (get_language() or "zh").startswith("en")
