"""What rules find on a card: the front page by the rules of a file's check.

All of it is worked out in process from one content, in a few milliseconds: while a clerk types, at saving, at display.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tonghu.codes import hqms_fields
from tonghu.hqms import record
from tonghu.registry.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one rule finds on a card.

    Attributes:
        rule, rule_version, level: as in the rulebook; the level is error, warning or confirm.
        column: the field's code in the card's layout, or a supplement item; '' for the whole card.
        value: what is written there; None where nothing is.
        message_zh, message_en: what is wrong and how to mend it.
        reads: the fields and items on which the finding rests. While none of them changes, an override stands.
        mend: the text that would certainly be right, where a rule knows it.
    """

    rule: str
    rule_version: int
    level: str
    column: str
    value: str | None
    message_zh: str
    message_en: str
    reads: frozenset[str] = frozenset()
    mend: str | None = None

    @property
    def at(self) -> tuple[str, str]:
        """Rule and column: no two findings of a card share both."""
        return self.rule, self.column


def check(content: Content, on: date, region: str | None = None) -> list[Found]:
    """Return what the rules of a day and a place find on a card, in the order of the fields.

    Raises:
        BadCode: there is no such layout.
    """
    codes = {field.name: field.code for field in hqms_fields.layout(content.layout).fields}
    found = [
        Found(
            rule=one.rule, rule_version=one.version, level=one.level, column=one.column, value=one.value,
            message_zh=one.message_zh, message_en=one.message_en,
            reads=frozenset(codes.get(fact, fact) for fact in one.reads),
        )
        for one in record.check(content.front, content.layout, on, region)
    ]  # fmt: skip
    return once(found)


def missing(content: Content, on: date, region: str | None = None) -> list[record.Missing]:
    """Return the empty fields on which rules cannot decide.

    Raises:
        BadCode: there is no such layout.
    """
    return record.missing(content.front, content.layout, on, region)


def once(found: Iterable[Found]) -> list[Found]:
    """Return findings without those that say the same of the same place again."""
    return list({one.at: one for one in reversed(list(found))}.values())[::-1]
