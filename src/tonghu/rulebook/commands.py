"""``tonghu rules``: what the system checks, on which clause, and what a change would do."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tonghu.errors import InputRefused

if TYPE_CHECKING:
    from tonghu.rulebook.rulebook import Rulebook
    from tonghu.rulebook.rules import Rule
    from tonghu.rulebook.ruleset import RuleSet
    from tonghu.rulebook.schema import Schema


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add list, show, test, run and replay."""
    words = parser.add_subparsers(dest="rules_word", metavar="COMMAND", required=True)
    listing = words.add_parser("list", help="列出规则 · the rules that hold on a day at a place")
    _choice(listing)
    listing.add_argument(
        "--inert", action="store_true", help="只列等待外部事实的规则 · only rules that wait for a fact"
    )
    listing.set_defaults(run=list_rules)
    show = words.add_parser("show", help="显示一条规则的全部内容 · everything about one rule")
    show.add_argument("id", help="规则号 · the rule's id, such as HQ043")
    show.add_argument(
        "--rules", type=Path, action="append", default=[], help="另加的规则目录 · a folder with more rules"
    )
    show.set_defaults(run=show_rule)
    test = words.add_parser("test", help="用两个执行器运行规则文件中的示例 · run the examples in both executors")
    test.add_argument("--set", action="append", dest="sets", metavar="SET", help="规则集 · only this set")
    test.add_argument(
        "--rules", type=Path, action="append", default=[], help="另加的规则目录 · a folder with more rules"
    )
    test.set_defaults(run=test_rules)
    run = words.add_parser("run", help="对一条或多条记录运行规则 · ask the rules of records in JSON or CSV")
    _choice(run)
    run.add_argument("--facts", type=Path, required=True, help="事实文件 · JSON (one record or a list) or CSV of facts")
    run.set_defaults(run=run_rules)
    replay = words.add_parser("replay", help="比较两个版本的规则 · compare two versions of the rules over a file")
    replay.add_argument("file", type=Path, help="数据文件 · a file of records")
    replay.add_argument("--set", action="append", dest="sets", metavar="SET", help="规则集 · only this set")
    replay.add_argument("--from", dest="before", required=True, metavar="DATE|FOLDER", help="旧版 · the version before")
    replay.add_argument("--to", dest="after", required=True, metavar="DATE|FOLDER", help="新版 · the version after")
    replay.add_argument("--at", metavar="REGION", help="地区代码 · code of the region")
    replay.add_argument("--layout", help="版式 · layout of the records")
    replay.set_defaults(run=replay_rules)


def _choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", dest="sets", metavar="SET", help="规则集 · only this set")
    parser.add_argument("--on", metavar="DATE", help="哪一天的规则（默认今天，北京时间）· rules of which day (today)")
    parser.add_argument("--at", metavar="REGION", help="六位行政区划代码 · six-digit code of the region")
    parser.add_argument("--layout", help="只用该版式的规则 · only rules for this layout")
    parser.add_argument(
        "--rules", type=Path, action="append", default=[], help="另加的规则目录 · a folder with more rules"
    )


def _day(text: str | None) -> date:
    from tonghu.codes.dates import read_date, today_in_china

    if text is None:
        return today_in_china()
    day = read_date(text).value
    if day is None:
        raise InputRefused(f"“{text}”不是日期，应如 2026-11-22", f"“{text}” is no date: write it like 2026-11-22")
    return day


def _place(code: str | None) -> str | None:
    """A region that is or was listed."""
    from tonghu.codes.regions import named

    return code and named(code).code


def _load(extra: list[Path]) -> Rulebook:
    from tonghu.rulebook.rulebook import PACKAGED, load

    for path in extra:
        if not path.exists():
            raise InputRefused(f"没有 {path}", f"There is no {path}")
    return load([PACKAGED, *extra])


def _chosen(args: argparse.Namespace) -> list[RuleSet]:
    """The rules of each set that was asked for (default: of every set)."""
    rulebook, day, place = _load(args.rules), _day(args.on), _place(args.at)
    return [rulebook.on(day, place, {name}, args.layout, options=_ALL) for name in args.sets or rulebook.sets]


class _All:
    """Every optional rule is listed, whether it is switched on or not."""

    def __contains__(self, _name: object) -> bool:
        return True


