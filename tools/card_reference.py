"""The reference pages of the report card: data dictionary and states, from the data that the platform runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tonghu.registry.supplement import Item
    from tonghu.registry.variables import Variable

Table = Callable[[Sequence[str], Iterable[Sequence[object]]], str]
#: The dictionary shows the items that hold on this day; a dated change shows once its day has come here.
SHOWN_ON = date(2026, 11, 22)
_GROUPS = {
    "basic": "基本情况 · basic", "stay": "住院 · stay", "diagnosis": "诊断 · diagnosis",
    "treatment": "治疗 · treatment", "outcome": "结局 · outcome", "cost": "费用 · cost",
}  # fmt: skip
_FOR = {"tumour": "肿瘤病例 · tumours", "death": "死亡病例 · deaths", "all": "全部 · all"}


def pages(table: Table) -> dict[str, str]:
    """File name → text."""
    return {"card.md": _dictionary(table), "card-states.md": _states(table)}


def _dictionary(table: Table) -> str:
    from tonghu.registry.supplement import items_on, stages
    from tonghu.registry.variables import typed_by_hand, variables

    typed = {item.name: item for item in items_on(SHOWN_ON)}

    def source(one: Variable) -> str:
        if one.page:
            return "首页 · page: " + ", ".join(map(_codes, one.page))
        if not one.item:
            return f"推算 · derived: `{one.derived}`"
        by = typed[one.item].from_page
        return f"补录 · typed: `{one.item}`" + (f"，首页可填 · or filled by the page: {_codes(by.field)}" if by else "")

    by_page = [one for one in variables() if one.page]
    by_both = [one for one in typed_by_hand() if typed[one.item].from_page]
    parts = [
        "# Data dictionary of the report card · 病例报告卡数据字典",
        "[Report cards](../registry.md) · [the front page's fields](fields.md) · "
        "[the card's rules](rules-registry.card.md)",
        "## Variables · 变量",
        f"{len(variables())} variables; {len(by_page)} of them stand on the front page, {len(typed_by_hand())} in the "
        f"supplement, the rest is worked out. Of the supplement an import fills {len(by_both)} where the row says it; "
        "all others are typed. Evidence: C named in readable text, H carried by the HQMS front page, I inferred (the "
        "book's table is a picture).",
        table(
            ("组 · group", "变量", "variable", "evidence", "来源 · source"),
            ((_GROUPS[one.group], one.zh, one.en, one.evidence, source(one)) for one in variables()),
        ),
        "## The supplement · 补录项",
        table(
            (
                "item", "名称", "name", "kind", "length", "values", "for", "asked", "filled by the page", "valid from",
                "clauses", "verified", "source",
            ),
            (
                (
                    f"`{item.name}`", item.zh, item.en, item.kind, item.limit, _values(item), _FOR[item.meant_for],
                    item.asked, _filled(item), item.valid_from, ", ".join(item.clauses), item.verified, item.source,
                )
                for item in typed.values()
            ),
        ),
        "## Stages · 分期（多伦多）",
        table(
            ("疾病", "disease", "ICCC-3", "code", "分期", "stage"),
            (
                (system.zh, system.en, ", ".join(sorted(system.subgroups)), f"`{option.code}`", option.zh, option.en)
                for system in stages()
                for option in system.options
            ),
        ),
    ]  # fmt: skip
    return "\n\n".join(parts)


def _codes(name: str) -> str:
    """The codes of a field of the front page in the layouts that have it."""
    from tonghu.codes.hqms_fields import LAYOUTS, layout

    return " / ".join(layout(one).by_name[name].code for one in LAYOUTS if name in layout(one).by_name)


def _filled(item: Item) -> str:
    """What of the front page fills an item, in one cell."""
    by = item.from_page
    if by is None:
        return ""
    part = f" {by.part}" if by.part else ""
    return f"{_codes(by.field)}{part}: {' '.join(sorted(by.codes))} ({by.verified}: {by.source})"


def _values(item: Item) -> str:
    """What an item may hold, in one cell."""
    if item.name == "stage":
        return "见下 · see below"
    return item.list_id or ", ".join(f"{option.code} {option.zh}" for option in item.options)


#: Of which cards an act can be done.
_HELD = {None: None, True: "only then", False: "only if not"}


def _states(table: Table) -> str:
    from tonghu.registry.states import ACTS, AUDITED, EDITABLE, WORDS, State, transitions

    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {state.value} : {WORDS[state][0]}<br/>{WORDS[state][1]}" for state in State]
    lines += [f"    {source.value} --> {act.to.value} : {act.zh} {act.code}" for act, source in transitions()]
    lines.append("```")
    parts = [
        "# States of the report card · 报告卡的状态",
        "[Report cards](../registry.md). The database's triggers, the services, pages and tests use this table.",
        "\n".join(lines),
        table(
            (
                "操作", "act", "from", "to", "right", "reason", "answer to a return", "no open findings",
                "not by authors", "the centre holds a version", "tells",
            ),
            (
                (
                    act.zh, f"`{act.code}`", ", ".join(act.sources), act.to.value, f"`{act.permission}`", act.reason,
                    act.answers, act.clean, act.not_by_authors, _HELD[act.centre_holds],
                    f"`{act.notice}`" if act.notice else None,
                )
                for act in ACTS.values()
            ),
        ),
        table(
            ("状态", "state", "in hand: a new version can be saved", "audited: somebody else approved this version"),
            ((WORDS[state][0], f"`{state.value}`", state in EDITABLE, state in AUDITED) for state in State),
        ),
    ]  # fmt: skip
    return "\n\n".join(parts)
