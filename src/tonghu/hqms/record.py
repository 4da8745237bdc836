"""One record against all rules, in process: for a form while it is filled in, and for messages as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Final

from tonghu.codes import hqms_fields
from tonghu.codes.hqms_fields import Field, Layout
from tonghu.hqms import casting, fields, words
from tonghu.hqms.judge import SET, answered_elsewhere, entry, said
from tonghu.rulebook import Rule, RuleSet, packaged
from tonghu.rulebook.expressions import Literal, Name, Node
from tonghu.rulebook.lean_executor import finding_judge
from tonghu.rulebook.python_executor import UNKNOWN, Answer, Judge
from tonghu.rulebook.schema import UNREADABLE


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule finds in one record. `column` is the field's code in the record's layout, empty for none.

    `version` is the rule's; `reads` names the facts on which the finding rests, the one that it is put on included.
    """

    column: str
    fact: str
    rule: str
    level: str
    value: str | None
    message_zh: str
    message_en: str
    version: int = 1
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Missing:
    """A field without a value that rules wait for, and which rules those are."""

    column: str
    fact: str
    rules: tuple[str, ...]


#: What a report card knows beside the front page, typed, by name: facts `by: card`, and those `by: file` that compare
#: it with other cards.
Card = Mapping[str, casting.Value]
#: The rules that are asked of a report card only.
CARD_SET: Final = "registry.card"


def check(
    raw: Mapping[str, str], layout: str, on: date, region: str | None = None, card: Card | None = None
) -> list[Finding]:
    """The findings on one record by field, then rule.

    `raw` maps field codes of `layout` (``2012``: P900…, ``2020``: A01…) to texts as a file would hold them; a code
    that is absent is an empty cell. `on` picks the rules and is "today" in them. Rules that compare stays, or wait
    for a list, do not answer here; with `card`, those that wait for the report card do, and the card's own rules:
    such a finding's `column` may be a fact of the card. Raises BadCode for an unknown layout.
    """
    return _checker(layout, on, region, card is not None).check(raw, on, card or {})


def check_of_card(
    raw: Mapping[str, str], layout: str, on: date, region: str | None = None, card: Card | None = None
) -> list[Finding]:
    """Of :func:`check` with a card only what reads a fact of the card.

    For rows whose front page is checked elsewhere, in a few microseconds each while little is known of the card:
    ``check(raw)`` and this, together, find what ``check(raw, card=card)`` does.
    """
    known = card or {}
    return _checker(layout, on, region, True, frozenset(known)).check(raw, on, known)


def missing(
    raw: Mapping[str, str], layout: str, on: date, region: str | None = None, card: Card | None = None
) -> list[Missing]:
    """The empty fields of one record on which rules cannot decide, by field; arguments as for :func:`check`.

    A rule that finds an empty field says so itself; here are those that find nothing as long as they do not know.
    """
    return _checker(layout, on, region, card is not None).missing(raw, on, card or {})


def warm(on: date) -> None:
    """Compile the rules of every layout that hold on a day, so that the first check need not wait for it."""
    for layout in hqms_fields.LAYOUTS:
        check({}, layout, on)
        missing({}, layout, on)


def rules(layout: str, on: date, region: str | None = None) -> RuleSet:
    """The rules that :func:`check` asks of a card on a day and at a place. Raises BadCode for an unknown layout."""
    hqms_fields.layout(layout)
    return packaged("registry").on(on, region, [SET, CARD_SET], layout)


#: Compiled once for the rules of a layout, however many days they hold: there are as many as the rule book has changes.
_checkers: Final[dict[tuple[object, ...], _Checker]] = {}


@lru_cache(maxsize=512)  # the rules of a day and a place are chosen once
def _checker(
    layout: str, on: date, region: str | None, with_card: bool = False, card_alone: frozenset[str] | None = None
) -> _Checker:
    """The rules of a layout; with `card_alone` those that read a fact of a card of which only these are known."""
    dictionary = hqms_fields.layout(layout)
    rules = packaged("registry").on(on, region, [SET, CARD_SET] if with_card else [SET], layout)
    key = (layout, with_card, card_alone, *((rule.id, rule.version, rule.file) for rule in rules.rules))
    held = _checkers.get(key)
    if held is None:
        of_card = frozenset(name for name, fact in rules.schema.facts.items() if fact.by == "card")
        if card_alone is not None:
            blank = of_card - card_alone
            chosen = (rule for rule in rules.rules if _finds_on_card(rule, rules, of_card, blank))
            rules = replace(rules, rules=tuple(chosen))
        held = _checkers[key] = _Checker(
            dictionary, rules, of_card if with_card else frozenset(), card_alone is not None
        )
    return held


def _finds_on_card(rule: Rule, rules: RuleSet, of_card: frozenset[str], blank: frozenset[str]) -> bool:
    """Whether a rule reads facts of the card and may find something while these of them are blank."""
    return bool(rules.facts_read[rule.id] & of_card) and _can_be(rule.finds, True, blank)


