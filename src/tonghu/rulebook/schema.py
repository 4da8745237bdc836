"""Facts: the names that rules may use, with their types, and the collections that quantify over them.

One record is wide: a named, typed value for each fact. A collection is a view on it: every *slot* names the facts
that stand for one occurrence's members (``code`` of slot 3 is ``other_diagnosis_3_code``). A rule over a collection is
asked of each occurrence; a derived fact may count or sum over one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from tonghu.rulebook.expressions import INTEGER, Literal, Name, Node, Scope, Type

#: Where a fact comes from. Rules that need a fact of the later ones wait until somebody supplies it.
ORIGINS = ("record", "run", "file", "card", "calendar", "list")

#: The suffix of the companion fact: TRUE where a cell had text that does not read as its type (the fact is NULL then).
UNREADABLE = "__unreadable"


@dataclass(frozen=True, slots=True)
class Fact:
    """A named, typed value of the record. `layouts`: where it exists; None: everywhere."""

    name: str
    type: Type
    zh: str
    en: str
    by: str = "record"
    layouts: frozenset[str] | None = None

    def is_in(self, layout: str | None) -> bool:
        """Whether records of this layout have the fact at all."""
        return layout is None or self.layouts is None or layout in self.layouts


class Aggregate(StrEnum):
    """How a derived fact sums a collection up. All but ``any`` leave NULLs out, as in SQL."""

    COUNT = "count"  # occurrences for which the condition is TRUE
    ANY = "any"  # TRUE for one, else unknown for one, else FALSE
    SUM = "sum"  # 0 over nothing
    MIN = "min"  # NULL over nothing
    MAX = "max"
    DISTINCT = "distinct"  # number of different values


@dataclass(frozen=True, slots=True)
class Derived:
    """A fact worked out from facts above it: by an expression, or (`over`) by summing up a collection.

    `where`: only the occurrences for which it is TRUE count.
    """

    fact: Fact
    expression: Node
    over: str | None = None
    aggregate: Aggregate | None = None
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a collection: for each member the fact that holds it, a constant, or None where there is none."""

    members: tuple[str | Literal | None, ...]
    layouts: frozenset[str] | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts of this slot."""
        return tuple(member for member in self.members if isinstance(member, str))


@dataclass(frozen=True)
class Collection:
    """Occurrences of one kind. With `always` every slot is one; else a slot is one when a fact of it is given.

    `sparse`: written as repeated slots, most of which are empty in most records.
    """

    name: str
    zh: str
    en: str
    always: bool
    sparse: bool
    members: Mapping[str, Type]
    slots: tuple[Slot, ...]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Each member's place in a slot."""
        return {member: place for place, member in enumerate(self.members)}


@dataclass(frozen=True)
class Schema:
    """Everything that rules of one kind may speak of."""

    name: str
    file: str
    facts: Mapping[str, Fact]
    derived: Mapping[str, Derived]
    collections: Mapping[str, Collection]
    _slots: dict[tuple[str, str | None], tuple[tuple[int, Slot], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def record_scope(self) -> Scope:
        """Names that a rule on the record may use."""
        plain: dict[str, Node] = {name: Name(name, fact.type) for name, fact in self.facts.items()}
        return plain | {name: Name(name, derived.fact.type) for name, derived in self.derived.items()}

    @cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """Names that a rule may use, by its ``each``: members first, then the record's facts."""
        return {"record": self.record_scope} | {
            name: member_scope(self.record_scope, collection.members) for name, collection in self.collections.items()
        }

    def fact(self, name: str) -> Fact:
        """The fact or derived fact of that name."""
        return self.facts.get(name) or self.derived[name].fact

    def slots(self, collection: str, layout: str | None) -> tuple[tuple[int, Slot], ...]:
        """The slots that records of a layout have, with their numbers; members that they lack are None."""
        if (collection, layout) not in self._slots:
            self._slots[collection, layout] = tuple(self._slots_of(collection, layout))
        return self._slots[collection, layout]

    def _slots_of(self, collection: str, layout: str | None) -> Iterator[tuple[int, Slot]]:
        for number, slot in enumerate(self.collections[collection].slots):
            if layout is not None and slot.layouts is not None and layout not in slot.layouts:
                continue
            members = tuple(
                None if isinstance(member, str) and not self.fact(member).is_in(layout) else member
                for member in slot.members
            )
            if any(isinstance(member, str) for member in members):
                yield number, Slot(members, slot.layouts)


def member_scope(record: Scope, members: Mapping[str, Type]) -> Scope:
    """The scope of an occurrence: its members hide facts of the same name."""
    return {**record, **{name: Name(name, type_, member=True) for name, type_ in members.items()}}


def member_types(slots: Iterable[Mapping[str, str | Literal]], facts: Mapping[str, Type]) -> dict[str, list[Type]]:
    """For each member the different types that its slots give it, in order of appearance."""
    found: dict[str, list[Type]] = {}
    for slot in slots:
        for member, value in slot.items():
            # A position is written 0, 10, 40: one kind of number however many digits each has.
            type_ = facts[value] if isinstance(value, str) else _constant_type(value)
            types = found.setdefault(member, [])
            if type_ not in types:
                types.append(type_)
    return found


def _constant_type(value: Literal) -> Type:
    return Type(INTEGER.kind, 9) if value.type.kind is INTEGER.kind else value.type


def put_on(members: Sequence[str | Literal | None], at: int) -> str:
    """The fact that a finding on a slot is put on: that of the member `at`, or the slot's first where it has none."""
    fact = members[at]
    return fact if isinstance(fact, str) else next(member for member in members if isinstance(member, str))


def member_names(collection: Collection, members: Sequence[str | Literal | None]) -> tuple[str, ...]:
    """What a missing member is called: the fact that holds it, or ``collection.member`` where none does."""
    return tuple(
        fact if isinstance(fact, str) else f"{collection.name}.{member}"
        for member, fact in zip(collection.members, members, strict=True)
    )
