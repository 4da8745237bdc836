"""`tonghu site check-cards`: whether every report card is consistent, and every import explains itself."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from tonghu.config.site import opened
from tonghu.progress import Progress

if TYPE_CHECKING:
    from tonghu.registry.checker import Problem

#: So many problems are printed one by one.
SHOWN: Final = 50


def add_words(words: Any) -> None:
    """The words of `tonghu site check-cards`."""
    check = words.add_parser(
        "check-cards", help="核对报告卡与导入是否前后一致 · whether cards and imports are consistent"
    )
    check.add_argument("--quick", action="store_true", help="只核对表，不打开卡的内容 · tables only, contents unopened")
    check.set_defaults(run=_check_cards)


def _check_cards(args: argparse.Namespace) -> int:
    cards = batches = 0
    found: list[Problem] = []
    with opened(), Progress("已核对 {} 份报告卡", "cards checked") as progress:
        from tonghu.intake import checker as of_imports
        from tonghu.platform.scope.scope import system_scope
        from tonghu.registry import checker as of_cards

        for many, wrong in of_cards.problems(system_scope("checking"), contents=not args.quick):
            cards += many
            progress.show(cards)
            found += wrong
        for many, wrong in of_imports.problems(system_scope("checking")):
            batches += many
            found += wrong
    for one in found[:SHOWN]:
        where = f"{one.institution} #{one.card}" if one.card else one.institution
        print(f"✗ {where}：{one.zh} / {one.en}")
    zh, en = f"{cards:,} 份报告卡、{batches:,} 次导入", f"{cards:,} cards and {batches:,} imports"
    if len(found) > SHOWN:
        print(f"…… 另有 {len(found) - SHOWN:,} 处 / and {len(found) - SHOWN:,} more")
    if found:
        print(f"{zh}，{len(found):,} 处不一致 / {en}, {len(found):,} inconsistencies")
        return 1
    print(f"✓ {zh}全部一致 / {en}, all consistent")
    return 0
