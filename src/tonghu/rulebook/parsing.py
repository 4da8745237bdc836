"""From the text of a condition to a typed tree: what the language allows, and nothing else.

sqlglot reads the SQL; this module decides what may be said. Every node that it does not name is refused, every name
must be a fact in scope, and every operator gets values that it can compare: a date beside a text is an error here, at
load time, and not an empty result later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tonghu.rulebook import language, meaning
from tonghu.rulebook.expressions import (
    BOOLEAN,
    DATE,
    DATETIME,
    NULL,
    TEXT,
    Call,
    Kind,
    Literal,
    Name,
    Node,
    Scope,
    Type,
    Value,
)
from tonghu.rulebook.rule_error import BadExpression

_DIALECT = sqlglot.Dialect.get_or_raise("duckdb")
_MOST_DIGITS = 38

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
# Functions that sqlglot knows itself come as their own classes; all others as Anonymous.
_KNOWN: dict[type[exp.Expr], str] = {
    exp.StartsWith: "starts_with", exp.Substring: "substr", exp.Length: "length", exp.Upper: "upper",
    exp.Abs: "abs", exp.Least: "least", exp.Greatest: "greatest",
}  # fmt: skip


def parse(text: str, scope: Scope, params: Mapping[str, Value] | None = None) -> Node:
    """The tree of one expression. Raises BadExpression with the reason."""
    try:
        trees = _DIALECT.parse(text)
    except SqlglotError as error:
        reason = str(error).split("\n")[0].split(". Line")[0]
        raise BadExpression(f"表达式“{text}”不能识读", f"the expression “{text}” does not read: {reason}") from None
    if len(trees) != 1 or trees[0] is None:
        raise BadExpression(f"应为一个表达式：“{text}”", f"one expression is needed, not “{text}”")
    return _Reader(scope, params or {}).read(trees[0])


def parse_condition(text: str, scope: Scope, params: Mapping[str, Value] | None = None) -> Node:
    """As :func:`parse`, and the answer must be true or false."""
    node = parse(text, scope, params)
    if node.type.kind is not Kind.BOOLEAN:
        raise BadExpression(
            f"“{text}”应为判断式，实为 {node.type.kind}", f"“{text}” should be true or false, but is {node.type.kind}"
        )
    return node


def literal(value: Value) -> Literal:
    """A Python value as a literal. bool before int, datetime before date: each is the other's subclass."""
    if value is None:
        return Literal(None, NULL)
    if isinstance(value, bool):
        return Literal(value, BOOLEAN)
    if isinstance(value, int):
        return Literal(value, Type(Kind.INTEGER, len(str(abs(value)))))
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        scale = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        return Literal(value, Type(Kind.DECIMAL, max(len(value.as_tuple().digits), scale + 1), scale))
    if isinstance(value, datetime):
        return Literal(value, DATETIME)
    return Literal(value, DATE) if isinstance(value, date) else Literal(value, TEXT)


