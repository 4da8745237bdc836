"""`tonghu policy list|show`: the clauses of the policies and what they require, Chinese first."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonghu.policy.library import Clause, Requirement


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `tonghu policy`."""
    words = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    list_ = words.add_parser("list", help="列出条款 · list the clauses")
    list_.add_argument("--document", metavar="KEY", help="只列一份文件，如 NHC20 · one document only")
    list_.add_argument(
        "--requirement", metavar="ID", help="只列某项要求的依据，如 REG-04 · what a requirement rests on"
    )
    list_.add_argument("--json", action="store_true", help="输出 JSON · as JSON")
    list_.set_defaults(run=run_list)

    show = words.add_parser("show", help="查看一条条款或一项要求 · one clause or requirement")
    show.add_argument("what", metavar="PATH|ID", help="条款如 NHC20.3.2，要求如 REG-04，文件如 NHC20")
    show.set_defaults(run=run_show)


def run_list(args: argparse.Namespace) -> int:
    """Print the chosen clauses, a document's heading before its clauses; JSON when asked for."""
    from tonghu.policy import library

    chosen = library.clauses(args.document)
    if args.requirement:
        cited = library.requirement(args.requirement).clauses
        chosen = tuple(clause for clause in chosen if clause.path in cited)
    if args.json:
        print(json.dumps([_as_json(clause) for clause in chosen], ensure_ascii=False, indent=1))
        return 0
    heading = None
    for clause in chosen:
        if clause.document.key != heading:
            heading = clause.document.key
            print(f"\n{_heading(clause)}")
        print(f"  {clause.path:<13} {clause.printed:<8} {clause.zh}")
    print(f"\n共 {len(chosen)} 条 · {len(chosen)} clauses")
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Print one clause, one requirement or one document with its clauses."""
    from tonghu.policy import library

    what: str = args.what
    if what in library.DOCUMENT_KEYS:
        return run_list(argparse.Namespace(document=what, requirement=None, json=False))
    if "-" in what:
        _print_requirement(library.requirement(what))
    else:
        _print_clause(library.clause(what))
    return 0


def _print_clause(clause: Clause) -> None:
    from tonghu.policy import library

    print(f"{clause.path}  {clause.citation}")
    print(f"{_heading(clause)}\n")
    print(f"  {clause.zh}\n  {clause.en}\n")
    print(f"  原文用语 · as printed: {'；'.join(clause.terms)}")
    for requirement_id in clause.requirements:
        requirement = library.requirement(requirement_id)
        print(f"\n  {requirement.id}  {requirement.zh}\n           {requirement.en}")


def _print_requirement(requirement: Requirement) -> None:
    from tonghu.policy import library

    print(f"{requirement.id}  {requirement.area.zh} · {requirement.area.en}\n")
    print(f"  {requirement.zh}\n  {requirement.en}\n\n  依据 · rests on")
    for path in requirement.clauses:
        clause = library.clause(path)
        print(f"    {clause.path:<13} {clause.citation}\n      {clause.zh}\n      {clause.en}")


def _heading(clause: Clause) -> str:
    document = clause.document
    when = document.date.isoformat() if document.date else "日期未印 · no date printed"
    return f"{document.key}  {document.title_zh}（{document.number or '未印文号'}，{when}）\n{document.title_en}"


def _as_json(clause: Clause) -> dict[str, Any]:
    return {
        "path": clause.path,
        "document": clause.document.number,
        "title": clause.document.title_zh,
        "printed": clause.printed,
        "zh": clause.zh,
        "en": clause.en,
        "terms": list(clause.terms),
        "requirements": list(clause.requirements),
    }
