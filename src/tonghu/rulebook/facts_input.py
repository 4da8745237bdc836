"""Records of facts that a user wrote: JSON (one record or a list) or CSV with the facts' names as its header."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tonghu.codes.dates import read_date, read_datetime
from tonghu.codes.numbers import read_decimal, read_int
from tonghu.codes.text import clean
from tonghu.errors import InputRefused
from tonghu.rulebook.expressions import Kind, Value
from tonghu.rulebook.rule_error import BadExpression
from tonghu.rulebook.rule_file import typed_value
from tonghu.rulebook.schema import UNREADABLE, Schema

_READ: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: lambda text: text,
    Kind.INTEGER: lambda text: read_int(text).value,
    Kind.DECIMAL: lambda text: read_decimal(text).value,
    Kind.DATE: lambda text: read_date(text).value,
    Kind.DATETIME: lambda text: read_datetime(text).value,
    Kind.BOOLEAN: {"true": True, "false": False}.get,
}


def read_records(path: Path, schema: Schema) -> list[dict[str, Value]]:
    """The records in a file. Raises InputRefused naming the record and the fact that does not fit.

    A CSV cell that does not read as its type is unreadable, as in any file; a JSON value of another type is refused.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(f"不能读取 {path}", f"{path} cannot be read: {error}") from None
    records = []
    rows = _json(text, path.name) if path.suffix.lower() == ".json" else _csv(text, path.name, schema)
    for number, row in enumerate(rows, 1):
        try:
            records.append({name: typed_value(name, value, schema) for name, value in row.items()})
        except BadExpression as bad:
            where = f"{path.name} 第 {number} 条记录：{bad.zh}"
            raise InputRefused(where, f"{path.name}, record {number}: {bad.en}") from None
    return records


def _json(text: str, name: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        where = f"{error.lineno}:{error.colno}"
        raise InputRefused(f"{name} 第 {where} 处不是正确的 JSON", f"{name} is not right JSON at {where}") from None
    except (RecursionError, ValueError, InvalidOperation):  # nested beyond reading, or a number beyond any that is one
        raise InputRefused(
            f"{name} 无法读取：嵌套过深，或有数字过大；记录应为事实名和值",
            f"{name} cannot be read: it is nested too deep, or a number is too large; "
            "a record holds names of facts and their values",
        ) from None
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise InputRefused(f"{name} 应为一条记录或记录的列表", f"{name} should hold one record or a list of records")
    return rows


def _csv(text: str, name: str, schema: Schema) -> list[Mapping[str, Any]]:
    reader = csv.DictReader(text.splitlines())
    for column in reader.fieldnames or ():
        if column not in schema.facts:
            raise InputRefused(f"{name} 的列“{column}”不是事实", f"the column “{column}” of {name} is no fact")
    rows: list[Mapping[str, Any]] = []
    for row in reader:
        record: dict[str, Value] = {}
        for column, cell in row.items():
            if column in schema.facts and (cleaned := clean(cell)) is not None:
                record[column] = _READ[schema.facts[column].type.kind](cleaned)
                if record[column] is None:
                    record[column + UNREADABLE] = True
        rows.append(record)
    return rows
