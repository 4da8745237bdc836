"""A rehearsal: does what a bad day needs, on a server made for it, and says what it saw.

It restores the backup into an empty server, proves it equal, asks it as ``tonghu_app`` without a scope, and sees that
a wrong key, a cut file and a changed bit are refused. Nothing of it touches the site.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tonghu.errors import InputRefused
from tonghu.platform.database import roles
from tonghu.platform.database.backup.restore import Restored, manifest, restore
from tonghu.platform.database.installations import OLDEST, choose
from tonghu.platform.database.server import Server

#: How much of a large backup is copied to be cut or changed: enough for several pieces.
_SAMPLE = 3 << 20

Say = Callable[[str, str], None]


def rehearse(source: Path, key: bytes, say: Say) -> Restored:
    """Rehearse with one backup.

    Args:
        source: the backup.
        key: its key.
        say: takes each piece of evidence as it is seen, in Chinese and English.

    Raises:
        InputRefused: anything is not as it should be.
    """
    with _place() as place:
        home = place / "site"
        # No older than the server that was dumped: its pg_restore would not read the file.
        made_on = int(manifest(source, key).get("postgresql", OLDEST))
        server = Server(place / "postgres", choose(at_least=made_on), durable=False)
        try:
            begun = time.monotonic()
            server.start()
            admin_url = server.admin_url()
            say(
                f"空服务器 PostgreSQL {server.binaries.version}",
                f"an empty server, PostgreSQL {server.binaries.version}",
            )
            done = restore(source, key, admin_url=admin_url, home=home, database="rehearsal")
            seconds = time.monotonic() - begun
            say(f"备份时间 {done.made_at}", f"backup of {done.made_at}")
            tables, rows = len(done.found.tables), done.found.rows
            say(
                f"恢复 {tables} 张表 {rows:,} 行、{done.files} 个文件，用时 {seconds:.1f} 秒",
                f"restored {tables} tables, {rows:,} rows, {done.files} files in {seconds:.1f} s",
            )
            if done.lost:
                raise InputRefused(
                    f"有 {done.lost} 个文件，数据库记录还在，备份时文件已不在：请查明后重做备份",
                    f"{done.lost} files that live by the database were not there when the backup was made: find out "
                    "why, then make another",
                )
            say("数据库所记的文件都在", "every file that lives by the database is there")
            say("每张表的行数与内容哈希与备份一致", "rows and content hash of every table are those of the backup")
            say(
                f"所有者、权限、行级安全策略一致 {done.found.structure_hash}",
                f"owners, rights and row security are the same {done.found.structure_hash}",
            )
            _without_scope(home)
            say("应用角色无权限范围时读不到任何人", "the application's role reads nobody without a scope")
            _refused(source, key, admin_url, place, say)
        finally:
            server.remove()
    return done


@contextmanager
def _place() -> Iterator[Path]:
    """A folder for the rehearsal, where the database's user can reach it too."""
    folder = Path(tempfile.mkdtemp(prefix="tonghu-rehearsal-"))
    try:
        if os.geteuid() == 0:
            folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_scope(home: Path) -> None:
    with psycopg.connect(roles.address(home, "app")) as app:
        try:
            app.execute("SELECT count(*) FROM accounts_person").fetchone()
        except psycopg.DatabaseError as fault:
            if fault.sqlstate == "TH001":
                return
    # An empty table answers without asking its policies: then there is nobody to be read either.
    with psycopg.connect(roles.address(home, "backup")) as everything:
        row = everything.execute("SELECT count(*) FROM accounts_person").fetchone()
        if row and row[0]:
            raise InputRefused(
                "恢复后的数据库没有行级安全，请勿使用", "The restored database has no row security: do not use it"
            )


def _refused(source: Path, key: bytes, admin_url: str, place: Path, say: Say) -> None:
    whole = source.stat().st_size
    with source.open("rb") as opened:
        sample = opened.read(min(_SAMPLE, whole))
    changed = bytearray(sample)
    changed[len(changed) // 2] ^= 1
    tries = (
        ("密钥不对", "a wrong key", source, secrets.token_bytes(32)),
        ("文件被截断", "a cut file", _copy(place / "cut", sample[: len(sample) - 17]), key),
        ("改动一个比特", "a changed bit", _copy(place / "changed", bytes(changed)), key),
    )
    for zh, en, file, with_key in tries:
        home = place / "refused"
        try:
            restore(file, with_key, admin_url=admin_url, home=home, database="refused")
        except InputRefused:
            with psycopg.connect(admin_url) as admin:
                left = admin.execute(
                    "SELECT datname FROM pg_database WHERE datname = 'refused' OR datname LIKE 'restoring%'"
                ).fetchall()
            if left or (home / "files").exists():
                raise InputRefused(f"{zh}：拒绝后留下了残余", f"{en}: something was left behind") from None
            say(f"{zh}：被拒绝，没有留下任何东西", f"{en}: refused, nothing left behind")
        else:
            raise InputRefused(f"{zh}：竟被接受", f"{en}: it was accepted")


def _copy(place: Path, data: bytes) -> Path:
    place.write_bytes(data)
    return place