class _Reader:
    """Reads one tree; a method for each kind of node that is allowed."""

    def __init__(self, scope: Scope, params: Mapping[str, Value]) -> None:
        self.scope = scope
        self.params = params

    def read(self, tree: exp.Expr) -> Node:
        kind = type(tree)
        if kind in _COMPARISONS:
            return self._compare(_COMPARISONS[kind], self.read(tree.this), self.read(tree.expression))
        if kind in _ARITHMETIC:
            return _arithmetic(_ARITHMETIC[kind], self.read(tree.this), self.read(tree.expression))
        if kind in _KNOWN:
            args = [tree.args[key] for key in tree.arg_types if isinstance(tree.args.get(key), exp.Expr)]
            return self._function(_KNOWN[kind], [*args, *tree.expressions])
        method = _METHODS.get(kind)
        if method is None:
            raise BadExpression(
                f"规则语言中没有这种写法：“{tree.sql(dialect='duckdb')}”",
                f"the rule language has no such thing: “{tree.sql(dialect='duckdb')}”",
            )
        return method(self, tree)

    def _column(self, tree: exp.Expr) -> Node:
        name = tree.name
        found = self.scope.get(name) if not tree.args.get("table") else None
        if found is None:
            raise BadExpression(f"没有名为“{tree.sql()}”的事实", f"there is no fact “{tree.sql()}”")
        return found

    def _literal(self, tree: exp.Expr) -> Node:
        if tree.is_string:
            return Literal(tree.name, TEXT)
        try:
            return literal(int(tree.name) if tree.name.isdigit() else Decimal(_plain_number(tree.name)))
        except ValueError:
            raise BadExpression(f"数字写法不可用：{tree.name}", f"a number is not written like {tree.name}") from None

    def _boolean(self, tree: exp.Expr) -> Node:
        return Literal(bool(tree.this), BOOLEAN)

    def _null(self, _tree: exp.Expr) -> Node:
        return Literal(None, NULL)

    def _placeholder(self, tree: exp.Expr) -> Node:
        if tree.name not in self.params:
            raise BadExpression(f"没有名为“:{tree.name}”的参数", f"there is no parameter “:{tree.name}”")
        return literal(self.params[tree.name])

    def _cast(self, tree: exp.Expr) -> Node:
        """``date '2020-01-01'`` and ``timestamp '…'`` come as casts of a literal; no other cast is allowed."""
        to = tree.args["to"].this
        text = tree.this.name if isinstance(tree.this, exp.Literal) and tree.this.is_string else ""
        try:
            if to == exp.DataType.Type.DATE:
                return Literal(date.fromisoformat(text), DATE)
            if to in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ):
                return Literal(datetime.fromisoformat(text), DATETIME)
        except ValueError:
            pass
        raise BadExpression(
            f"“{tree.sql()}”不可用：只有 date '年-月-日' 与 timestamp '年-月-日 时:分:秒'",
            f"“{tree.sql()}” cannot be used: only date 'yyyy-MM-dd' and timestamp 'yyyy-MM-dd HH:mm:ss' can",
        )

    def _paren(self, tree: exp.Expr) -> Node:
        return self.read(tree.this)

    def _negative(self, tree: exp.Expr) -> Node:
        node = self.read(tree.this)
        if isinstance(node, Literal) and isinstance(node.value, int | Decimal):
            return Literal(-node.value, node.type)
        return Call("neg", (_number(node),), node.type)

    def _logic(self, op: str) -> Callable[[exp.Expr], Node]:
        def read(tree: exp.Expr) -> Node:
            return Call(op, (_truth(self.read(tree.this)), _truth(self.read(tree.expression))), BOOLEAN)

        return read

    def _and(self, tree: exp.Expr) -> Node:
        return self._logic("and")(tree)

    def _or(self, tree: exp.Expr) -> Node:
        return self._logic("or")(tree)

    def _not(self, tree: exp.Expr) -> Node:
        return Call("not", (_truth(self.read(tree.this)),), BOOLEAN)

    def _is(self, tree: exp.Expr) -> Node:
        node, wanted = self.read(tree.this), tree.expression
        if isinstance(wanted, exp.Null):
            return Call("is null", (node,), BOOLEAN)
        if isinstance(wanted, exp.Boolean):
            return Call("is true" if wanted.this else "is false", (_truth(node),), BOOLEAN)
        raise BadExpression(f"“{tree.sql()}”不可用", f"“{tree.sql()}” cannot be used: is null, is true, is false can")

    def _in(self, tree: exp.Expr) -> Node:
        node, wanted = self.read(tree.this), [self.read(item) for item in tree.expressions]
        if not wanted or any(not isinstance(item, Literal) or item.value is None for item in wanted):
            raise BadExpression(f"“{tree.sql()}”：in 后应列出值", f"“{tree.sql()}”: in needs a list of values")
        for item in wanted:
            _alike(node, item)
        return Call("in", (node, *wanted), BOOLEAN)

    def _between(self, tree: exp.Expr) -> Node:
        node = self.read(tree.this)
        low = self._compare(">=", node, self.read(tree.args["low"]))
        return Call("and", (low, self._compare("<=", node, self.read(tree.args["high"]))), BOOLEAN)

    def _case(self, tree: exp.Expr) -> Node:
        if tree.this is not None:
            raise BadExpression("case 后应直接写 when", "write case when … then …, without a value after case")
        default = tree.args.get("default")
        result = self.read(default) if default is not None else Literal(None, NULL)
        for branch in reversed(tree.args["ifs"]):
            value = self.read(branch.args["true"])
            result = Call("case", (_truth(self.read(branch.this)), value, result), _common((value, result)))
        return result

    def _coalesce(self, tree: exp.Expr) -> Node:
        args = tuple(self.read(item) for item in (tree.this, *tree.expressions))
        return Call("coalesce", args, _common(args))

    def _anonymous(self, tree: exp.Expr) -> Node:
        return self._function(tree.name.lower(), tree.expressions)

    def _compare(self, op: str, left: Node, right: Node) -> Node:
        _alike(left, right)
        return Call(op, (left, right), BOOLEAN)

    def _function(self, name: str, trees: list[exp.Expr]) -> Node:
        function = language.FUNCTIONS.get(name)
        if function is None:
            raise BadExpression(f"没有名为“{name}”的函数", f"there is no function “{name}”")
        takes = function.takes
        if function.many:
            takes = takes * max(len(trees), 1)
        if len(trees) != len(takes):
            raise BadExpression(
                f"函数 {name} 需要 {len(takes)} 个参数，如 {function.example}",
                f"{name} takes {len(takes)} arguments, as in {function.example}",
            )
        args = tuple(_argument(name, want, self.read(tree)) for want, tree in zip(takes, trees, strict=True))
        last = args[-1]
        if name == "substr":
            _check_bounds(args)
        elif name == "in_list":
            language.code_list(_written(last))
            args = (_code_key(args[0]), last)
        elif name == "matches":
            args = (args[0], Literal(meaning.common_pattern(_written(last)), TEXT))
        return Call(name, args, function.result or _common(args))


