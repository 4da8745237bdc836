"""A rule: what it says, where and when it holds, on which clause, and the examples that are its tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any

from tonghu.rulebook.expressions import Node, Value

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Level(StrEnum):
    """What a finding asks for: an error must be mended, a warning explained, a rarity confirmed."""

    ERROR = "error"
    WARNING = "warning"
    CONFIRM = "confirm"

    @property
    def weight(self) -> int:
        """Higher is stricter."""
        return ("confirm", "warning", "error").index(self)


class Layer(IntEnum):
    """Whose rule it is; a lower layer refines the one above."""

    NATIONAL = 0
    PROVINCE = 1
    HOSPITAL = 2


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def filled(self, values: Mapping[str, object]) -> Words:
        """The text with each ``{name}`` replaced by its value; a missing value reads as “（空）”/“(empty)”."""

        def text(words: str, empty: str) -> str:
            def value(found: re.Match[str]) -> str:
                given = values.get(found[1])
                return empty if given is None else str(given)

            return PLACEHOLDER.sub(value, words)

        return Words(text(self.zh, "（空）"), text(self.en, "(empty)"))

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that the text wants filled in."""
        return frozenset(PLACEHOLDER.findall(self.zh + self.en))


@dataclass(frozen=True, slots=True)
class Example:
    """A record and the answer that the rule must give on it: finds, passes or unknown (then maybe for `missing`)."""

    verdict: str
    record: Mapping[str, Value]
    missing: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One version of one rule; ``finds`` is what makes a finding: ``when AND NOT must``, or ``when AND flag``.

    `at`: the fact (or member, for a rule over a collection) that a finding is put on. `when`, `must`, `flag` are the
    texts as written. `valid_to` is exclusive. `place`: region or hospital of a lower layer. `level` is None for a rule
    that sorts rather than judges (`outcome` says into what). `by`: ``condition``, or what else answers the rule (a
    field dictionary, a header, a count); such a rule never finds anything here, it lends its words, level and clause.
    """

    id: str
    version: int
    set: str
    schema: str
    file: str
    valid_from: date
    valid_to: date | None
    layer: Layer
    place: str | None
    fixed: bool
    level: Level | None
    outcome: str | None
    optional: bool
    layouts: frozenset[str] | None
    each: str
    params: Mapping[str, Value]
    when: str | None
    must: str | None
    flag: str | None
    by: str
    at: str
    clauses: tuple[str, ...]
    source: str
    verified: bool
    title: Words
    message: Words
    mend: Words | None
    reports: str
    examples: tuple[Example, ...] = field(repr=False)
    finds: Node = field(repr=False)

    def is_valid(self, day: date) -> bool:
        """Whether the rule holds on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def is_at(self, region: str | None, hospital: str | None) -> bool:
        """Whether the rule holds at a place: a region covers all codes that begin as it does (510000: 51xxxx)."""
        if self.layer is Layer.NATIONAL:
            return True
        if self.layer is Layer.HOSPITAL:
            return self.place == hospital
        return region is not None and self.place is not None and region.startswith(region_prefix(self.place))

    @property
    def meaning(self) -> tuple[Any, ...]:
        """All that decides what the rule finds; a lower layer may not touch it where the rule is fixed."""
        return (self.set, self.schema, self.each, self.at, self.layouts, self.outcome, self.optional, self.finds)


def region_prefix(code: str) -> str:
    """The digits that all codes within a region share: ``510000`` → ``51``, ``510100`` → ``5101``."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
