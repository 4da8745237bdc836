"""`tonghu site check-cards`: whether every report card is consistent."""

from __future__ import annotations

import argparse
from typing import Any, Final

from tonghu.config.site import opened
from tonghu.progress import Progress

#: So many problems are printed one by one.
SHOWN: Final = 50


def add_words(words: Any) -> None:
    """The words of `tonghu site check-cards`."""
    check = words.add_parser("check-cards", help="核对全部报告卡是否前后一致 · whether every report card is consistent")
    check.add_argument("--quick", action="store_true", help="只核对表，不打开卡的内容 · tables only, contents unopened")
    check.set_defaults(run=_check_cards)


def _check_cards(args: argparse.Namespace) -> int:
    cards = found = 0
    with opened(), Progress("已核对 {} 份报告卡", "cards checked") as progress:
        from tonghu.platform.scope.scope import system_scope
        from tonghu.registry.checker import problems

        for many, wrong in problems(system_scope("checking"), contents=not args.quick):
            cards += many
            progress.show(cards)
            for one in wrong:
                found += 1
                if found <= SHOWN:
                    where = f"{one.institution} #{one.card}" if one.card else one.institution
                    print(f"✗ {where}：{one.zh} / {one.en}")
    if found > SHOWN:
        print(f"…… 另有 {found - SHOWN:,} 处 / and {found - SHOWN:,} more")
    if found:
        print(f"{cards:,} 份报告卡，{found:,} 处不一致 / {cards:,} cards, {found:,} inconsistencies")
        return 1
    print(f"✓ {cards:,} 份报告卡全部一致 / {cards:,} cards, all consistent")
    return 0
