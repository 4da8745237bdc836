"""`tonghu site …`: what an operator does with a site."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tonghu.config import begin_commands, card_commands, environment, serving
from tonghu.config.site import Site, opened, require, require_own, said_in_words
from tonghu.errors import InputRefused
from tonghu.platform.database import roles


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The words of `tonghu site`."""
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)

    up = words.add_parser("up", help="启动网站与后台任务，Ctrl-C 结束 · serve the site; Ctrl-C ends it")
    up.add_argument("--port", type=int, default=serving.PORT, help="网站端口，默认 8000 · the site's port")
    up.set_defaults(run=_up)

    words.add_parser("down", help="结束正在运行的网站 · end the running site").set_defaults(run=_down)
    words.add_parser("status", help="各部分是否正常 · whether every part is well").set_defaults(run=_status)
    words.add_parser("migrate", help="升级数据库结构 · bring the database to this version").set_defaults(run=_migrate)
    begin_commands.add_words(words)
    logins = words.add_parser("logins", help="演示网站的全部账号 · every log-in of the demo's site")
    logins.set_defaults(run=_log_ins)
    _backup_words(words)
    card_commands.add_words(words)
    words.add_parser("worker", help="只运行后台任务进程 · run jobs only").set_defaults(run=_worker)


def _backup_words(words: Any) -> None:
    key = {"type": Path, "help": "备份密钥文件，默认站点目录 keys/backup.key · the backup key's file"}
    backup = words.add_parser("backup", help="加密备份到一个文件 · write an encrypted backup")
    backup.add_argument("file", type=Path, help="要写的文件 · the file to write")
    backup.add_argument("--key", **key)
    backup.set_defaults(run=_backup)
    restore = words.add_parser("restore", help="从备份恢复到空的站点 · restore a backup into an empty site")
    restore.add_argument("file", type=Path, help="备份文件 · the backup")
    restore.add_argument("--key", **key)
    restore.set_defaults(run=_restore)
    rehearse = words.add_parser("rehearse", help="在临时服务器上演练恢复并出具证据 · rehearse a restore, with evidence")
    rehearse.add_argument("file", type=Path, nargs="?", help="备份文件；不给则现做一份 · a backup (or a fresh one)")
    rehearse.add_argument("--key", **key)
    rehearse.set_defaults(run=_rehearse)


def _site() -> Site:
    return Site(environment.home())


def _up(args: argparse.Namespace) -> int:
    site = _site()
    require_own(site.home)
    address = f"http://127.0.0.1:{args.port}/"
    try:
        with serving.held(site, address):
            serving.check_port(args.port)
            print("正在启动…… / Starting …", flush=True)
            site.open()
            site.migrate()
            site.collect()
            nobody = _nobody_yet()
            serving.serve(site, args.port, lambda: _announce(address, nobody=nobody))
    except serving.AlreadyUp as up:
        raise InputRefused(
            f"网站已在运行：{up.address}；要结束请用 ./run tonghu site down",
            f"The site is up already: {up.address}; ./run tonghu site down ends it",
        ) from None
    return 0


def _nobody_yet() -> bool:
    from django.db import connections

    from tonghu.config import beginning

    try:
        return beginning.nobody_yet()
    finally:
        connections.close_all()  # who only watches over processes holds no connection for days


def _announce(address: str, *, nobody: bool = False) -> None:
    print(f"童护已启动：{address}  按 Ctrl-C 结束 / Tonghu is up: {address}  Ctrl-C ends it", flush=True)
    if nobody:
        print(begin_commands.NOBODY, flush=True)


def _down(_args: argparse.Namespace) -> int:
    was_up = serving.stop(environment.home())
    print("已停止 / Stopped" if was_up else "网站没有运行 / The site was not up")
    return 0


def _status(_args: argparse.Namespace) -> int:
    with opened():
        from tonghu.platform.operations.health import checks

        said = checks()
    for check in said:
        print(f"{'✓' if check.passed else '✗'} {check.name:<11} {check.detail}")
    return 0 if all(check.passed for check in said) else 1


def _migrate(_args: argparse.Namespace) -> int:
    site = _site()
    with _server_of(site):
        site.open()
        site.migrate()
    print("数据库结构已是最新 / The database is up to date")
    return 0


def _log_ins(_args: argparse.Namespace) -> int:
    from tonghu.config import demo_site

    with opened(demo_site.home()) as site:
        demo_site.list_log_ins(site)
    return 0


def _key(args: argparse.Namespace, home: Path) -> Path:
    place: Path = args.key or environment.backup_key(home)
    return place


