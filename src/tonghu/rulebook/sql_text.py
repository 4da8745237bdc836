"""Conditions as SQL text. A dialect says how the few things that differ are written; names are the executor's own.

SQL has the three truth values itself, so a tree is written almost as it was read. What is said explicitly: the width
of every calculation (nothing overflows, nothing becomes a binary fraction), strict ``least`` and ``greatest``, and the
function texts of :mod:`tonghu.rulebook.language`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tonghu.rulebook import language
from tonghu.rulebook.expressions import Call, Kind, Literal, Name, Node, Type
from tonghu.rulebook.language import SqlText


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one engine writes literals, types and functions."""

    name: str
    types: dict[Kind, str]
    timestamp: str
    decimal_mark: str
    backslash_escapes: bool
    text_of: Callable[[language.Function], SqlText]

    def quote(self, text: str) -> str:
        """A text literal."""
        escaped = text.replace("\\", "\\\\") if self.backslash_escapes else text
        return "'" + escaped.replace("'", "\\'" if self.backslash_escapes else "''") + "'"

    def identifier(self, name: str) -> str:
        """A column name."""
        mark = "`" if self.backslash_escapes else '"'
        return f"{mark}{name}{mark}"

    def type(self, type_: Type) -> str:
        """A column type; decimals as wide as they go, so that no value is refused."""
        return f"DECIMAL(38, {type_.scale})" if type_.kind is Kind.DECIMAL else self.types[type_.kind]

    def literal(self, node: Literal) -> str:
        """A value, with its type where NULL has one."""
        value = node.value
        if value is None:
            return "NULL" if node.type.kind is Kind.NULL else f"CAST(NULL AS {self.type(node.type)})"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, str):
            return self.quote(value)
        if isinstance(value, Decimal):
            return f"{value:f}{self.decimal_mark}"
        if isinstance(value, datetime):
            return f"{self.timestamp} '{value.isoformat(sep=' ')}'"
        return f"DATE '{value.isoformat()}'" if isinstance(value, date) else str(value)


DUCKDB = Dialect(
    "duckdb",
    {
        Kind.TEXT: "VARCHAR",
        Kind.INTEGER: "BIGINT",
        Kind.DATE: "DATE",
        Kind.DATETIME: "TIMESTAMP",
        Kind.BOOLEAN: "BOOLEAN",
    },
    "TIMESTAMP",
    "",
    False,
    lambda function: function.duckdb,
)
SPARK = Dialect(
    "spark",
    {
        Kind.TEXT: "STRING",
        Kind.INTEGER: "BIGINT",
        Kind.DATE: "DATE",
        Kind.DATETIME: "TIMESTAMP_NTZ",
        Kind.BOOLEAN: "BOOLEAN",
    },
    "TIMESTAMP_NTZ",
    "BD",
    True,
    lambda function: function.spark,
)

#: How an executor writes a name (False), or whether its cell has anything in it (True).
Naming = Callable[[Name, bool], str]


def sql(node: Node, dialect: Dialect, naming: Naming, known: Callable[[Node], str | None] | None = None) -> str:
    """The text of `node`, always safe to put beside other operators.

    `known`: asked first for every node; the column where an executor has it already, or None.
    """

    def text(node: Node) -> str:
        if known is not None and (column := known(node)) is not None:
            return column
        if isinstance(node, Literal):
            return dialect.literal(node)
        if isinstance(node, Name):
            return naming(node, False)
        return call(node)

    def call(node: Call) -> str:
        op, args = node.op, node.args
        if op == "given":
            assert isinstance(args[0], Name)
            return naming(args[0], True)
        parts = [text(arg) for arg in args]
        if op in ("+", "-", "*"):
            left, right = (wide(arg, part, node) for arg, part in zip(args, parts, strict=True))
            return f"({left} {op} {right})"
        if op in _PLAIN:
            return _PLAIN[op].format(*parts)
        if op == "in":
            return f"({parts[0]} IN ({', '.join(parts[1:])}))"
        if op == "coalesce":
            return f"coalesce({', '.join(parts)})"
        function = language.FUNCTIONS[op]
        parts += [text(used) for used in language.used(node)]
        written = dialect.text_of(function)
        if not isinstance(written, str):
            return written([parts[0], str(args[-1].value) if isinstance(args[-1], Literal) else ""], dialect.quote)
        if function.many:
            nulls = " OR ".join(f"{part} IS NULL" for part in parts)
            return f"(CASE WHEN {nulls} THEN NULL ELSE {written.format(', '.join(parts))} END)"
        return written.format(*parts)

    def wide(arg: Node, part: str, node: Call) -> str:
        """An operand in a type in which the calculation cannot overflow."""
        if node.type.digits <= 18 and node.type.kind is Kind.INTEGER:
            return part
        if node.op != "*":
            return f"CAST({part} AS DECIMAL(38, {node.type.scale}))"
        # One factor of over 18 digits, or DuckDB would calculate in 18.
        least = 19 if arg is node.args[0] and all(one.type.digits <= 18 for one in node.args) else 1
        return f"CAST({part} AS DECIMAL({max(arg.type.digits, least)}, {arg.type.scale}))"

    return text(node)


_PLAIN = {
    **{op: f"({{0}} {op} {{1}})" for op in ("=", "<>", "<", "<=", ">", ">=")},
    "and": "({0} AND {1})",
    "or": "({0} OR {1})",
    "not": "(NOT {0})",
    "neg": "(-{0})",
    "is null": "({0} IS NULL)",
    "is true": "({0} IS TRUE)",
    "is false": "({0} IS FALSE)",
    "case": "(CASE WHEN {0} THEN {1} ELSE {2} END)",
}
