"""`tonghu audit …`: whether anybody changed the log of acts."""

from __future__ import annotations

import argparse

from tonghu.config.site import opened

#: The first place where the chain does not hold, in words.
BREAKS = {
    "altered": ("日志内容或顺序被改动", "the event or its place was altered"),
    "removed": ("日志被删除", "the event was removed"),
    "link_missing": ("链中的一环被删除", "the link was removed"),
    "cut": ("日志尾部被截去，或恢复了较早的备份", "the end was cut off, or an older backup was restored"),
    "key_missing": ("入链所用的密钥缺失", "the key that it was linked with is missing"),
}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The words of `tonghu audit`."""
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    verify = words.add_parser("verify", help="检查日志是否被改动，指出第一处 · name the first change")
    verify.set_defaults(run=_verify)
    accept = words.add_parser(
        "accept-end", help="恢复较早备份后，从现有日志继续 · go on after restoring an older backup"
    )
    accept.set_defaults(run=_accept_end)


def _verify(_args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.audit import chain

        verdict = chain.check()
    broken = verdict.broken
    if broken is None:
        print(f"✓ 日志完整：{verdict.links:,} 环 / The log is whole: {verdict.links:,} links")
        return 0
    zh, en = BREAKS[broken.what]
    event = f"（日志编号 {broken.event}）" if broken.event else ""
    print(
        f"✗ 第 {broken.seq:,} 环{event}：{zh}；此前 {verdict.links:,} 环完整 / "
        f"Link {broken.seq:,}{f', event {broken.event}' if broken.event else ''}: {en}; "
        f"the {verdict.links:,} links before it hold"
    )
    return 1


def _accept_end(_args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.audit import chain

        kept = chain.accept_end()
    if kept is None:
        print("日志尾部没有缺失，无需操作 / Nothing of the end is missing: nothing to do")
    else:
        print(f"已从现有日志继续，原链头留作证据：{kept} / Going on; the former head is kept as evidence: {kept}")
    return 0
