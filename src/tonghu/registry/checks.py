"""What rules find on a card: the front page by the rules of a file's check, the supplement by the card's own and by the
edits of registries.

All of it is worked out in process from one content, in a millisecond or two: while a clerk types, at saving, at
display. What is stored (``Finding``) is which rule found something where; the words are always made here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final

from tonghu.codes import hqms_fields
from tonghu.hqms import mends, record, stay
from tonghu.hqms.casting import Value
from tonghu.registry import card_facts
from tonghu.registry.content import Content
from tonghu.registry.supplement import DIED, Item, items_on, lacking
from tonghu.registry.tumour_words import said, site_as_written

#: So many proposals are worked out for one card; a page with more findings has other troubles.
MOST_PROPOSED: Final = 200


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


def check(
    content: Content, on: date, region: str | None = None, among: Mapping[str, Value] | None = None
) -> list[Found]:
    """Return what the rules of a day and a place find on a card, in the order of the fields.

    Args:
        among: the facts that compare it with other cards (``services.comparing``); without them those rules are silent.

    Raises:
        BadCode: there is no such layout.
    """
    known = card_facts.of(content, on, region)
    found = record.check(content.front, content.layout, on, region, {**known, **(among or {})})
    page = _with_mends(content, on, list(_of_page(content, found, known.get("topography"))))
    return once([*page, *_of_items(content, on), *_of_tumour(content, known, on)])


def check_of_card(content: Content, on: date, region: str | None = None) -> list[Found]:
    """Return what the card's rules find on a new card whose supplement is what its page says of it.

    A file's check does not ask them; with its findings these are what :func:`check` finds on the new card. For imports:
    some ten microseconds a row.

    Raises:
        BadCode: there is no such layout.
    """
    known = _typed(tuple(content.supplement.items()), on) if content.supplement else None
    found = record.check_of_card(content.front, content.layout, on, region, known)
    return once(_of_page(content, found)) if found else []


@lru_cache(maxsize=4_096)  # rows of one file say few different things of it
def _typed(supplement: tuple[tuple[str, str], ...], on: date) -> Mapping[str, Value]:
    return card_facts.of_items(dict(supplement), on)


def proposed(rule: str, content: Content, column: str, on: date) -> str | None:
    """Return what a rule that finds something on a field would put there; None where that is not certain."""
    field = hqms_fields.layout(content.layout).by_code.get(column)
    text = content.value(column)
    if field is None or not text:
        return None
    return mends.propose(rule, field, text, {**stay.read(content.front, content.layout), "today": on})


def rules_key(layout: str, on: date, region: str | None = None) -> str:
    """Return a key of the rules that :func:`check` asks on a day and at a place; other rules have another.

    Raises:
        BadCode: there is no such layout.
    """
    return _rules_key(layout, on, region)


@cache
def _rules_key(layout: str, on: date, region: str | None) -> str:
    from tonghu.tumours.checks import rules

    chosen = (*record.rules(layout, on, region).rules, *rules(on=on).rules)
    asked = [f"{rule.id} {rule.version} {rule.level} {rule.layer} {rule.place}" for rule in chosen]
    asked += [f"{item.name} {item.kind} {item.asked} {item.valid_from}" for item in items_on(on)]
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]


def missing(content: Content, on: date, region: str | None = None) -> list[record.Missing]:
    """Return the blank fields and items on which rules cannot decide.

    Raises:
        BadCode: there is no such layout.
    """
    names = {item.name for item in items_on(on)} | hqms_fields.layout(content.layout).by_name.keys()
    waiting = record.missing(content.front, content.layout, on, region, card_facts.of(content, on, region))
    return [one for one in waiting if one.fact in names]


def warm(on: date) -> None:
    """Compile what cards are asked on a day, in every layout: the first card that is opened need not wait for it."""
    for layout in hqms_fields.LAYOUTS:
        check(Content(layout), on)
        missing(Content(layout), on)


def to_supplement(content: Content, scope_group: str, on: date) -> list[Item]:
    """Return the items that are still to be supplemented on a card: asked for such a card, and blank.

    Args:
        scope_group: the card's, see ``summary``.
    """
    died = stay.read(content.front, content.layout).get("discharge_disposition") == DIED
    return lacking(content.supplement, scope_group=scope_group, died=died, day=on)


def once(found: Iterable[Found]) -> list[Found]:
    """Return findings without those that say the same of the same place again."""
    return list({one.at: one for one in reversed(list(found))}.values())[::-1]


def _of_page(content: Content, found: Iterable[record.Finding], site: Value | None = None) -> Iterator[Found]:
    """What the rules of records found, in the codes of the layout; `site`: the tumour's, as the rules read it."""
    codes = {field.name: field.code for field in hqms_fields.layout(content.layout).fields}
    behind = card_facts.BEHIND
    for one in found:
        zh, en = one.message_zh, one.message_en
        if site and "topography" in one.reads:
            zh, en = (site_as_written(text, site, content.supplement) for text in (zh, en))
        yield Found(
            rule=one.rule, rule_version=one.version, level=one.level, column=one.column,
            value=content.value(one.column) or None, message_zh=zh, message_en=en,
            reads=frozenset(codes.get(fact, fact) for read in one.reads for fact in behind.get(read, (read,))),
        )  # fmt: skip


def _with_mends(content: Content, on: date, found: list[Found]) -> list[Found]:
    wanted = [one for one in found if one.rule in mends.RULES and one.value]
    if not wanted:
        return found
    layout = hqms_fields.layout(content.layout)
    facts = {**stay.read(content.front, content.layout), "today": on}
    proposed = {
        one.at: mends.propose(one.rule, layout.by_code[one.column], one.value or "", facts)
        for one in wanted[:MOST_PROPOSED]
        if one.column in layout.by_code
    }
    return [replace(one, mend=proposed[one.at]) if proposed.get(one.at) else one for one in found]


def _of_items(content: Content, on: date) -> Iterator[Found]:
    for name, rule, zh, en, right in card_facts.unread(content, on):
        yield Found(
            rule=rule, rule_version=1, level="error", column=name, value=content.supplement[name], message_zh=zh,
            message_en=en, reads=frozenset({name}), mend=right,
        )  # fmt: skip


def _of_tumour(content: Content, known: Mapping[str, Any], on: date) -> Iterator[Found]:
    from tonghu.tumours.checks import facts_of

    cells = card_facts.tumour(content, known)
    if cells is None:
        return
    tumour = facts_of(cells)
    rules, judge = _edits(on)
    names = hqms_fields.layout(content.layout).by_name
    for answer in judge(tumour):
        told = said(answer.rule, tumour, content.supplement)
        read = {part for fact in rules.facts_read[answer.rule.id] for part in _parts(fact)}
        given = (name for name in card_facts.TUMOUR if name in read and content.supplement.get(name))
        column = next(given, "topography")
        yield Found(
            rule=told.check, rule_version=answer.rule.version, level=told.level, column=column,
            value=content.supplement.get(column), message_zh=told.message_zh, message_en=told.message_en,
            reads=frozenset(names[card_facts.OF_PAGE[one]].code if one in card_facts.OF_PAGE else one for one in read),
        )  # fmt: skip


def _parts(fact: str) -> tuple[str, ...]:
    """The items behind a fact of a tumour."""
    return ("histology", "behaviour") if fact == "morphology" else (fact,)


@cache
def _edits(on: date) -> tuple[Any, Any]:
    from tonghu.rulebook.lean_executor import finding_judge
    from tonghu.tumours.checks import rules

    chosen = rules(on=on)
    return chosen, finding_judge(chosen)
