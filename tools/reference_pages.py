"""Makes docs/reference/ from the code and the rule files; `--check` only says whether the pages are stale.

The pages are never edited by hand: what is wrong in them is wrong in the data, and is mended there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tonghu.rulebook.rules import Rule

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


def rules() -> dict[str, str]:
    """A page for each rule set, and one that leads to them."""
    from tonghu import rulebook

    book = rulebook.load()
    sets = {
        name: sorted((r for r in book.rules if r.set == name), key=lambda r: (r.reports, r.id)) for name in book.sets
    }
    index = [
        "# Rules · 规则目录",
        "Levels: **error** 错误 (the card cannot be approved), **warning** 提示 (look, or give a reason), **confirm** "
        "确认 (rare, may be right). A rule that is not verified 未核实 was derived, recalled or inferred, and its "
        "source says so. `./run tonghu rules show ID` shows one rule with its clause; [sources](../sources.md) "
        "explains the S-keys.",
        table(
            ("set", "rules", "ids"),
            (
                (f"[{name}](rules-{name}.md)", len(found), f"{found[0].id} … {found[-1].id}")
                for name, found in sets.items()
            ),
        ),
    ]
    pages = {"rules.md": "\n\n".join(index)}
    for name, found in sets.items():
        pages[f"rules-{name}.md"] = "\n\n".join([f"# {name}: {len(found)} rules", *(rule_text(rule) for rule in found)])
    return pages


def rule_text(rule: Rule) -> str:
    """One rule as a section."""
    reported = f" → {rule.reports}" if rule.reports != rule.id else ""
    validity = f"{rule.valid_from} – {rule.valid_to or '…'}"
    facts = [
        f"{rule.level.value if rule.level else rule.outcome}",
        f"version {rule.version}, {validity}",
        rule.layer.name.lower() + (f" {rule.place}" if rule.place else "") + (", fixed" if rule.fixed else ""),
        f"clause {', '.join(rule.clauses)}",
        f"source: {rule.source}",
        "verified" if rule.verified else "**not verified** 未核实",
    ]
    if rule.layouts:
        facts.insert(1, f"layout {', '.join(sorted(rule.layouts))} only")
    if rule.optional:
        facts.insert(1, "optional layer, off by default")
    lines = [f"### {rule.id}{reported} {rule.title.zh}", f"{rule.title.en}. {'; '.join(facts)}."]
    said = [("each", rule.each if rule.each != "record" else None), ("when", rule.when), ("must", rule.must)]
    said += [("flag", rule.flag), *((f":{name}", str(value)) for name, value in rule.params.items())]
    if rule.by != "condition":
        said.append(("answered by", rule.by))
    lines.append("\n".join(f"- {word}: `{' '.join(text.split())}`" for word, text in said if text) or "")
    if rule.mend:
        lines.append(f"> {rule.message.zh}；{rule.mend.zh}。<br>{rule.message.en}. {rule.mend.en}.")
    shown = [(e.verdict, ", ".join(f"{k} = {v}" for k, v in e.record.items())) for e in rule.examples]
    lines += ["\n".join(f"- {verdict}: {record}" for verdict, record in shown)] if shown else []
    return "\n\n".join(line for line in lines if line)


def language() -> str:
    """The functions of the rule language, with their texts in each executor."""
    from tonghu.rulebook.language import FUNCTIONS

    rows = (
        (f"`{f.name}({', '.join(f.takes)}{', …' if f.many else ''})`", f.zh, f.en, f"`{f.example}`")
        for f in FUNCTIONS.values()
    )
    return "\n\n".join(
        [
            "# The rule language · 规则语言",
            "A condition is an SQL expression over named facts: `and`, `or`, `not`, `=`, `<>`, `<`, `<=`, `>`, `>=`, "
            "`between`, `in (…)`, `is [not] null`, `+`, `-`, `*`, `case when`, `coalesce`, literals, "
            "`date '2020-01-01'`, `:param`, and the functions below. Every function is strict (NULL in, NULL "
            "out) unless it says otherwise, and none fails on any value of its types. [How rules work](../rules.md).",
            table(("function", "含义", "meaning", "example"), rows),
        ]
    )


def pages() -> dict[str, str]:
    """File name → text of every page, as the code and the rules say it now."""
    found = {"fields.md": fields(), "code_tables.md": code_tables(), "language.md": language(), **rules()}
    return {name: f"{MADE}{text}\n" for name, text in found.items()}


def stale() -> list[str]:
    """The names of pages that differ from what the code and rules say now, or that nothing makes any more."""
    wanted = pages()
    have = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    return sorted(name for name in wanted.keys() | have.keys() if wanted.get(name) != have.get(name))


def main() -> int:
    """Write every page, or with `--check` name the stale ones and return 1."""
    if "--check" in sys.argv[1:]:
        for name in (names := stale()):
            print(f"docs/reference/{name} is stale: ./run docs")
        return bool(names)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
