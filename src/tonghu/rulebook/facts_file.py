"""From a facts file to a :class:`~tonghu.rulebook.schema.Schema`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tonghu.rulebook import dictionaries
from tonghu.rulebook.expressions import BOOLEAN, INTEGER, MIXED, TYPES, Kind, Literal, Name, Node, Scope, Type
from tonghu.rulebook.parsing import literal, parse, parse_condition
from tonghu.rulebook.reading import check_keys, check_type
from tonghu.rulebook.rule_error import BadExpression, RuleError
from tonghu.rulebook.schema import (
    ORIGINS,
    UNREADABLE,
    Aggregate,
    Collection,
    Derived,
    Fact,
    Schema,
    Slot,
    member_scope,
    member_types,
)

_FILE = frozenset({"schema", "dictionary", "supplied", "derived", "collections"})
_SUPPLIED = frozenset({"name", "type", "by", "zh", "en", "repeat"})
_AGGREGATES = frozenset(Aggregate)
_DERIVED = frozenset({"name", "type", "zh", "en", "as", "over", "where", *Aggregate})
_COLLECTION = frozenset({"zh", "en", "exists", "slots", "values", "fields"})

SlotText = Mapping[str, str | Literal]


def read_schema(found: Mapping[str, Any], file: str) -> Schema:
    """The schema that a facts file declares. Raises RuleError naming the fact or collection and the reason."""
    where: str | None = None
    try:
        check_keys(found, frozenset({"schema"}), _FILE)
        by_layout = dictionaries.fields(found["dictionary"]) if "dictionary" in found else {}
        facts = dictionaries.facts(by_layout)
        for row in found.get("supplied", ()):
            where = row.get("name")
            for fact in _supplied(row):
                _refuse_taken(fact.name, facts)
                facts[fact.name] = fact
        collections = {}
        for where, row in found.get("collections", {}).items():
            collections[where] = _collection(where, row, facts, by_layout)
        derived: dict[str, Derived] = {}
        scope: Scope = {name: Name(name, fact.type) for name, fact in facts.items()}
        for row in found.get("derived", ()):
            where = row.get("name")
            _refuse_taken(where, facts | {name: one.fact for name, one in derived.items()})
            one = _derived(row, scope, collections)
            derived[where] = one
            scope = {**scope, where: Name(where, one.fact.type)}
        return Schema(found["schema"], file, facts, derived, collections)
    except BadExpression as bad:
        raise RuleError(file, where, bad.zh, bad.en) from None


def _refuse_taken(name: str, facts: Mapping[str, Fact]) -> None:
    if name in facts or name.endswith(UNREADABLE):
        raise BadExpression(f"名称“{name}”已被使用", f"the name “{name}” is taken")


def _supplied(row: Mapping[str, Any]) -> Iterator[Fact]:
    check_keys(row, frozenset({"name", "type", "zh", "en"}), _SUPPLIED)
    by = row.get("by", "record")
    if by not in ORIGINS:
        raise BadExpression(f"来源 by 应为 {'、'.join(ORIGINS)} 之一", f"by should be one of {', '.join(ORIGINS)}")
    for n in _numbers(row):
        name, zh, en = (str(row[key]).replace("{n}", n) for key in ("name", "zh", "en"))
        yield Fact(name, _type(row["type"]), zh, en, by)


def _type(word: str) -> Type:
    if word not in TYPES:
        raise BadExpression(f"没有类型“{word}”", f"there is no type “{word}”: {', '.join(TYPES)}")
    return TYPES[word]


def _numbers(row: Mapping[str, Any]) -> list[str]:
    return [str(n) for n in range(1, row["repeat"] + 1)] if "repeat" in row else [""]


def _collection(
    name: str, row: Mapping[str, Any], facts: Mapping[str, Fact], by_layout: dictionaries.FieldsByLayout
) -> Collection:
    check_keys(row, frozenset({"zh", "en"}), _COLLECTION)
    if name == "record":
        raise BadExpression("集合不可名为 record", "a collection cannot be called record")
    exists = row.get("exists", "any")
    if exists not in ("any", "always"):
        raise BadExpression("exists 应为 any 或 always", "exists should be any or always")
    known = {fact: facts[fact].type for fact in facts}
    texts, layouts = _slots(row, by_layout, known)
    members = {member: types[0] if len(types) == 1 else MIXED for member, types in member_types(texts, known).items()}
    slots = tuple(
        Slot(tuple(text.get(member) for member in members), only) for text, only in zip(texts, layouts, strict=True)
    )
    if not slots or any(not slot.facts for slot in slots):
        raise BadExpression("每个槽位至少应有一个事实", "every slot needs a fact")
    return Collection(name, row["zh"], row["en"], exists == "always", "slots" in row, members, slots)


def _slots(
    row: Mapping[str, Any], by_layout: dictionaries.FieldsByLayout, known: Mapping[str, Type]
) -> tuple[list[SlotText], list[frozenset[str] | None]]:
    """The slots as written, and for each the layouts that it is limited to beyond those of its facts."""
    if len({"slots", "values", "fields"} & row.keys()) != 1:
        raise BadExpression("应写 slots、values、fields 之一", "write one of slots, values, fields")
    if "fields" in row:
        selected = dictionaries.select(by_layout, row["fields"])
        return [{"value": name} for name in selected], list(selected.values())
    written = row["slots"] if "slots" in row else [{"value": name} for name in row["values"]]
    texts = [text for slot in written for text in _repeated(slot, known)]
    return texts, [None] * len(texts)


def _repeated(slot: Mapping[str, Any], known: Mapping[str, Type]) -> list[SlotText]:
    """One slot, or as many as ``repeat`` says. A member that only some of them have is left out of the others."""
    members = {member: value for member, value in slot.items() if member != "repeat"}
    texts = [{member: _member(value, n) for member, value in members.items()} for n in _numbers(slot)]
    for member, value in members.items():
        if all(isinstance(text[member], str) and text[member] not in known for text in texts):
            raise BadExpression(f"没有名为“{value}”的事实", f"there is no fact “{value}”")
    return [
        {member: value for member, value in text.items() if not isinstance(value, str) or value in known}
        for text in texts
    ]


def _member(value: object, number: str) -> str | Literal:
    """A member of a slot: a fact's name, or a constant written as a number or in SQL quotes."""
    if isinstance(value, int):
        return literal(value)
    text = str(value).replace("{n}", number)
    if text.lstrip("-").isdigit():
        return literal(int(text))
    if len(text) > 1 and text[0] == text[-1] == "'":
        return literal(text[1:-1].replace("''", "'"))
    return text


