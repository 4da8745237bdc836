"""What pydantic finds wrong, in words: one place for its types of errors, Chinese and English.

A type without words of its own gets those of its family (``int_parsing`` → whole number), else a general sentence; the
tests hold the schemas of the API to types that have words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tonghu.platform.api.problems import Item, chinese

WORDS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("缺少此项", "This is missing"),
    "extra_forbidden": ("没有此项，请删除", "There is no such field: leave it out"),
    "string_type": ("应为文本", "This should be text"),
    "string_too_short": ("至少 {min_length} 个字符", "At least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字符", "At most {max_length} characters"),
    "string_pattern_mismatch": ("格式不符：{pattern}", "It does not have the form {pattern}"),
    "string_unicode": ("含有不成对的 Unicode 代理字符", "It holds half of a Unicode surrogate pair"),
    "int_type": ("应为整数", "This should be a whole number"),
    "int_parsing": ("应为整数", "This should be a whole number"),
    "int_parsing_size": ("数字过大", "The number is too large"),
    "int_from_float": ("应为整数", "This should be a whole number"),
    "float_type": ("应为数字", "This should be a number"),
    "float_parsing": ("应为数字", "This should be a number"),
    "finite_number": ("应为有限的数字", "This should be a finite number"),
    "decimal_parsing": ("应为数字", "This should be a number"),
    "bool_type": ("应为 true 或 false", "This should be true or false"),
    "bool_parsing": ("应为 true 或 false", "This should be true or false"),
    "greater_than": ("应大于 {gt}", "It must be above {gt}"),
    "greater_than_equal": ("不得小于 {ge}", "It must not be below {ge}"),
    "less_than": ("应小于 {lt}", "It must be below {lt}"),
    "less_than_equal": ("不得大于 {le}", "It must not be above {le}"),
    "literal_error": ("应为下列之一：{expected}", "It must be one of {expected}"),
    "enum": ("应为下列之一：{expected}", "It must be one of {expected}"),
    "date_type": ("应为日期，如 2026-11-15", "This should be a day, such as 2026-11-15"),
    "date_parsing": ("应为日期，如 2026-11-15", "This should be a day, such as 2026-11-15"),
    "date_from_datetime_parsing": ("没有这一天", "There is no such day"),
    "date_from_datetime_inexact": ("应为日期，不带时间", "This should be a day without a time"),
    "datetime_type": (
        "应为时间，如 2026-11-15T08:30:00+08:00", "This should be a time such as 2026-11-15T08:30:00+08:00",
    ),
    "datetime_parsing": (
        "应为时间，如 2026-11-15T08:30:00+08:00", "This should be a time such as 2026-11-15T08:30:00+08:00",
    ),
    "datetime_from_date_parsing": (
        "应为时间，如 2026-11-15T08:30:00+08:00", "This should be a time such as 2026-11-15T08:30:00+08:00",
    ),
    "timezone_aware": ("时间应带时区，如 +08:00", "The time needs a zone, such as +08:00"),
    "uuid_parsing": ("应为 UUID", "This should be a UUID"),
    "list_type": ("应为数组", "This should be a list"),
    "dict_type": ("应为对象", "This should be an object"),
    "model_type": ("应为对象", "This should be an object"),
    "model_attributes_type": ("应为对象", "This should be an object"),
    "too_short": ("至少 {min_length} 项", "At least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "At most {max_length} items"),
}  # fmt: skip
_GENERAL: Final = ("内容不符合接口文档", "It is not as the documentation says")


def in_words(kind: str, context: Mapping[str, Any]) -> str:
    """Return what is wrong, in the caller's language."""
    words = WORDS.get(kind, _GENERAL)
    return words[0 if chinese() else 1].format_map({key: str(value) for key, value in context.items()})


def items(errors: Iterable[Mapping[str, Any]]) -> list[Item]:
    """Return the errors of a ``ninja.errors.ValidationError`` as items of a problem."""
    return [_item(error) for error in errors]


def _item(error: Mapping[str, Any]) -> Item:
    source, *place = error["loc"]
    kind = str(error["type"])
    message, value = in_words(kind, error.get("ctx") or {}), error.get("input")
    if source == "body":
        # Ninja names the argument that takes the body first; the caller knows nothing of it.
        steps = "".join(f"/{_escaped(step)}" for step in place[1:])
        return Item(kind, message, pointer=f"#{steps}", value=value)
    return Item(kind, message, parameter=".".join(map(str, place)), value=value)


def _escaped(step: object) -> str:
    return str(step)[:80].replace("~", "~0").replace("/", "~1")
