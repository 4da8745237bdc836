"""From a rule file to :class:`~tonghu.rulebook.rules.Rule` objects, every condition parsed and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tonghu.rulebook.expressions import FALSE, TRUE, Kind, Node, Scope, Type, Value, conjunction, negation
from tonghu.rulebook.parsing import parse_condition
from tonghu.rulebook.reading import check_keys, check_type
from tonghu.rulebook.rule_error import BadExpression, RuleError
from tonghu.rulebook.rules import Example, Layer, Level, Rule, Words
from tonghu.rulebook.schema import UNREADABLE, Schema

_FILE = frozenset({"set", "schema", "defaults", "rules"})
_REQUIRED = frozenset({"id", "version", "valid_from", "clause", "source", "verified", "title", "message"})
_OPTIONAL = frozenset(
    {
        "valid_to", "layer", "region", "hospital", "fixed", "level", "outcome", "optional", "layouts", "params",
        "by", "each", "at", "when", "must", "flag", "mend", "reports", "examples", "note",
    }
)  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "id": (str,), "version": (int,), "valid_from": (date,), "valid_to": (date, type(None)), "layer": (str,),
    "region": (str,), "hospital": (str,), "fixed": (bool,), "level": (str,), "outcome": (str,), "optional": (bool,),
    "layouts": (list,), "each": (str,), "params": (dict,), "when": (str,), "must": (str,), "flag": (str,),
    "at": (str,), "by": (str,),
    "clause": (str, list), "source": (str,), "verified": (bool,), "reports": (str,), "examples": (dict,),
    "title": (dict,), "message": (dict,), "mend": (dict,), "note": (str,),
}  # fmt: skip
_WORDS = frozenset({"zh", "en"})
_VERDICTS = frozenset({"finds", "passes", "unknown"})


def read_rules(
    found: Mapping[str, Any], file: str, schemas: Mapping[str, Schema], is_clause: Callable[[str], bool]
) -> Iterator[Rule]:
    """The rules of a file. Raises RuleError naming the rule and the reason."""
    name: str | None = None
    try:
        check_keys(found, frozenset({"set", "schema", "rules"}), _FILE)
        check_type("set", found["set"], str)
        check_type("rules", found["rules"], list)
        schema = schemas.get(found["schema"])
        if schema is None:
            raise BadExpression(f"没有事实表“{found['schema']}”", f"there is no schema “{found['schema']}”")
        defaults = found.get("defaults", {})
        check_type("defaults", defaults, dict)
        for row in found["rules"]:
            check_type("rules", row, dict)
            name = str(row.get("id", "?"))
            yield _rule({**defaults, **row}, found["set"], schema, file, is_clause)
    except BadExpression as bad:
        raise RuleError(file, name, bad.zh, bad.en) from None


def _rule(row: Mapping[str, Any], set_: str, schema: Schema, file: str, is_clause: Callable[[str], bool]) -> Rule:
    check_keys(row, _REQUIRED, _REQUIRED | _OPTIONAL)
    for key, value in row.items():
        check_type(key, value, *_TYPES[key])
    by = row.get("by", "condition")
    if by != "condition" and (extra := sorted({"when", "must", "flag", "examples"} & row.keys())):
        raise BadExpression(f"由 {by} 判断的规则不写 {extra[0]}", f"a rule answered by {by} has no {extra[0]}")
    each = row.get("each", "record")
    scope = schema.scopes.get(each)
    if scope is None:
        raise BadExpression(f"each：没有名为“{each}”的集合", f"each: there is no collection “{each}”")
    clauses = (row["clause"],) if isinstance(row["clause"], str) else tuple(map(str, row["clause"]))
    for clause in clauses:
        if not is_clause(clause):
            raise BadExpression(f"没有条款 {clause}", f"there is no clause {clause}")
    if row.get("valid_to") is not None and row["valid_to"] <= row["valid_from"]:
        raise BadExpression("valid_to 应晚于 valid_from", "valid_to should be after valid_from")
    params = {key: _parameter(value) for key, value in row.get("params", {}).items()}
    layer, place = _place(row)
    rule = Rule(
        id=row["id"],
        version=row["version"],
        set=set_,
        schema=schema.name,
        file=file,
        valid_from=row["valid_from"],
        valid_to=row.get("valid_to"),
        layer=layer,
        place=place,
        fixed=row.get("fixed", False),
        level=_level(row),
        outcome=row.get("outcome"),
        optional=row.get("optional", False),
        layouts=frozenset(map(str, row["layouts"])) if "layouts" in row else None,
        each=each,
        params=params,
        when=row.get("when"),
        must=row.get("must"),
        flag=row.get("flag"),
        by=by,
        at=_at(row, each, schema) if by == "condition" else "",
        clauses=clauses,
        source=row["source"],
        verified=row["verified"],
        title=_words("title", row["title"]),
        message=_words("message", row["message"]),
        mend=_words("mend", row["mend"]) if "mend" in row else None,
        reports=row.get("reports", row["id"]),
        examples=tuple(_examples(row.get("examples", {}), schema)),
        finds=_condition(row, scope, params) if by == "condition" else FALSE,
    )
    for words in (rule.message, rule.mend):
        if words and (unknown := sorted(words.placeholders - scope.keys() - params.keys())):
            raise BadExpression(
                f"提示语中的“{{{unknown[0]}}}”不是事实或参数",
                f"“{{{unknown[0]}}}” in the message is neither a fact nor a parameter",
            )
    return rule


def _condition(row: Mapping[str, Any], scope: Scope, params: Mapping[str, Value]) -> Node:
    if ("must" in row) == ("flag" in row):
        raise BadExpression("应写 must 或 flag 之一", "write either must or flag")
    when = parse_condition(row["when"], scope, params) if "when" in row else TRUE
    if "flag" in row:
        return conjunction(when, parse_condition(row["flag"], scope, params))
    return conjunction(when, negation(parse_condition(row["must"], scope, params)))


def _at(row: Mapping[str, Any], each: str, schema: Schema) -> str:
    check_keys(row, frozenset({"each", "at"}), frozenset(row))
    at: str = row["at"]
    known = schema.record_scope if each == "record" else schema.collections[each].members
    if at not in known:
        raise BadExpression(f"at：没有“{at}”", f"at: there is no “{at}”")
    if each == "record":
        return at
    place = schema.collections[each].index[at]
    if not any(isinstance(slot.members[place], str) for slot in schema.collections[each].slots):
        raise BadExpression(f"at：“{at}”不是事实", f"at: “{at}” is a constant, not a fact")
    return at


def _level(row: Mapping[str, Any]) -> Level | None:
    if ("level" in row) == ("outcome" in row):
        raise BadExpression("应写 level 或 outcome 之一", "write either level or outcome")
    if "outcome" in row:
        return None
    if row["level"] not in frozenset(Level):
        raise BadExpression(f"没有等级“{row['level']}”", f"there is no level “{row['level']}”: {', '.join(Level)}")
    return Level(row["level"])


def _place(row: Mapping[str, Any]) -> tuple[Layer, str | None]:
    word = row.get("layer", "national")
    if word not in ("national", "province", "hospital"):
        raise BadExpression(f"没有层级“{word}”", f"there is no layer “{word}”: national, province, hospital")
    layer = Layer[word.upper()]
    wanted = {Layer.NATIONAL: set(), Layer.PROVINCE: {"region"}, Layer.HOSPITAL: {"hospital"}}[layer]
    if {"region", "hospital"} & row.keys() != wanted:
        raise BadExpression(
            "province 层应写 region，hospital 层应写 hospital，national 层都不写",
            "a province layer names its region, a hospital layer its hospital, a national one neither",
        )
    region = row.get("region")
    if region is not None and not (len(region) == 6 and region.isascii() and region.isdigit()):
        raise BadExpression("region 应为六位行政区划代码", "region should be a code of six digits")
    return layer, region if region is not None else row.get("hospital")


def _words(key: str, found: Mapping[str, Any]) -> Words:
    try:
        check_keys(found, _WORDS, _WORDS)
    except BadExpression as bad:
        raise BadExpression(f"{key}：{bad.zh}", f"{key}: {bad.en}") from None
    return Words(str(found["zh"]), str(found["en"]))


def _parameter(value: object) -> Value:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str | bool | int | date):
        return value
    raise BadExpression(f"参数值“{value}”不可用", f"a parameter cannot be “{value}”")


def _examples(found: Mapping[str, Any], schema: Schema) -> Iterator[Example]:
    check_keys(found, frozenset(), _VERDICTS)
    for verdict, rows in found.items():
        check_type(verdict, rows, list)
        for row in rows:
            check_type(verdict, row, dict)
            missing = row.get("missing") if verdict == "unknown" else None
            record = {
                name: typed_value(name, value, schema)
                for name, value in row.items()
                if missing is None or name != "missing"
            }
            yield Example(verdict, record, tuple(missing) if missing is not None else None)


#: So many characters of a value that does not fit are repeated to whoever wrote it.
_SAID: Final = 40


def typed_value(name: str, value: object, schema: Schema) -> Value:
    """A value from YAML or JSON as the fact's own type. Raises BadExpression when it does not fit."""
    plain = name.removesuffix(UNREADABLE)
    if plain not in schema.facts:
        raise BadExpression(f"没有名为“{name}”的事实", f"there is no fact “{name}”")
    if plain != name:
        check_type(name, value, bool)
        return bool(value)
    if value is None:
        return None
    type_ = schema.facts[name].type
    converted = _CONVERT[type_.kind](value)
    if converted is None:
        said = str(value) if len(str(value)) <= _SAID else f"{str(value)[:_SAID]}…"
        raise BadExpression(f"{name} 的值“{said}”应为 {type_.kind}", f"{name} should be {type_.kind}, not “{said}”")
    return converted


def _as_text(value: object) -> Value:
    return value if isinstance(value, str) else None


def _as_integer(value: object) -> Value:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _as_decimal(value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        read = Decimal(str(value)).quantize(Decimal(1).scaleb(-Type(Kind.DECIMAL, 18, 2).scale))
    except InvalidOperation:  # endless, or larger than any amount
        return None
    return read if read.is_finite() else None


def _as_date(value: object) -> Value:
    if isinstance(value, datetime):
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return None


def _as_datetime(value: object) -> Value:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- times of a record have no zone
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _as_boolean(value: object) -> Value:
    return value if isinstance(value, bool) else None


_CONVERT: dict[Kind, Callable[[object], Value]] = {
    Kind.TEXT: _as_text,
    Kind.INTEGER: _as_integer,
    Kind.DECIMAL: _as_decimal,
    Kind.DATE: _as_date,
    Kind.DATETIME: _as_datetime,
    Kind.BOOLEAN: _as_boolean,
}
