"""The long relation of a collection: a row for each occurrence that is there, and what its codes answer."""

# ruff: noqa: S608 -- SQL is what this module writes, from checked trees and names, never from a user's text

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from tonghu.rulebook.answers import code_of, code_questions
from tonghu.rulebook.columns import Columns, column, column_type
from tonghu.rulebook.expressions import TEXT, Call, Name, Node, names
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
        """The columns of what is asked of a code alone: of a member's, or of a fact's that several things are asked of.

        A fact that is asked once may well be different in every record, as an identity number is.
        """
        derived = (self.schema.derived[name] for name in self.ruleset.derived_used)
        conditions = [rule.finds for rule in self.ruleset.rules]
        conditions += [part for one in derived for part in (one.expression, one.where) if part is not None]
        asked = dict.fromkeys(call for condition in conditions for call in code_questions(condition))
        often = Counter(map(code_of, asked))
        chosen = (
            call
            for call, code in zip(asked, map(code_of, asked), strict=True)
            if code.member or (often[code] > 1 and self._is_there(code.name))
        )
        return {call: column("a", str(number)) for number, call in enumerate(chosen)}

    def text(self, node: Node, known: Callable[[Node], str | None] = lambda _: None) -> str:
        """A condition over a long relation, or over the record. `known`: the columns that it has besides."""
        return sql(node, DUCKDB, self.naming, lambda part: known(part) or self.answers.get(part))

    def _share(self, kind: str, text: str) -> str:
        """The name of a relation that several readers share."""
        return self.shared.setdefault(text, DUCKDB.identifier(f"{kind} {len(self.shared)}"))

    def _occurrences(self, collection: Collection, conditions: Sequence[Node], facts: Sequence[str]) -> str:
        """A row for each occurrence, with all that conditions read of it, and the record's `facts` beside."""
        lines = self._lines(collection, conditions, facts)
        asked = self._asked_of_codes(conditions, of_members=True)
        return self._with_answers(self._share("long", lines), asked, "m") if asked else lines

    def _asked_of_codes(self, conditions: Sequence[Node], of_members: bool) -> list[Node]:
        """What conditions ask of codes that has a column of its own."""
        asked = {call for node in conditions for call in code_questions(node)}
        return [call for call in self.answers if call in asked and code_of(call).member is of_members]

    def _with_answers(self, source: str, asked: Sequence[Node], kind: str, codes_in: str | None = None) -> str:
        """`source` with the answers to what is asked of the codes in its columns of a kind.

        `codes_in`: the relation that has those codes, too, when it is not `source` itself.
        """
        joined = source
        for code in dict.fromkeys(map(code_of, asked)):
            held = column(kind, code.name)
            codes = f"(SELECT DISTINCT {held} FROM {codes_in or source})"
            about = [call for call in asked if code_of(call) == code]
            joined += f" LEFT JOIN {self._share('codes', self._answered(code, held, about, codes))} USING ({held})"
        return f"(SELECT * FROM {joined})"

    def _answered(self, code: Name, held: str, asked: Sequence[Node], codes: str) -> str:
        """`codes` with what they answer. The key is a column, since a list names it once for each range."""
        key = Call("code_key", (code,), TEXT)
        text = partial(sql, dialect=DUCKDB, naming=self.naming)

        def known(node: Node) -> str | None:
            return "__key" if node == key else None

        made = ", ".join(f"{text(call, known=known)} AS {self.answers[call]}" for call in asked)
        return f"(SELECT {held}, {made} FROM (SELECT *, {text(key)} AS __key FROM {codes}))"

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
