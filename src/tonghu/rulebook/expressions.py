"""The middle of the engine: what a condition *is*, whatever text it came from and whoever runs it.

A condition is a small frozen tree of three kinds of node, each with a type. The parser makes it, every executor reads
it, and none of them knows any other thing about the rule language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

#: What a fact or a literal may be in Python. ``None`` is SQL's NULL: not known.
Value = str | int | Decimal | date | datetime | bool | None


class Kind(StrEnum):
    """The kinds of value that the language knows."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    #: A member whose facts are of several kinds: only ``given`` and ``is null`` may be asked of it.
    MIXED = "mixed"
    #: The bare literal ``null``.
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, and for numbers the most digits in all and behind the point, so that no sum can overflow unseen."""

    kind: Kind
    digits: int = 0
    scale: int = 0

    @property
    def is_number(self) -> bool:
        """Whether it can be calculated with."""
        return self.kind is Kind.INTEGER or self.kind is Kind.DECIMAL

    @property
    def is_day(self) -> bool:
        """Whether it is a date, with a time or without."""
        return self.kind is Kind.DATE or self.kind is Kind.DATETIME


TEXT = Type(Kind.TEXT)
INTEGER = Type(Kind.INTEGER, 19)
DECIMAL = Type(Kind.DECIMAL, 18, 2)
DATE = Type(Kind.DATE)
DATETIME = Type(Kind.DATETIME)
BOOLEAN = Type(Kind.BOOLEAN)
MIXED = Type(Kind.MIXED)
NULL = Type(Kind.NULL)

#: The type behind each word that a facts file may write.
TYPES: dict[str, Type] = {
    "text": TEXT,
    "integer": INTEGER,
    "decimal": DECIMAL,
    "date": DATE,
    "datetime": DATETIME,
    "boolean": BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the rule, or put there by a parameter."""

    value: Value
    type: Type


@dataclass(frozen=True, slots=True)
class Name:
    """A fact of the record, or (``member``) a member of the occurrence at hand."""

    name: str
    type: Type
    member: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function over arguments. ``op`` is a key of the tables in :mod:`tonghu.rulebook.language`."""

    op: str
    args: tuple[Node, ...]
    type: Type


Node = Literal | Name | Call

#: What the names in an expression mean: a fact, a member, or a derived member, which stands for its own expression.
Scope = Mapping[str, Node]

TRUE, FALSE = Literal(True, BOOLEAN), Literal(False, BOOLEAN)


def names(node: Node) -> Iterator[Name]:
    """Every name read anywhere in `node`, repeats included."""
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Call):
        for arg in node.args:
            yield from names(arg)


def conjunction(first: Node, second: Node) -> Node:
    """``first AND second``, without the node when one of them is plainly TRUE."""
    if first == TRUE:
        return second
    return first if second == TRUE else Call("and", (first, second), BOOLEAN)


def negation(node: Node) -> Node:
    """``NOT node``."""
    return Call("not", (node,), BOOLEAN)


def conjuncts(node: Node) -> Iterator[Node]:
    """The parts of `node` that must all be TRUE for it to be TRUE."""
    if isinstance(node, Call) and node.op == "and":
        for arg in node.args:
            yield from conjuncts(arg)
    else:
        yield node