_ALL: Any = _All()


def list_rules(args: argparse.Namespace) -> int:
    """Print one line for each rule."""
    for ruleset in _chosen(args):
        shown = ruleset.inert() if args.inert else ruleset.rules
        for rule in sorted(shown, key=lambda rule: (rule.reports, rule.id)) if shown and shown[0].level else shown:
            waits = ruleset.waits_for(rule)
            notes = [
                *(["可选 optional"] if rule.optional else []),
                *(["待 " + " ".join(sorted(waits))] if waits else []),
            ]
            tail = f"（{'；'.join(notes)}）" if notes else ""
            print(f"{rule.id}\t{rule.level or rule.outcome}\t{rule.title.zh}{tail}\t{rule.title.en}")
    return 0


def show_rule(args: argparse.Namespace) -> int:
    """Print every version and layer of one rule, and its parts (HQ036-check reports as HQ036)."""
    rulebook = _load(args.rules)
    wanted = args.id.casefold()
    found = [rule for rule in rulebook.rules if wanted in (rule.id.casefold(), rule.reports.casefold())]
    if not found:
        raise InputRefused(f"没有规则 {args.id}", f"There is no rule {args.id}")
    print("\n\n".join(_described(rule) for rule in found))
    return 0


_LEVELS = {"error": "错误", "warning": "提示", "confirm": "需确认"}
_LAYERS = {"NATIONAL": "国家", "PROVINCE": "省", "HOSPITAL": "医院"}


def _described(rule: Rule) -> str:
    from tonghu.policy import clause

    level = _LEVELS.get(rule.level or "", f"归入 {rule.outcome}")
    place = f" {rule.place}" if rule.place else ""
    lines = [
        f"{rule.id}  {rule.title.zh}",
        f"{' ' * len(rule.id)}  {rule.title.en}",
        f"  等级 level      {level} {rule.level or rule.outcome}" + ("，不可放宽 fixed" if rule.fixed else ""),
        f"  层级 layer      {_LAYERS[rule.layer.name]} {rule.layer.name.lower()}{place}",
        f"  有效 valid      {rule.valid_from} – {rule.valid_to or ''}  版本 version {rule.version}",
        f"  适用 each       {rule.each}" + (f"，版式 layout {', '.join(sorted(rule.layouts))}" if rule.layouts else ""),
    ]
    written = ((word, getattr(rule, word)) for word in _WORDS)
    lines += [f"  {_WORDS[word]} {word:<10} {' '.join(text.split())}" for word, text in written if text]
    if rule.params:
        lines.append("  参数 params     " + ", ".join(f":{name} = {value}" for name, value in rule.params.items()))
    if rule.by != "condition":
        lines.append(f"  判断 by         {rule.by}")
    lines.append(f"  提示 message    {rule.message.zh}\n                  {rule.message.en}")
    if rule.mend:
        lines.append(f"  处理 mend       {rule.mend.zh}\n                  {rule.mend.en}")
    for path in rule.clauses:
        one = clause(path)
        lines.append(f"  条款 clause     {path}  {one.zh}\n                  {one.en}")
    verified = "已核实 verified" if rule.verified else "推导或待核实 derived or not yet verified"
    lines.append(f"  来源 source     {rule.source}（{verified}）")
    lines.append(f"  文件 file       {rule.file}，规则集 set {rule.set}")
    for number, example in enumerate(rule.examples, 1):
        record = ", ".join(f"{name}={value}" for name, value in example.record.items())
        lines.append(f"  示例 {number:<3} {_VERDICTS[example.verdict]}  {record[:200]}")
    return "\n".join(lines)


_WORDS = {"when": "条件", "must": "应当", "flag": "标出"}
_VERDICTS = {"finds": "发现 finds  ", "passes": "通过 passes ", "unknown": "未知 unknown"}