def _derived(row: Mapping[str, Any], scope: Scope, collections: Mapping[str, Collection]) -> Derived:
    check_keys(row, frozenset({"name", "type", "zh", "en"}), _DERIVED)
    fact = Fact(row["name"], _type(row["type"]), row["zh"], row["en"], "derived")
    aggregates = sorted(_AGGREGATES & row.keys())
    if ("as" in row) == bool(aggregates) or len(aggregates) > 1 or ("over" in row) != bool(aggregates):
        raise BadExpression(
            "导出事实应写 as，或 over 与一种汇总", "a derived fact has either as, or over and one aggregate"
        )
    if "as" in row:
        check_type("as", row["as"], str)
        expression = parse(row["as"], scope)
        return Derived(_typed(fact, expression.type), expression)
    collection = collections.get(row["over"])
    if collection is None:
        raise BadExpression(f"没有名为“{row['over']}”的集合", f"there is no collection “{row['over']}”")
    aggregate = Aggregate(aggregates[0])
    check_type(aggregate, row[aggregate], str)
    inner = member_scope(scope, collection.members)
    condition = aggregate in (Aggregate.COUNT, Aggregate.ANY)
    expression = (parse_condition if condition else parse)(row[aggregate], inner)
    where = parse_condition(row["where"], inner) if "where" in row else None
    fact = _typed(fact, _aggregate_type(aggregate, expression, len(collection.slots)))
    return Derived(fact, expression, collection.name, aggregate, where)


def _aggregate_type(aggregate: Aggregate, expression: Node, slots: int) -> Type:
    if aggregate in (Aggregate.COUNT, Aggregate.DISTINCT):
        return Type(INTEGER.kind, len(str(slots)))
    if aggregate is Aggregate.ANY:
        return BOOLEAN
    if aggregate is Aggregate.SUM:
        if not expression.type.is_number:
            raise BadExpression("sum 只能用于数", "only numbers can be summed up")
        return Type(expression.type.kind, expression.type.digits + len(str(slots)), expression.type.scale)
    return expression.type


def _typed(fact: Fact, found: Type) -> Fact:
    """The fact with the exact type of its expression, which must be of the kind that the file declares."""
    if found.kind is not fact.type.kind and found.kind is not Kind.NULL:
        raise BadExpression(
            f"声明为 {fact.type.kind}，而表达式为 {found.kind}",
            f"it is declared {fact.type.kind}, but its expression is {found.kind}",
        )
    type_ = found if found.kind is fact.type.kind else fact.type
    return Fact(fact.name, type_, fact.zh, fact.en, fact.by)
