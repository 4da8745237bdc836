"""The long relation of a collection: a row for each occurrence that is there, and what its codes answer.

A file of a million records has some hundred different codes. What a condition asks of a code alone (its key, whether
it is in a list) is therefore answered once for each different code, and occurrences find the answers by a join.
"""

# ruff: noqa: S608 -- SQL is what this module writes, from checked trees and names, never from a user's text

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from tonghu.rulebook import language
from tonghu.rulebook.columns import Columns, column, column_type
from tonghu.rulebook.expressions import TEXT, Call, Literal, Name, Node, names
from tonghu.rulebook.schema import Collection
from tonghu.rulebook.sql_text import DUCKDB, sql


@dataclass(frozen=True)
class Occurrences(Columns):
    """Writes long relations over one table for one set of rules. `key`: the column that tells its rows apart."""

    table: str
    key: str
    #: Relations that several readers share, as common table expressions: their texts and names, in order of need.
    shared: dict[str, str] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The column that tells rows apart, under the name that it has in every relation."""
        return f"{DUCKDB.identifier(self.key)} AS __row"

    @property
    def common_tables(self) -> list[str]:
        """The shared relations, written as they stand behind ``WITH``."""
        return [f"{name} AS MATERIALIZED {text}" for text, name in self.shared.items()]

    @cached_property
    def answers(self) -> dict[Node, str]:
        """The columns of all that rules ask of a member's code alone."""
        found: dict[Node, str] = {}
        derived = (self.schema.derived[name] for name in self.ruleset.derived_used)
        conditions = [rule.finds for rule in self.ruleset.rules]
        conditions += [part for one in derived for part in (one.expression, one.where) if part is not None]
        for condition in conditions:
            for call in _code_answers(condition):
                found.setdefault(call, column("a", str(len(found))))
        return found

    def text(self, node: Node, known: Callable[[Node], str | None] = lambda _: None) -> str:
        """A condition over a long relation, or over the record. `known`: the columns that it has besides."""
        return sql(node, DUCKDB, self.naming, lambda part: known(part) or self.answers.get(part))

    def _share(self, kind: str, text: str) -> str:
        """The name of a relation that several readers share."""
        return self.shared.setdefault(text, DUCKDB.identifier(f"{kind} {len(self.shared)}"))

    def _occurrences(self, collection: Collection, conditions: Sequence[Node], facts: Sequence[str]) -> str:
        """A row for each occurrence, with all that conditions read of it, and the record's `facts` beside."""
        lines = self._lines(collection, conditions, facts)
        needed = {call for node in conditions for call in _code_answers(node)}
        asked = [call for call in self.answers if call in needed]
        if not asked:
            return lines
        lines = source = self._share("long", lines)
        for member in dict.fromkeys(name for call in asked for name in names(call)):
            held = column("m", member.name)
            codes = self._share("codes", self._answered(member, asked, f"(SELECT DISTINCT {held} FROM {lines})"))
            source = f"{source} LEFT JOIN {codes} USING ({held})"
        return f"(SELECT * FROM {source})"

    def _answered(self, member: Name, asked: Sequence[Node], codes: str) -> str:
        """`codes` with what they answer. The key is a column, since a list names it once for each range."""
        key = Call("code_key", (member,), TEXT)
        text = partial(sql, dialect=DUCKDB, naming=self.naming)

        def known(node: Node) -> str | None:
            return "__key" if node == key else None

        made = ", ".join(
            f"{text(call, known=known)} AS {self.answers[call]}" for call in asked if member in names(call)
        )
        return f"(SELECT {column('m', member.name)}, {made} FROM (SELECT *, {text(key)} AS __key FROM {codes}))"

    def _lines(self, collection: Collection, conditions: Sequence[Node], facts: Sequence[str]) -> str:
        """The occurrences as the table has them: one filtered scan for each slot."""
        values = {name.name for node in conditions for name in _names_read(node) if name.member}
        cells = {name.name for node in conditions for name in _cells_read(node) if name.member}
        carried = [text for name in facts for text in self._carried(name)]
        branches = []
        for number, slot in self.schema.slots(collection.name, self.ruleset.layout):
            exists = self._exists(collection, slot)
            if exists == "FALSE":
                continue
            naming = self._slot_naming(collection, slot)
            members = [Name(name, type_, member=True) for name, type_ in collection.members.items()]
            selected = [
                *(f"{naming(m, False)} AS {column('m', m.name)}" for m in members if m.name in values),
                *(f"{naming(m, True)} AS {column('g', m.name)}" for m in members if m.name in cells),
            ]
            columns = ", ".join([self.row, f"{number} AS __slot", *selected, *carried])
            branches.append(f"SELECT {columns} FROM {self.table} WHERE {exists}")
        if not branches:
            nulls = [f"CAST(NULL AS {column_type(collection.members[name])}) AS {column('m', name)}" for name in values]
            unfilled = [f"FALSE AS {column('g', name)}" for name in cells]
            columns = ", ".join([self.row, "0 AS __slot", *nulls, *unfilled, *carried])
            branches = [f"SELECT {columns} FROM {self.table} WHERE FALSE"]
        return f"({' UNION ALL '.join(branches)})"


def _code_answers(node: Node) -> Iterator[Call]:
    """The widest parts of a condition that ask something of one member's code, and of nothing else.

    They are NULL for no code, as a left join leaves them, since all functions in them are strict.
    """
    if not isinstance(node, Call):
        return
    if _is_strict(node) and _has_code_key(node) and len(held := set(names(node))) == 1 and held.pop().member:
        yield node
    else:
        for arg in node.args:
            yield from _code_answers(arg)


def _is_strict(node: Node) -> bool:
    """Whether `node` is made of functions alone that answer NULL with NULL."""
    if isinstance(node, Call):
        return node.op in language.FUNCTIONS and node.op != "given" and all(map(_is_strict, node.args))
    return not isinstance(node, Literal) or node.value is not None


def _has_code_key(node: Node) -> bool:
    return isinstance(node, Call) and (node.op == "code_key" or any(map(_has_code_key, node.args)))


def _names_read(node: Node) -> Iterator[Name]:
    """The names whose value a condition reads."""
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Call) and node.op != "given":
        for arg in node.args:
            yield from _names_read(arg)


def _cells_read(node: Node) -> Iterator[Name]:
    """The names of which a condition asks whether their cell has anything in it."""
    if isinstance(node, Call):
        if node.op == "given":
            yield from names(node)
        else:
            for arg in node.args:
                yield from _cells_read(arg)