def test_rules(args: argparse.Namespace) -> int:
    """Run the examples; 1 when an executor answers otherwise than an example says."""
    from tonghu.progress import Progress
    from tonghu.rulebook.examples import run_examples

    rulebook = _load(args.rules)
    wanted = [rule for rule in rulebook.rules if args.sets is None or rule.set in args.sets]
    asked, failed = 0, []
    with Progress("已回答 {} 次", "answers given") as progress:
        for outcome in run_examples(rulebook, wanted):
            asked += 1
            progress.show(asked)
            if not outcome.is_right:
                failed.append(outcome)
    for outcome in failed:
        missing = " ".join(sorted(outcome.missing))
        print(
            f"{outcome.rule.id} 示例 {outcome.number}（{outcome.executor}）：应为 {outcome.example.verdict}，"
            f"实为 {outcome.verdict} {missing} / {outcome.rule.file}, example {outcome.number}: "
            f"{outcome.verdict} instead of {outcome.example.verdict}"
        )
    without = sum(1 for rule in wanted if rule.by == "condition" and not rule.examples)
    print(f"{len(wanted)} 条规则，{asked // 2} 个示例，{len(failed)} 处不符，{without} 条无示例 / ", end="")
    print(
        f"{len(wanted)} rules, {asked // 2} examples, {len(failed)} wrong answers, {without} rules without an example"
    )
    return 1 if failed else 0


def run_rules(args: argparse.Namespace) -> int:
    """Print what the rules say of each record; unknown answers name the facts that would decide them."""
    from tonghu.rulebook.facts_input import read_records

    rulesets = _chosen(args)
    schema = rulesets[0].schema
    records = read_records(args.facts, schema)
    for ruleset in rulesets:
        if ruleset.schema.name != schema.name:
            raise InputRefused(
                "所选规则集的事实表不同，请用 --set 指定", "The sets speak of several schemas: use --set"
            )
    judges = [(ruleset, ruleset.for_record()) for ruleset in rulesets]
    for number, record in enumerate(records, 1):
        for ruleset, judge in judges:
            for answer in judge(record):
                words = ruleset.words(answer, record)
                missing = f"，缺 missing: {' '.join(answer.missing)}" if answer.missing else ""
                level = answer.rule.level or answer.rule.outcome
                mark = level if answer.verdict == "finds" else "未知 unknown"
                print(f"{number}\t{answer.rule.reports}\t{mark}\t{answer.fact}\t{words.zh}{missing}\t{words.en}")
    return 0


def replay_rules(args: argparse.Namespace) -> int:
    """Print what two versions of the rules find differently."""
    from tonghu.rulebook.replay import replay

    if not args.sets and args.file.suffix.lower() != ".json":
        # A file of records as they are kept in the field: the rules that speak of what its reader reads.
        args.sets = sorted({rule.set for rule in _load([]).rules if rule.schema in args.facts_readers})
    layout, tables = _tables(args, _version(args.before, args, args.layout).schema)
    result = replay(_version(args.before, args, layout), _version(args.after, args, layout), tables)
    print(f"{result.records} 条记录 / records")
    for title, changes in (("新发现 newly caught", result.caught), ("不再发现 let go", result.let_go)):
        print(f"{title}: {sum(change.count for change in changes.values())}")
        for rule, change in sorted(changes.items()):
            print(f"  {rule}\t{change.count}\t行 rows {', '.join(map(str, change.rows))}")
    print(f"等级变化 changed level: {sum(change.count for change in result.levelled.values())}")
    for (rule, old, new), change in sorted(result.levelled.items()):
        print(f"  {rule}\t{old} → {new}\t{change.count}\t行 rows {', '.join(map(str, change.rows))}")
    return 0


def _version(text: str, args: argparse.Namespace, layout: str | None) -> RuleSet:
    """The rules of a day, or today's rules of a folder that holds a whole rulebook."""
    from tonghu.rulebook.rulebook import load

    path = Path(text)
    rulebook, day = (load([path]), _day(None)) if path.exists() else (_load([]), _day(text))
    return rulebook.on(day, _place(args.at), args.sets, layout)


def _tables(args: argparse.Namespace, schema: Schema) -> tuple[str | None, Iterable[Any]]:
    """The file's layout and its typed tables: facts in JSON or CSV, or what the schema's own reader makes of it."""
    reader = args.facts_readers.get(schema.name)
    if args.file.suffix.lower() == ".json" or reader is None:
        from tonghu.rulebook.facts_input import read_records
        from tonghu.rulebook.tables import table_of

        return args.layout, [table_of(schema, read_records(args.file, schema))]
    module, name = reader.split(":")
    columns, tables = getattr(importlib.import_module(module), name)(args.file, _day(None))
    return columns.named, tables