def _can_be(node: Node, wanted: bool, blank: frozenset[str]) -> bool:
    """Whether a condition may come out so on some page while some facts are blank; SQL's NULL is neither."""
    if isinstance(node, Literal):
        return node.value is wanted
    if isinstance(node, Name):
        return node.name not in blank
    match node.op:
        case "not":
            return _can_be(node.args[0], not wanted, blank)
        case "and" | "or":
            each = (_can_be(part, wanted, blank) for part in node.args)
            return all(each) if (node.op == "and") is wanted else any(each)
        case "given" if _is_null(node.args[0], blank):
            return not wanted
        case "is null" if _is_null(node.args[0], blank):
            return wanted
    return not _is_null(node, blank)


def _is_null(node: Node, blank: frozenset[str]) -> bool:
    """Whether a value is surely NULL while some facts are blank: functions and comparisons pass NULL on."""
    if isinstance(node, Name):
        return node.name in blank
    if isinstance(node, Literal) or node.op in ("and", "or", "not", "given", "is null", "case", "coalesce"):
        return False
    return any(_is_null(arg, blank) for arg in node.args)


class _Checker:
    """The rules of a layout, compiled once."""

    def __init__(
        self, dictionary: Layout, rules: RuleSet, of_card: frozenset[str] = frozenset(), card_alone: bool = False
    ) -> None:
        self.layout = dictionary.id
        self.of_card = of_card
        self.dictionary: Mapping[str, Rule] = answered_elsewhere(rules.rules)
        self.rules = rules
        self.words = words.OfRecord(rules)
        read = frozenset().union(*rules.facts_read.values()) if card_alone else dictionary.by_name
        self.fields: Mapping[str, Field] = {field.code: field for field in dictionary.fields if field.name in read}
        self.by_name = dictionary.by_name
        compared = {name for name, fact in rules.schema.facts.items() if of_card and fact.by == "file"}
        self.known = {*dictionary.by_name, *of_card, *compared, "today", "layout"}
        self.judge: Judge = finding_judge(rules, self.known)
        self.order = {field.name: field.seq for field in dictionary.fields}

    def check(self, raw: Mapping[str, str], on: date, card: Card) -> list[Finding]:
        """See :func:`check`."""
        facts: dict[str, casting.Value | bool] = {**card, "today": on, "layout": self.layout}
        found: list[Finding] = []
        for code, field, text, value, note in self._cells(raw):
            if not _know(facts, field, value, note):
                continue
            for rule_id, told in fields.of_reading(field, text, value, note):
                if rule_id in self.dictionary:
                    rule = self.dictionary[rule_id]
                    said_so = (code, field.name, rule.reports, str(rule.level), text, told.zh, told.en)
                    found.append(Finding(*said_so, rule.version, frozenset({field.name})))
        found += [self._finding(answer, raw, facts) for answer in self.judge(facts)]
        return sorted(found, key=lambda one: (self._place(one.fact), one.rule))

    def _cells(self, raw: Mapping[str, str]) -> Iterator[tuple[str, Field, str, casting.Value | None, str | None]]:
        """The cells of the layout that are not empty: code, field, text, value, and a note where none can be read."""
        for code, text in raw.items():
            field = self.fields.get(code)
            if field is not None and text:
                yield code, field, text, *casting.cell(field, text)

    @cached_property
    def _whole(self) -> Judge:
        """The judge that also says what it does not know; it takes a while to compile, and files do not need it."""
        return self.rules.for_record(self.known)

    def missing(self, raw: Mapping[str, str], on: date, card: Card) -> list[Missing]:
        """See :func:`missing`."""
        facts: dict[str, casting.Value | bool] = {**card, "today": on, "layout": self.layout}
        for _code, field, _text, value, note in self._cells(raw):
            _know(facts, field, value, note)
        waiting: dict[str, dict[str, None]] = {}
        for answer in self._whole(facts):
            if answer.verdict == UNKNOWN:
                for name in answer.missing:
                    # An unreadable value is a finding of its own; a fact of the batch is not the form's to give.
                    if (name in self.by_name or name in self.of_card) and name + UNREADABLE not in facts:
                        waiting.setdefault(name, {})[answer.rule.reports] = None
        ordered = sorted(waiting, key=self._place)
        return [Missing(self._column(name), name, tuple(waiting[name])) for name in ordered]

    def _place(self, fact: str) -> int:
        """Where a fact stands in the order: what is of the whole record first, then the page, then the card."""
        return self.order.get(fact, len(self.order) + 1 if fact in self.of_card else 0)

    def _column(self, fact: str) -> str:
        """The field's code, the name of a fact of the card, or nothing."""
        field = self.by_name.get(fact)
        return field.code if field else fact if fact in self.of_card else ""

    def _finding(self, answer: Answer, raw: Mapping[str, str], facts: Mapping[str, casting.Value | bool]) -> Finding:
        rule = answer.rule
        column = self._column(answer.fact)
        wanted, known = words.sources(rule, answer.fact, self.rules.schema)
        told = said(rule, {**known, **self.words.of(wanted, facts)} if wanted else known)
        shown = entry(rule)
        reads = self.rules.facts_read[rule.id] | {answer.fact}
        value = raw.get(column) or None
        return Finding(column, answer.fact, shown.id, shown.level, value, told.zh, told.en, rule.version, reads)


def _know(facts: dict[str, casting.Value | bool], field: Field, value: casting.Value | None, note: str | None) -> bool:
    """Put a cell among the facts; False where there is nothing in it."""
    if value is not None:
        facts[field.name] = value
    elif note is not None:
        facts[field.name + UNREADABLE] = True
    return value is not None or note is not None