_METHODS: dict[type[exp.Expr], Callable[[_Reader, exp.Expr], Node]] = {
    exp.Column: _Reader._column,
    exp.Literal: _Reader._literal,
    exp.Boolean: _Reader._boolean,
    exp.Null: _Reader._null,
    exp.Placeholder: _Reader._placeholder,
    exp.Cast: _Reader._cast,
    exp.Paren: _Reader._paren,
    exp.Neg: _Reader._negative,
    exp.And: _Reader._and,
    exp.Or: _Reader._or,
    exp.Not: _Reader._not,
    exp.Is: _Reader._is,
    exp.In: _Reader._in,
    exp.Between: _Reader._between,
    exp.Case: _Reader._case,
    exp.Coalesce: _Reader._coalesce,
    exp.Anonymous: _Reader._anonymous,
}


def _plain_number(text: str) -> str:
    whole, _, places = text.partition(".")
    if not (whole or "0").isdigit() or not places.isdigit():
        raise ValueError(text)
    return text


def _check_bounds(args: tuple[Node, ...]) -> None:
    start, length = (arg.value for arg in args[1:] if isinstance(arg, Literal))
    if not (isinstance(start, int) and isinstance(length, int) and start >= 1 and length >= 0):
        raise BadExpression("substr 从第 1 个字符起数，长度不为负", "substr counts from 1; its length is not negative")


def _written(node: Node) -> str:
    return str(node.value) if isinstance(node, Literal) else ""


def _code_key(node: Node) -> Node:
    if isinstance(node, Call) and node.op == "code_key":
        return node
    return Call("code_key", (node,), TEXT)


def _is_literal(kind: Kind) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, Literal) and node.type.kind is kind


def _is_ordered(node: Node) -> bool:
    return node.type.kind not in (Kind.BOOLEAN, Kind.MIXED, Kind.NULL)


