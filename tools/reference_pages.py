"""Makes docs/reference/ from the code and the rule files; `--check` only says whether the pages are stale.

The pages are never edited by hand: what is wrong in them is wrong in the data, and is mended there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- Made by `./run docs` from the code and the rules; do not edit. -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; bars and line breaks inside cells are kept from breaking it."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: object) -> str:
    """One cell: nothing for None, a tick for True."""
    if value is None or value is False:
        return ""
    if value is True:
        return "✓"
    return str(value).replace("|", "\\|").replace("\n", " ")


def fields() -> str:
    """Both layouts, column by column."""
    from tonghu.codes import hqms_fields

    parts = [
        "# Fields of the discharge front page · 病案首页字段",
        "Presence: `required` → HQ001 (error when absent), `advised` → HQ002 (warning). Length is in characters; for "
        "decimals digits and places. “Checked” says whether values are held against the value list (HQ023). A fact "
        "name is shared by both layouts where the meaning is the same.",
    ]
    for layout_id in hqms_fields.LAYOUTS:
        layout = hqms_fields.layout(layout_id)
        parts += [
            f"## {layout_id}: {len(layout.fields)} columns",
            table(
                (
                    "#",
                    "code",
                    "名称",
                    "fact",
                    "type",
                    "length",
                    "presence",
                    "value list",
                    "checked",
                    "verified",
                    "note",
                ),
                (
                    (
                        f.seq,
                        f"`{f.code}`",
                        f.name_zh,
                        f"`{f.name}`",
                        f.type,
                        f"{f.max_length},{f.scale}" if f.scale else f.max_length,
                        f.presence,
                        f.table or f.shape,
                        f.table_checked,
                        f.verified,
                        f.note,
                    )
                    for f in layout.fields
                ),
            ),
        ]
        if layout.vendor_extensions:
            known = ", ".join(f"`{f.code}`" for f in layout.vendor_extensions)
            parts.append(f"Known and ignored, columns of one vendor ({len(layout.vendor_extensions)}): {known}")
    return "\n\n".join(parts)


def code_tables() -> str:
    """Every value list with its version, source and verification mark."""
    from tonghu.codes import tables

    parts = ["# Code tables · 代码表"]
    for table_id in tables.table_ids():
        found = tables.table(table_id)
        validity = f"{found.valid_from or '…'} – {found.valid_to or '…'}"
        mark = "verified" if found.verified else "**not verified** 未核实"
        parts += [
            f"## {found.id} {found.name_zh} · {found.name_en}",
            f"Version {found.version}; valid {validity}; {mark}. Source: {found.source}",
        ]
        if found.entries:
            parts.append(
                table(
                    ("code", "also", "名称", "name"),
                    ((f"`{e.code}`", e.also, e.name_zh, e.name_en) for e in found.entries),
                )
            )
    return "\n\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {"fields.md": fields, "code_tables.md": code_tables}


def stale() -> list[str]:
    """The names of pages that differ from what the code and rules say now."""
    return [
        name
        for name, make in PAGES.items()
        if not (FOLDER / name).exists() or written(make) != (FOLDER / name).read_text("utf-8")
    ]


def written(make: Callable[[], str]) -> str:
    """A page as it stands in its file."""
    return f"{MADE}{make()}\n"


def main() -> int:
    """Write every page, or with `--check` name the stale ones and return 1."""
    if "--check" in sys.argv[1:]:
        for name in (names := stale()):
            print(f"docs/reference/{name} is stale: ./run docs")
        return bool(names)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(written(make), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