def _backup(args: argparse.Namespace) -> int:
    from tonghu.platform.database.backup import stream, write

    write.check_place(args.file)
    with opened() as site:
        place = _key(args, site.home)
        fresh = not place.exists()
        with said_in_words(place):
            stream.make_key(place)
        with said_in_words(args.file):
            done = write.backup(site.home, args.file, stream.read_key(place), Progress())
    print(
        f"已备份 {len(done.evidence.tables)} 张表 {done.evidence.rows:,} 行、{done.files} 个文件："
        f"{done.place}（{done.size / 1e6:,.1f} MB） / Backed up {len(done.evidence.tables)} tables, "
        f"{done.evidence.rows:,} rows, {done.files} files"
    )
    print(
        f"结构指纹 {done.evidence.structure_hash}（演练恢复时应相同） / "
        f"Fingerprint of the structure {done.evidence.structure_hash}: a rehearsal finds the same"
    )
    _say_lost(done.lost)
    if fresh:
        print(
            f"新建了备份密钥 {place}：请与 keys 目录一起另存他处，没有密钥备份无法恢复 / "
            f"A backup key was made: keep it, with the folder keys, in another place; no backup opens without it"
        )
    return 0


def _restore(args: argparse.Namespace) -> int:
    from tonghu.platform.database.backup import restore, stream

    site = _site()
    key = stream.read_key(_key(args, site.home))
    restore.read_through(args.file, key)  # before a server is made: who is refused would be left with it
    with _server_of(site), said_in_words(site.home):
        done = restore.restore(
            args.file, key, admin_url=site.admin_url(), home=site.home, database=site.database(), progress=Progress()
        )
    print(
        f"已恢复 {done.made_at} 的备份：{len(done.found.tables)} 张表 {done.found.rows:,} 行、{done.files} 个文件，"
        f"行数、内容哈希、权限与备份一致 / Restored the backup of {done.made_at}: rows, content hashes and rights "
        "are those of the backup"
    )
    _say_lost(done.lost)
    return 0


def _say_lost(files: int) -> None:
    if files:
        print(
            f"注意：有 {files} 个文件，数据库记录还在，文件却已不在 / "
            f"Attention: {files} files live by the database and lie nowhere",
            file=sys.stderr,
        )


@contextmanager
def _server_of(site: Site) -> Iterator[None]:
    """The server alone, without touching the database that a restore wants to make."""
    ours = site.server is not None and site.server.pid() is None
    if site.server:
        site.server.start()
    try:
        yield
    finally:
        if ours:
            site.close()


def _rehearse(args: argparse.Namespace) -> int:
    from tonghu.platform.database.backup import rehearse, stream, write

    def say(zh: str, en: str) -> None:
        print(f"✓ {zh} / {en}", flush=True)

    home = environment.home()
    place = _key(args, home)
    with tempfile.TemporaryDirectory(prefix="tonghu-backup-") as folder, said_in_words(home):
        file: Path | None = args.file
        if file is None:
            file = Path(folder) / "rehearsal.backup"
            with opened() as site:
                stream.make_key(place)
                done = write.backup(site.home, file, stream.read_key(place))
            say(f"新做备份 {done.size / 1e6:,.1f} MB", f"a fresh backup, {done.size / 1e6:,.1f} MB")
        rehearse.rehearse(file, stream.read_key(place), say)
    print("演练通过 / The rehearsal passed")
    return 0


class Progress:
    """How far a backup or restore is, on one line of a terminal; silent elsewhere."""

    _PARTS: Final = {"evidence": "清点与哈希 · counting", "database": "数据库 · database", "files": "文件 · files"}

    def __init__(self) -> None:
        self._begun = self._said = time.monotonic()

    def __call__(self, part: str, done: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - self._said < 0.2 and done):
            return
        self._said = now
        rate = done / max(now - self._begun, 0.001) / 1e6
        amount = f" {done / 1e6:,.0f} MB, {rate:,.0f} MB/s" if done else ""
        print(f"\r\033[K{self._PARTS[part]}{amount}", end="", file=sys.stderr, flush=True)


def _worker(_args: argparse.Namespace) -> int:
    require(environment.home())
    os.environ["TONGHU_HOME"] = str(environment.home())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tonghu.config.settings")
    import django

    django.setup()
    from tonghu.platform.jobs import worker

    say_if_away(environment.home())
    worker.run()
    return 0


def say_if_away(home: Path) -> None:
    """Say in one line on a terminal that the site's database does not answer; the worker's log says it at once, too."""
    if not sys.stderr.isatty():
        return
    import psycopg

    try:
        psycopg.connect(roles.address(home, "app"), connect_timeout=5).close()
    except psycopg.OperationalError as fault:
        where = roles.where(home)
        print(
            f"数据库没有应答（{where}），将不断重试，恢复后自动继续；Ctrl-C 结束 / "
            f"The database at {where} does not answer: tried again until it does; Ctrl-C ends it "
            f"({roles.reason(fault)})",
            file=sys.stderr, flush=True,
        )  # fmt: skip
