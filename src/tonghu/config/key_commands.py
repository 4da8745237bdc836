"""`tonghu keys …`: the keys of sealed fields, and changing them while the system works."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

from tonghu.config.site import opened
from tonghu.errors import InputRefused

#: What no rotation makes anew, and why.
WHY_KEPT: Final = {
    "audit_link.hash": ("日志防篡改链只能用原密钥核对", "the log's chain is checked with the key that made it"),
    "accounts_recoverycode.digest": ("恢复码只有本人能更换", "recovery codes are renewed by their holders alone"),
    "intake_answer.content_key": (
        "导入中已答复的行只留下哈希，靠它认出同一行",
        "of rows that were answered in imports hashes alone are left, by which the same row is known again",
    ),
}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The words of `tonghu keys`."""
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listed = words.add_parser("list", help="列出密钥及其使用情况 · the keys and what stands under each")
    listed.set_defaults(run=_list)

    add = words.add_parser("add", help="新增密钥，稍后启用 · add a key; it begins to write a little later")
    add.add_argument("--use", choices=("seal", "hash"), default="seal", help="加密或散列 · to seal or to hash")
    add.add_argument("--algorithm", help="SM4-GCM, AES-256-GCM; HMAC-SM3, HMAC-SHA-256")
    add.set_defaults(run=_add)

    rotate = words.add_parser("rotate", help="用新密钥重写全部密文，可中断再续 · write all again under the newest")
    rotate.set_defaults(run=_rotate)

    forget = words.add_parser("forget", help="永久删除不再使用的密钥 · delete a key that nothing needs, for ever")
    forget.add_argument("number", type=int, help="密钥编号 · the key's number")
    forget.add_argument("--yes", action="store_true", help="确认：此前的备份将打不开 · backups of before will not open")
    forget.set_defaults(run=_forget)


def _scoped() -> AbstractContextManager[Any]:
    from tonghu.platform.scope.scope import open_scope, system_scope

    return open_scope(system_scope("rotation"), using="owner")


def _list(_args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.crypto import keys, rotation

        ring = keys.present()
        for key in ring.keys:
            left = rotation.used(key.number, _scoped)
            state = "写入 writes" if ring.writer(key.use) == key else "仅读取 reads"
            if key.writes_from > datetime.now(UTC):
                state = "待启用 begins soon"
            values = sum(left.values())
            print(f"{key.number:>5}  {key.use}  {key.algorithm:<13} {key.fingerprint()}  {state:<16} {values:>12,}")
    return 0


def _add(args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.crypto import keys, site_keys

        key = site_keys.add(args.use, args.algorithm)
        print(
            f"已新增密钥 {key.number}（{key.algorithm}），{keys.LEAD.seconds} 秒后启用；请备份 {keys.key_file()}，"
            "然后运行 ./run tonghu keys rotate / "
            f"Key {key.number} was added and begins to write in {keys.LEAD.seconds} s; back the key file up, "
            "then run ./run tonghu keys rotate"
        )
    return 0


def _rotate(_args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.crypto import keys, rotation

        _wait(max(key.writes_from for key in keys.present().keys))
        begun, done, lasting = time.monotonic(), 0, rotation.lasting()
        for step in rotation.rotate(_scoped):
            done += step.changed
            _say(f"{step.place}  {done:,}  {done / max(time.monotonic() - begun, 0.001):,.0f}/s")
        _say("")
        ring = keys.present()
        older = [key.number for key in ring.keys if key != ring.writer(key.use)]
        left = {number: rotation.used(number, _scoped) for number in older}
    print(f"已用最新密钥重写 {done:,} 个值 / {done:,} values were written again under the newest keys")
    for number, places in left.items():
        for place, count in places.items():
            why = "只能如此 / by nature" if place in lasting else "互相矛盾，须人工处理 / a person decides"
            print(f"  密钥 key {number}  {place}  {count:,}  {why}")
    return 0


def _forget(args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.crypto import rotation, site_keys

        if left := rotation.used(args.number, _scoped):
            places = "、".join(f"{place} {count:,}" for place, count in left.items())
            if set(left) <= rotation.lasting():
                zh, en = ("；".join(WHY_KEPT[place][n] for place in left) for n in (0, 1))
                raise InputRefused(
                    f"密钥 {args.number} 须保留：{places}。{zh}；它已不再写入新数据",
                    f"Key {args.number} is kept: {places.replace('、', ', ')}: {en.replace('；', '; ')}; "
                    "it writes nothing new",
                )
            raise InputRefused(
                f"密钥 {args.number} 仍在使用：{places}。请先运行 ./run tonghu keys rotate",
                f"Key {args.number} is still needed: {places.replace('、', ', ')}. Run ./run tonghu keys rotate first",
            )
        if not args.yes:
            raise InputRefused(
                f"删除密钥 {args.number} 后，此前的备份将无法解密，且不可恢复；确认请加 --yes",
                f"Without key {args.number} backups made before do not open, for ever; add --yes to confirm",
            )
        site_keys.forget(args.number)
    print(f"已删除密钥 {args.number} / Key {args.number} is gone")
    return 0


def _wait(until: datetime) -> None:
    """Wait until the newest key writes, saying how long."""
    while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
        _say(f"新密钥将在 {left:.0f} 秒后启用 / the newest key begins to write in {left:.0f} s")
        time.sleep(min(left, 1))
    _say("")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
