"""Makes docs/reference/ from the code and the rule files; `--check` only says whether the pages are stale.

The pages are never edited by hand: what is wrong in them is wrong in the data, and is mended there.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tonghu.rulebook.rules import Rule
    from tonghu.rulebook.schema import Schema

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
        "[中文](fields.zh.md)",
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
        "[中文](rules.zh.md)",
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


TYPES_ZH = {"text": "文本", "integer": "整数", "decimal": "小数", "date": "日期", "datetime": "日期时间"}
PRESENCE_ZH = {"required": "必填（HQ001 错误）", "advised": "应填（HQ002 提示）"}


def fields_zh() -> str:
    """Both layouts for those who fill them in."""
    from tonghu.codes import hqms_fields, tables

    parts = [
        "# 病案首页字段",
        "[English](fields.md)",
        "“必填”为空报错误，“应填”为空报提示。长度按字符计，小数写作“总位数,小数位”。“核对”一栏打勾的，所填代码须在值域表内"
        "（HQ023）；各表的代码见[代码表](code_tables.md)。",
    ]
    for layout_id in hqms_fields.LAYOUTS:
        layout = hqms_fields.layout(layout_id)
        rows = (
            (
                f.seq,
                f"`{f.code}`",
                f.name_zh,
                TYPES_ZH[f.type],
                f"{f.max_length},{f.scale}" if f.scale else f.max_length,
                PRESENCE_ZH.get(f.presence),
                f"{f.table} {tables.table(f.table).name_zh}" if f.table else "",
                f.table_checked,
            )
            for f in layout.fields
        )
        parts.append(f"## {layout_id} 版：{len(layout.fields)} 列")
        parts.append(table(("序号", "代码", "名称", "类型", "长度", "是否必填", "值域", "核对"), rows))
    return "\n\n".join(parts)


LEVELS_ZH = {"error": "错误", "warning": "提示", "confirm": "请确认"}
VERDICTS_ZH = {"finds": "报出", "passes": "通过", "unknown": "无法判断"}
#: What the members of slots are called inside messages.
MEMBERS_ZH = {
    "value": "所填内容",
    "code": "编码",
    "name": "名称",
    "number": "编号",
    "listed_name": "编码表中的名称",
    "performed": "日期",
    "entered": "进入时间",
    "departed": "退出时间",
    "position": "第几个",
    "outcome": "出院情况",
    "poa": "入院病情",
    "level": "级别",
    "surgeon": "术者",
    "assistant": "助手",
    "anaesthesia_method": "麻醉方式",
    "wound_healing": "切口愈合",
    "unit": "监护室名称",
}


def rules_zh() -> dict[str, str]:
    """The rules on discharge files for those who mend what they find, and a page that leads to them."""
    from tonghu import rulebook
    from tonghu.hqms.labels import GROUPS_ZH

    book = rulebook.load()
    titles = {"registry.front_page": "病案首页校验规则", "registry.scope": "监测范围规则"}
    index = [
        "# 规则目录",
        "[English](rules.md)",
        "“错误”改正后才能通过审核；“提示”请核对，属实的可说明理由后通过。标“未核实”的规则由推导或回忆得来，出处里有说明。"
        "病案首页与肿瘤编码的全部规则（含判断式）见[英文目录](rules.md)。",
    ]
    pages = {}
    for name, title in titles.items():
        found = sorted((r for r in book.rules if r.set == name), key=lambda r: (r.reports, r.id))
        words = _WordsZh(book.schemas[found[0].schema], GROUPS_ZH)
        texts = [f"# {title}（{len(found)} 条）", f"[规则目录](rules.zh.md) · [English](rules-{name}.md)"]
        pages[f"rules-{name}.zh.md"] = "\n\n".join([*texts, *map(words.rule, found)])
        index.append(f"## [{title}](rules-{name}.zh.md)")
        rows = ((f"[{rule.reports}](rules-{name}.zh.md#{rule.id})", words.level(rule), rule.title.zh) for rule in found)
        index.append(table(("编号", "级别", "查什么"), rows))
    return {"rules.zh.md": "\n\n".join(index), **pages}


class _WordsZh:
    """Rules of one schema in Chinese."""

    def __init__(self, schema: Schema, groups: Mapping[str, str]) -> None:
        from tonghu.codes import hqms_fields

        self.schema, self.groups = schema, groups
        self.fields: dict[str, dict[str, str]] = {}
        self.names: dict[str, str] = {}
        for layout in map(hqms_fields.layout, hqms_fields.LAYOUTS):
            for field in layout.fields:
                self.fields.setdefault(field.name, {})[layout.id] = field.code
                self.names.setdefault(field.name, field.name_zh)

    def level(self, rule: Rule) -> str:
        """How grave, or into which group."""
        return LEVELS_ZH[rule.level.value] if rule.level else f"归入“{self.groups[str(rule.outcome)]}”"

    def rule(self, rule: Rule) -> str:
        """One rule as a section: what is said first, how it is decided folded away."""
        from tonghu.policy import clause

        layouts = f"，只用于 {'、'.join(sorted(rule.layouts))} 版" if rule.layouts else ""
        optional = "，可选，默认不启用" if rule.optional else ""
        verified = "" if rule.verified else "（未核实）"
        lines = [
            f"- **级别**：{self.level(rule)}{layouts}{optional}",
            f"- **查什么**：{rule.title.zh}" + (f"。项目：{place}" if (place := self._place(rule)) else ""),
            f"- **为什么**：{self._filled(rule.message.zh, rule)}",
            *([f"- **怎样改**：{self._filled(rule.mend.zh, rule)}"] if rule.mend else []),
            f"- **依据**：{'、'.join(clause(path).citation for path in rule.clauses)}{verified}",
        ]
        said = [("逐项", rule.each if rule.each != "record" else None), ("当", rule.when), ("应", rule.must)]
        said += [("报出", rule.flag), *((f":{name}", str(value)) for name, value in rule.params.items())]
        folded = [f"- {word}：`{' '.join(text.split())}`" for word, text in said if text]
        folded += [f"- 出处：{rule.source}", f"- 版本 {rule.version}，自 {rule.valid_from} 起"]
        folded += [
            f"- 例：{', '.join(f'{k} = {v}' for k, v in e.record.items())} → {VERDICTS_ZH[e.verdict]}"
            for e in rule.examples
        ]
        part = f"（{rule.id}）" if rule.id != rule.reports else ""
        return "\n".join(
            [
                f'<a id="{rule.id}"></a>\n\n### {rule.reports} {rule.title.zh}{part}\n',
                *lines,
                "\n<details><summary>判断式、出处与例子</summary>\n",
                *folded,
                "\n</details>",
            ]
        )

    def _place(self, rule: Rule) -> str:
        """On which field it reports, with its codes."""
        if rule.each != "record":
            member = MEMBERS_ZH.get(str(rule.at), "") if rule.at in self.schema.collections[rule.each].members else ""
            whole = member in ("", "所填内容")
            return self.schema.collections[rule.each].zh + ("" if whole else f"的{member}")
        codes = self.fields.get(str(rule.at), {})
        told = "；".join(f"{layout} 版 {code}" for layout, code in codes.items())
        return f"{self.names[str(rule.at)]}（{told}）" if codes else ""

    def _filled(self, text: str, rule: Rule) -> str:
        """A text with what stands in its places said in words."""

        def word(found: re.Match[str]) -> str:
            name = found[1]
            if name in rule.params:
                return str(rule.params[name])
            members = self.schema.collections[rule.each].members if rule.each != "record" else {}
            if name in members:
                return f"〔{MEMBERS_ZH[name]}〕"
            return f"〔{self.names.get(name) or self.schema.fact(name).zh}〕"

        return re.sub(r" ?\{(\w+)\} ?", word, " ".join(text.split())).rstrip("。")


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


def card_reference() -> ModuleType:
    """The tool beside this one; found by its place, since this one is also loaded from a test."""
    spec = importlib.util.spec_from_file_location("card_reference", Path(__file__).with_name("card_reference.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages() -> dict[str, str]:
    """File name → text of every page, as the code and the rules say it now."""
    found = {
        "fields.md": fields(),
        "fields.zh.md": fields_zh(),
        "code_tables.md": code_tables(),
        "language.md": language(),
        **rules(),
        **rules_zh(),
        **card_reference().pages(table),
    }
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