_WANTED: dict[str, tuple[Callable[[Node], bool], str, str]] = {
    "text": (lambda node: node.type.kind is Kind.TEXT, "文本", "a text"),
    "integer": (lambda node: node.type.kind is Kind.INTEGER, "整数", "an integer"),
    "number": (lambda node: node.type.is_number, "数", "a number"),
    "day": (lambda node: node.type.is_day, "日期", "a date"),
    "moment": (lambda node: node.type.kind is Kind.DATETIME, "日期时间", "a date and time"),
    "ordered": (_is_ordered, "可比大小的值", "an ordered value"),
    "fact": (lambda node: isinstance(node, Name), "一个事实的名称", "the bare name of a fact"),
    "literal text": (_is_literal(Kind.TEXT), "直接写出的文本", "a text written out"),
    "literal integer": (_is_literal(Kind.INTEGER), "直接写出的整数", "an integer written out"),
}


def _argument(function: str, want: str, node: Node) -> Node:
    fits, zh, en = _WANTED[want]
    if not fits(node):
        raise BadExpression(f"函数 {function} 的参数应为{zh}", f"{function} takes {en}, not {_described(node)}")
    if want == "day" and node.type.kind is Kind.DATETIME and function != "date_of":
        return Call("date_of", (node,), DATE)
    return node


def _described(node: Node) -> str:
    if isinstance(node, Name):
        return f"{node.name} ({node.type.kind})"
    return f"“{node.value}” ({node.type.kind})" if isinstance(node, Literal) else str(node.type.kind)


def _truth(node: Node) -> Node:
    if node.type.kind is Kind.NULL:
        return Literal(None, BOOLEAN)
    if node.type.kind is not Kind.BOOLEAN:
        raise BadExpression(f"{_described(node)} 不是判断式", f"{_described(node)} is not true or false")
    return node


def _number(node: Node) -> Node:
    if not node.type.is_number:
        raise BadExpression(f"{_described(node)} 不是数，不能计算", f"{_described(node)} is no number")
    return node


def _alike(left: Node, right: Node) -> None:
    """Refuse a comparison of two kinds. Integers and decimals are alike; a date and a datetime are not."""
    one, other = left.type, right.type
    same = one.kind is other.kind and one.kind not in (Kind.MIXED, Kind.NULL)
    if not same and not (one.is_number and other.is_number):
        raise BadExpression(
            f"{_described(left)} 与 {_described(right)} 不能比较" + _day_hint(one, other)[0],
            f"{_described(left)} cannot be compared with {_described(right)}" + _day_hint(one, other)[1],
        )


def _day_hint(one: Type, other: Type) -> tuple[str, str]:
    return ("，请用 date_of()", ": use date_of()") if one.is_day and other.is_day else ("", "")


def _common(nodes: tuple[Node, ...]) -> Type:
    """The type of one of several values. Raises BadExpression when they are of several kinds."""
    known = [node for node in nodes if node.type.kind is not Kind.NULL]
    if not known:
        return NULL
    for node in known[1:]:
        _alike(known[0], node)
    types = [node.type for node in known]
    if not types[0].is_number:
        return types[0]
    return _numeric(max(t.digits - t.scale for t in types), max(t.scale for t in types), types)


def _arithmetic(op: str, left: Node, right: Node) -> Node:
    one, other = _number(left).type, _number(right).type
    if op == "*":
        result = _numeric(one.digits - one.scale + other.digits - other.scale, one.scale + other.scale, [one, other])
    else:
        whole = max(one.digits - one.scale, other.digits - other.scale) + 1
        result = _numeric(whole, max(one.scale, other.scale), [one, other])
    return Call(op, (left, right), result)


def _numeric(whole: int, scale: int, types: list[Type]) -> Type:
    if whole + scale > _MOST_DIGITS:
        raise BadExpression(
            f"计算结果可能超过 {_MOST_DIGITS} 位数字",
            f"the result may have over {_MOST_DIGITS} digits",
        )
    decimal = any(t.kind is Kind.DECIMAL for t in types)
    return Type(Kind.DECIMAL if decimal else Kind.INTEGER, whole + scale, scale)
