"""Paging by key: a page begins behind the last row of the one before, so that page 1,000 costs as much as page 1.

The cursor in the address holds the ordering value and the key of a row. It carries no right: whoever writes one by
hand gets rows that they may read anyway, and one that says nothing sensible gives the first page.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db.models import F, Q, QuerySet


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page; ``after`` and ``before`` are the neighbours' cursors, '' where there is none."""

    rows: list[Any]
    after: str
    before: str


def cut(
    rows: QuerySet[Any] | Sequence[Any], *, order: str, key: str, size: int, after: str = "", before: str = ""
) -> Slice:
    """Return the at most `size` rows behind ``after`` or in front of ``before``, ordered by `order`, then `key`.

    `order` is an attribute, or a path of lookups for a query, with ``-`` for descending; unknown values come last.
    """
    backwards = bool(before)
    cursor = _read(before or after)
    if isinstance(rows, QuerySet):
        found = _of_query(rows, order, key, size, cursor, backwards)
    else:
        found = _of_list(rows, order, key, size, cursor, backwards)
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    name = order.removeprefix("-")
    first = _cursor(found[0], name, key) if found else ""
    last = _cursor(found[-1], name, key) if found else ""
    there_is_before = more if backwards else cursor is not None
    there_is_after = backwards or more
    return Slice(found, last if there_is_after else "", first if there_is_before else "")


def _of_query(
    rows: QuerySet[Any], order: str, key: str, size: int, cursor: tuple[Any, Any] | None, backwards: bool
) -> list[Any]:
    name, descending = order.removeprefix("-"), order.startswith("-")
    down = descending != backwards
    # Where there are no unknown values nothing is said of them: an index fits the order then, else all rows are sorted.
    unknown = _may_be_unknown(rows, name)
    last = {"nulls_first": backwards or None, "nulls_last": not backwards or None} if unknown else {}
    by_value = F(name).desc(**last) if down else F(name).asc(**last)
    ordered = rows.order_by(by_value, f"{'-' if down else ''}{key}")
    if cursor is None:
        return list(ordered[: size + 1])
    value, at = cursor
    side = "lt" if down else "gt"
    same = Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    behind = same & Q(**{f"{key}__{side}": at})
    if value is not None:
        behind |= Q(**{f"{name}__{side}": value})
        if not unknown:
            behind &= Q(**{f"{name}__{side}e": value})  # said once more by itself: there the index begins
        elif not backwards:
            behind |= Q(**{f"{name}__isnull": True})
    elif backwards:
        behind |= Q(**{f"{name}__isnull": False})
    try:
        return list(ordered.filter(behind)[: size + 1])
    except (ValueError, TypeError, ValidationError, FieldError):  # a cursor of another table, or made by hand
        return list(ordered[: size + 1])


def _may_be_unknown(rows: QuerySet[Any], name: str) -> bool:
    """Whether the value that rows are ordered by may be unknown; of what is no plain field that is not known."""
    model: Any = rows.model
    for part in name.split("__"):
        try:
            field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            return True
        if field.null:
            return True
        model = field.related_model
    return False


def _of_list(
    rows: Sequence[Any], order: str, key: str, size: int, cursor: tuple[Any, Any] | None, backwards: bool
) -> list[Any]:
    name, descending = order.removeprefix("-"), order.startswith("-")
    known = sorted(
        (row for row in rows if _get(row, name) is not None), key=lambda row: (_get(row, name), _get(row, key))
    )
    unknown = sorted((row for row in rows if _get(row, name) is None), key=lambda row: _get(row, key))
    ordered = (known[::-1] + unknown[::-1]) if descending else known + unknown
    if cursor is None:
        return ordered[: size + 1]
    said = [json.loads(_plain([_get(row, name), _get(row, key)])) for row in ordered]
    at = said.index(list(cursor)) if list(cursor) in said else -1
    return ordered[:at][::-1][: size + 1] if backwards else ordered[at + 1 :][: size + 1]


def _get(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row.get(name)
    for part in name.split("__"):
        row = getattr(row, part, None)
    return row


def _cursor(row: Any, name: str, key: str) -> str:
    return base64.urlsafe_b64encode(_plain([_get(row, name), _get(row, key)]).encode()).decode().rstrip("=")


#: What a bigint holds; numbers beyond it were never ours.
LARGEST = 2**63 - 1


def _plain(values: list[Any]) -> str:
    return json.dumps(values, default=str, ensure_ascii=False, separators=(",", ":"))


def _read(cursor: str) -> tuple[Any, Any] | None:
    if not cursor or len(cursor) > 2000:
        return None
    try:
        said = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):  # no base64, no JSON, or nested beyond reading
        return None
    plain = isinstance(said, list) and len(said) == 2 and not any(isinstance(part, list | dict) for part in said)
    if not plain or said[1] is None or not all(_fits(part) for part in said):
        return None
    return said[0], said[1]


def _fits(part: Any) -> bool:
    """Whether the database could hold the value at all: no NUL in a text, a number within a bigint."""
    if isinstance(part, str):
        return "\0" not in part
    return part is None or isinstance(part, bool) or -LARGEST <= part <= LARGEST  # false for NaN, too
