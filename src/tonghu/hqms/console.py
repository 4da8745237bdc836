"""What the command line shows at the end: a short summary that a clerk can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tonghu.codes import regions
from tonghu.hqms.labels import GROUPS_ZH, LEVELS
from tonghu.hqms.summary import Summary

_SHOWN_RULES = 8
_SHOWN_FIELDS = 2


def report(made: Summary, out: Path) -> str:
    """The summary of a run in a few lines of Chinese."""
    lines = [f"注意　　　{text}" for text in made.said(attention=True)]
    lines += [
        f"文件　　　{made.file}：{made.layout} 版病案首页，{made.taken_for['zh']}，{made.size:,} 字节",
        f"行数　　　{made.rows:,} 行" + (f"，入院时不满 20 岁 {made.under_20:,} 行" if made.scoped else ""),
        f"应报告　　{made.in_scope:,} 行" + _groups(made) if made.scoped else "应报告　　没有生效的监测范围，未判断",
    ]
    if made.undetermined:
        lines.append(f"待判定　　{made.undetermined:,} 行：诊断在范围内而年龄不明，请核对")
    levels = "，".join(f"{LEVELS[level]} {count:,} 个" for level, count in made.findings_by_level.items())
    lines.append(f"问题　　　{levels}；有错误的病例 {made.problem_cards:,} 行")
    lines += [_rule(line) for line in made.findings_by_rule[:_SHOWN_RULES]]
    if more := _more(made.findings_by_rule[_SHOWN_RULES:]):
        where = "marked.xlsx 的“校验汇总”" if "marked.xlsx" in made.outputs else "findings.csv"
        lines.append(f"　　　　　……另有{more}，见 {where}")
    if made.archive_month:
        assumed = "（按出院月份推定，可用 --archive-month 声明）" if made.archive_month_assumed else ""
        place = f"，适用于 {made.region} {regions.named(made.region).name}" if made.region else ""
        lines.append(f"归档月　　{made.archive_month}{assumed}；使用 {made.on} 有效的规则{place}")
    lines += [f"说明　　　{text}" for text in made.said(attention=False)]
    lines.append(f"结果　　　{out}：{'、'.join(made.outputs)}（{made.seconds} 秒）")
    lines.append(f"下一步　　{_next(made, out)}")
    return "\n".join(lines)


def _more(rules: Sequence[Mapping[str, object]]) -> str:
    """How many rules of each level are not shown."""
    counts = Counter(str(line["level"]) for line in rules)
    return "、".join(f"{LEVELS[level]}规则 {counts[level]} 条" for level in LEVELS if counts[level])


def _next(made: Summary, out: Path) -> str:
    """What the clerk does now."""
    warnings = made.findings_by_level.get("warning", 0)
    if not made.scoped:
        return "核对 --on 的日期后重新检查；本次结果不能作为提交审核的依据"
    if not made.problem_cards:
        return "没有错误，可提交审核" + (f"；另有 {warnings:,} 个提示请核对" if warnings else "")
    if "marked.xlsx" in made.outputs:
        where = f"打开 {out / 'marked.xlsx'}，先改 {made.problem_cards:,} 行有错误的病例"
    else:
        where = f"先改 {made.problem_cards:,} 行有错误的病例（加 --mark 可得到标注问题的工作簿）"
    return f"{where}；在病案系统改好后重新导出再查"


def _groups(made: Summary) -> str:
    groups = [f"{GROUPS_ZH.get(name, name)} {count:,}" for name, count in made.by_group.items() if count]
    return "：" + "，".join(groups) if groups else ""


def _rule(line: Mapping[str, object]) -> str:
    found = line["columns"]
    assert isinstance(found, Sequence)
    fields = "、".join(str(one["label"]) for one in found[:_SHOWN_FIELDS])
    more = " 等" if len(found) > _SHOWN_FIELDS else ""
    where = f" · {fields}{more}" if fields else ""
    level = LEVELS[str(line["level"])]
    return f"　　　　　{level} {line['rule']} {line['title_zh']}：{line['findings']:,} 个，{line['rows']:,} 行{where}"
