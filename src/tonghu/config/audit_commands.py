"""`tonghu audit …`: whether anybody changed the log of acts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tonghu.config import environment
from tonghu.config.site import opened
from tonghu.errors import InputRefused

if TYPE_CHECKING:
    from tonghu.platform.audit.chain import Head

#: The first place where the chain does not hold, in words.
BREAKS = {
    "altered": ("日志内容或顺序被改动", "the event or its place was altered"),
    "removed": ("日志被删除", "the event was removed"),
    "link_missing": ("链中的一环被删除", "the link was removed"),
    "cut": ("日志尾部被截去，或恢复了较早的备份", "the end was cut off, or an older backup was restored"),
    "head_missing": (
        "数据库之外的链头文件不见了，无法证明其后没有被截去；可用 --backup 或 --head 核对，确认后运行 audit accept-end",
        "the head outside the database is gone, so nothing proves that no end was cut off; compare by --backup or "
        "--head, then run audit accept-end",
    ),
    "key_missing": ("入链所用的密钥缺失", "the key that it was linked with is missing"),
}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The words of `tonghu audit`."""
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    verify = words.add_parser("verify", help="检查日志是否被改动，指出第一处 · name the first change")
    also = verify.add_mutually_exclusive_group()
    also.add_argument("--head", help="另与记下的链头核对，写作 环号:哈希 · compare with a head that was noted")
    also.add_argument("--backup", type=Path, help="另与一份备份中的链头核对 · compare with the head in a backup")
    verify.add_argument("--key", type=Path, help="备份密钥文件，默认站点目录 keys/backup.key · the backup key's file")
    verify.set_defaults(run=_verify)
    accept = words.add_parser(
        "accept-end", help="恢复较早备份后，从现有日志继续 · go on after restoring an older backup"
    )
    accept.set_defaults(run=_accept_end)


def _verify(args: argparse.Namespace) -> int:
    with opened() as site:
        from tonghu.platform.audit import chain

        verdict = chain.check(noted=_noted(args, site.home))
    broken = verdict.broken
    if broken is None:
        print(f"✓ 日志完整：{verdict.links:,} 环 / The log is whole: {verdict.links:,} links")
        if verdict.head:
            print(f"  链头 {verdict.head}（请另存他处，日后用 --head 核对） / Its head: note it elsewhere")
        return 0
    zh, en = BREAKS[broken.what]
    event = f"（日志编号 {broken.event}）" if broken.event else ""
    print(
        f"✗ 第 {broken.seq:,} 环{event}：{zh}；此前 {verdict.links:,} 环完整 / "
        f"Link {broken.seq:,}{f', event {broken.event}' if broken.event else ''}: {en}; "
        f"the {verdict.links:,} links before it hold"
    )
    return 1


def _noted(args: argparse.Namespace, home: Path) -> Head | None:
    """The head that is to be compared as well.

    Raises:
        InputRefused: what was typed is none, or the backup does not open or holds none.
    """
    from tonghu.platform.audit.chain import Head

    if args.backup:
        from tonghu.platform.database.backup import restore, stream

        key = stream.read_key(args.key or environment.backup_key(home))
        said = restore.manifest(args.backup, key).get("log", "")
        if not said:
            raise InputRefused(f"备份里没有链头：{args.backup}", f"The backup holds no head: {args.backup}")
    elif args.head:
        said = args.head
    else:
        return None
    try:
        return Head.of(said)
    except ValueError:
        raise InputRefused(
            f"链头应写作 环号:哈希，而不是“{said}”", f"A head is written number:hash, not “{said}”"
        ) from None


def _accept_end(_args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.audit import chain

        kept = chain.accept_end()
        own = chain.head_file()
    if kept is None:
        print("日志尾部没有缺失，无需操作 / Nothing of the end is missing: nothing to do")
    elif kept == own:
        print(f"已按现有日志记下链头：{kept} / Going on; the head of the log as it stands is kept: {kept}")
    else:
        print(f"已从现有日志继续，原链头留作证据：{kept} / Going on; the former head is kept as evidence: {kept}")
    return 0
