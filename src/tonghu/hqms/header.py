"""HQ033: the columns of a file are those that its layout declares; their order is free. One finding on the file."""

from __future__ import annotations

from collections.abc import Container

import polars as pl

from tonghu.hqms import findings, judge
from tonghu.hqms.findings import NO_COLUMN, Register
from tonghu.hqms.layout import Columns
from tonghu.hqms.wording import Said
from tonghu.rulebook.rules import Rule


def finding(columns: Columns, rule: Rule, register: Register, known: Container[str] = ()) -> pl.DataFrame:
    """The finding on row 0 that lists missing and unknown columns, beside the `known`; none when there are neither."""
    unknown = [name for name in columns.unknown if name not in known]
    if not columns.missing and not unknown:
        return findings.frame([])
    missing = [f.code for f in columns.missing]
    value = "; ".join(f"{word} {' '.join(names)}" for word, names in (("-", missing), ("+", unknown)) if names)
    declared = len(columns.layout.fields)
    said = Said(
        f"表头与 {columns.named} 版的 {declared} 列不一致：缺 {len(missing)} 列{_listed(missing)}，"
        f"未知 {len(unknown)} 列{_listed(unknown)}",
        "请补齐缺列、删除多余列后重新导出；缺列涉及的规则无法判断，未知列未检查",
        f"The header is not that of the {columns.named} layout ({declared} columns): {len(missing)} missing"
        f"{_listed_en(missing)}, {len(unknown)} unknown{_listed_en(unknown)}",
        "export all columns and no others; rules on missing columns cannot answer, unknown ones are not checked",
    )
    return findings.frame([(0, NO_COLUMN, register.entry(judge.entry(rule)), register.said(said), value)])


def _listed(names: list[str]) -> str:
    return f"（{'、'.join(names[:8])}{'……' if len(names) > 8 else ''}）" if names else ""


def _listed_en(names: list[str]) -> str:
    return f" ({', '.join(names[:8])}{' …' if len(names) > 8 else ''})" if names else ""
