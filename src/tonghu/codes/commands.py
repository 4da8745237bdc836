"""`tonghu codes list|show`: code tables, field dictionaries and regions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tonghu.codes.hqms_fields import Field

_LABELS = {"required": "必填 · required", "advised": "应填 · advised", None: "—"}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `tonghu codes`."""
    words = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    list_ = words.add_parser("list", help="列出代码表与版式 · list tables and layouts")
    list_.set_defaults(run=run_list)

    show = words.add_parser("show", help="查看一张代码表、一个字段、一个版式、一个代码系统或一个行政区划 · one of them")
    show.add_argument("what", metavar="WHAT", help="RC001、P321、C03C、出生日期、2012、regions、510107")
    show.set_defaults(run=run_show)


def run_list(_args: argparse.Namespace) -> int:
    """Print the layouts, the other code systems and every code table, with versions and verification marks."""
    from tonghu.codes import hqms_fields, systems, tables

    for layout_id in hqms_fields.LAYOUTS:
        layout = hqms_fields.layout(layout_id)
        extra = f"，另识别 {len(layout.vendor_extensions)} 个厂商扩展列" if layout.vendor_extensions else ""
        print(f"{layout_id:<17} {layout.system.name_zh}：{len(layout.fields)} 个字段{extra}  {layout.system.version}")
    for system in systems.systems().values():
        if not system.id.startswith("hqms"):
            print(f"{system.id:<17} {system.name_zh} · {system.name_en}  {system.version}")
    for table_id in tables.table_ids():
        table = tables.table(table_id)
        mark = "" if table.verified else "  未核实 · unverified"
        print(f"{table_id:<17} {table.name_zh} · {table.name_en}（{len(table.entries)}）  {table.version}{mark}")
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Print what a word names: a table, a system, a layout, a field of either layout, a region with its history."""
    from tonghu.codes import hqms_fields, regions, systems, tables
    from tonghu.codes.bad_code import BadCode

    what: str = args.what
    if what in tables.table_ids():
        _print_table(what)
    elif what in systems.systems():
        _print_system(what)
    elif what in hqms_fields.LAYOUTS:
        for field in hqms_fields.layout(what).fields:
            print(f"{field.seq:>4} {field.code:<8} {field.name:<38} {field.name_zh}")
    elif fields := _fields_named(what):
        for layout_id, field in fields:
            _print_field(layout_id, field)
    elif what.isascii() and what.isdigit() and len(what) == 6:
        spells = regions.history(what)
        if not spells:
            raise BadCode(f"行政区划代码 {what} 不在 1984—2024 年的名录中", f"{what} is in no list of 1984–2024")
        for spell in spells:
            years = f"{spell.first_year or '≤1984'}–{spell.last_year or ''}"
            print(f"{spell.code}  {spell.name}  {years}  上级 · parent: {spell.parent or '—'}")
    else:
        raise BadCode(
            f"没有名为“{what}”的代码表、字段、版式、代码系统或行政区划；用 tonghu codes list 查看",
            f"No table, field, layout, system or region is named “{what}”; see `tonghu codes list`",
        )
    return 0


def _fields_named(what: str) -> list[tuple[str, Field]]:
    """The fields that a code, a Chinese name or an inner name names, in either layout."""
    from tonghu.codes import hqms_fields

    found = []
    for layout_id in hqms_fields.LAYOUTS:
        layout = hqms_fields.layout(layout_id)
        if field := layout.find(what) or layout.by_name.get(what):
            found.append((layout_id, field))
    return found


def _print_table(table_id: str) -> None:
    from tonghu.codes import tables

    table = tables.table(table_id)
    print(
        f"{table.id}  {table.name_zh} · {table.name_en}\n版本 · version: {table.version}\n来源 · source: {table.source}"
    )
    print(f"核实 · verified: {'是 · yes' if table.verified else '否 · no'}\n")
    for entry in table.entries:
        also = f"（亦作 {entry.also}）" if entry.also else ""
        print(f"  {entry.code:<7} {entry.name_zh}{also}  {entry.name_en}")


def _print_system(system_id: str) -> None:
    from tonghu.codes import systems

    system = systems.system(system_id)
    print(f"{system.id}  {system.name_zh} · {system.name_en}\n版本 · version: {system.version}")
    print(f"有效期 · valid: {system.valid_from or ''} – {system.valid_to or ''}")
    print(f"来源 · source: {system.source}\n许可 · licence: {system.licence or '—'}")


def _print_field(layout_id: str, field: Field) -> None:
    checked = "" if field.table_checked else "（不核对 · not checked）"
    length = f"{field.max_length}" + (f",{field.scale}" if field.scale else "") if field.max_length else "—"
    rows = [
        ("版式 · layout", f"{layout_id}，第 {field.seq} 列 · column {field.seq}"),
        ("内部名 · name", field.name),
        ("类型 · type", f"{field.type}，长度 · length {length}"),
        ("填写 · presence", _LABELS[field.presence]),
        ("代码表 · table", f"{field.table}{checked}" if field.table else "—"),
        ("来源 · source", field.source + ("" if field.verified else "  未核实 · unverified")),
        ("说明 · note", field.note or "—"),
    ]
    print(f"{field.code}  {field.name_zh}")
    for label, value in rows:
        print(f"  {label}: {value}")
