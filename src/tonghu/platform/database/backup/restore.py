"""Turn a backup into a database again: into an empty place, whole or not at all, and proved equal."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from psycopg import sql

from tonghu.errors import InputRefused
from tonghu.platform.database import roles
from tonghu.platform.database.backup import evidence
from tonghu.platform.database.backup.stream import Reader
from tonghu.platform.database.backup.write import FILES, living, program_environment
from tonghu.platform.database.installations import choose


@dataclass(frozen=True)
class Restored:
    """A database made from a backup.

    Attributes:
        made_at: when the backup was made.
        wanted: what the backup says it holds.
        found: what the database holds now.
        files: how many stored files came back, each with the hash that it had.
        lost: how many did not, though the database says that they live: the site had lost them before the backup.
    """

    made_at: str
    wanted: evidence.Evidence
    found: evidence.Evidence
    files: int
    lost: int

    @property
    def differences(self) -> list[str]:
        """What is not equal; empty when everything is."""
        return evidence.differences(self.wanted, self.found)


def manifest(source: Path, key: bytes) -> dict[str, Any]:
    """Read what a backup says of itself; it stands first, so that the rest need not be opened.

    Raises:
        InputRefused: there is no such file, or it does not open with this key.
    """
    with _opened(source) as opened:
        reader = Reader(opened, key)
        said: dict[str, Any] = json.loads(b"".join(reader.blocks())) if reader.section() == "manifest" else {}
    return said


def read_through(source: Path, key: bytes) -> None:
    """Open every piece of a backup, so that nothing need be made for one that does not open to its end.

    Raises:
        InputRefused: there is no such file, it does not open with this key, or it is cut or altered.
    """
    with _opened(source) as opened:
        reader = Reader(opened, key)
        while reader.section():
            for _block in reader.blocks():
                pass


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as fault:
        raise _unread(fault, source) from fault


def _unread(fault: OSError, source: Path) -> InputRefused:
    """Say why a backup cannot be read."""
    match fault:
        case FileNotFoundError() | NotADirectoryError():
            return InputRefused(f"没有这个文件：{source}", f"No such file: {source}")
        case IsADirectoryError():
            return InputRefused(f"这是文件夹，不是备份文件：{source}", f"This is a folder, not a backup: {source}")
        case PermissionError():
            return InputRefused(f"没有读权限：{source}", f"No permission to read: {source}")
    return InputRefused(f"读不到文件 {source}：{fault.strerror}", f"Cannot read {source}: {fault.strerror}")


def restore(
    source: Path, key: bytes, *, admin_url: str, home: Path, database: str,
    progress: Callable[[str, int], None] | None = None,
) -> Restored:  # fmt: skip
    """Make the site of a backup in `home` on the server of `admin_url`.

    It is built under another name and gets its own only when counts, hashes and rights are those of the backup.

    Raises:
        InputRefused: the database or the folder for files is not empty; the file does not open, is cut or altered; or
            what came out is not what went in. Nothing is left behind then.
    """
    _check_empty(admin_url, home, database)
    building = f"restoring_{os.getpid()}"
    files = home / f"{FILES}.restoring"
    tell = progress or (lambda _part, _done: None)
    before = (home / roles.FILE).read_bytes() if (home / roles.FILE).exists() else None
    try:
        with _opened(source) as opened:
            done = _rebuild(Reader(opened, key), admin_url, home, building, files, tell)
        if done.differences:
            said = "；".join(done.differences[:3])
            raise InputRefused(f"恢复结果与备份不符：{said}", f"What was restored is not what the backup holds: {said}")
        _forget_workers(admin_url, building)
        _rename(admin_url, building, database)
        files.mkdir(parents=True, exist_ok=True)
        if (home / FILES).is_dir():
            (home / FILES).rmdir()
        files.rename(home / FILES)
        roles.prepare(admin_url, home, database)
    except BaseException:
        if before is not None:
            (home / roles.FILE).write_bytes(before)
        else:
            (home / roles.FILE).unlink(missing_ok=True)
        raise
    finally:
        _drop(admin_url, building)
        shutil.rmtree(files, ignore_errors=True)
    return done


def _rebuild(
    reader: Reader, admin_url: str, home: Path, building: str, files: Path, tell: Callable[[str, int], None]
) -> Restored:
    manifest: dict[str, Any] = {}
    hashes: dict[str, list[Any]] = {}
    listed: dict[str, list[Any]] = {}
    gone: set[str] = set()
    while name := reader.section():
        if name == "manifest":
            manifest = json.loads(b"".join(reader.blocks()))
        elif name == "database":
            roles.prepare(admin_url, home, building)
            _load(reader, admin_url, building, tell)
        elif name == "files":
            listed = json.loads(b"".join(reader.blocks()))
        elif name == "gone":
            gone = set(json.loads(b"".join(reader.blocks())))
        elif name.startswith("file:"):
            hashes[name.removeprefix("file:")] = _keep(reader, files, name.removeprefix("file:"))
    if not manifest or hashes != listed:
        raise InputRefused("备份内容不完整", "The backup is not complete")
    tell("evidence", 0)
    with psycopg.connect(admin_url, dbname=building) as connection:
        found = evidence.gather(connection)
        lost = living(connection) - listed.keys() - gone
    return Restored(manifest["at"], evidence.from_json(manifest["database"]), found, len(listed), len(lost))


def _load(reader: Reader, admin_url: str, building: str, tell: Callable[[str, int], None]) -> None:
    with psycopg.connect(admin_url) as connection:
        server = connection.info.server_version // 10000
    info: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(admin_url), "dbname": building}
    password = str(info.pop("password", ""))
    command = [
        choose(at_least=server).program("pg_restore"), "--exit-on-error", "--single-transaction", "--no-password",
        f"--dbname={psycopg.conninfo.make_conninfo(**info)}",
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 -- PostgreSQL's own program
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=program_environment(password)
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        done = 0
        broken = False
        try:
            for block in reader.blocks():
                done += len(block)
                tell("database", done)
                if not broken:
                    try:
                        process.stdin.write(block)
                    except BrokenPipeError:
                        broken = True
        except BaseException:
            process.kill()  # its one transaction goes with it
            raise
        finally:
            try:
                process.stdin.close()
            except BrokenPipeError:
                broken = True
        said = process.stderr.read().decode(errors="replace").strip()
    if process.returncode or broken:
        lines = [line for line in said.splitlines() if "error" in line] or [str(process.returncode)]
        raise InputRefused(f"恢复失败：{lines[0]}", f"Restoring failed: {lines[0]}")


def _keep(reader: Reader, folder: Path, name: str) -> list[Any]:
    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise InputRefused("备份内容不完整", "The backup is not complete")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    said, size = hashlib.sha256(), 0
    with place.open("wb") as out:
        place.chmod(0o600)
        for block in reader.blocks():
            said.update(block)
            size += len(block)
            out.write(block)
    return [size, said.hexdigest()]


def _check_empty(admin_url: str, home: Path, database: str) -> None:
    if (home / FILES).is_dir() and any((home / FILES).iterdir()):
        raise InputRefused(
            f"{home / FILES} 里已有文件，不会覆盖", f"{home / FILES} holds files already and is not replaced"
        )
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=5) as admin:
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
                return
    except psycopg.Error as fault:
        raise roles.refused(fault, admin_url) from fault
    with psycopg.connect(admin_url, dbname=database) as there:
        row = there.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        ).fetchone()
    if row and row[0]:
        raise InputRefused(
            f"数据库 {database} 里已有 {row[0]} 张表，不会覆盖：请恢复到空的服务器或另一个 TONGHU_HOME",
            f"The database {database} has {row[0]} tables already: restore to an empty server or TONGHU_HOME",
        )


def _forget_workers(admin_url: str, building: str) -> None:
    """No worker of the site that was backed up runs here: they count as silent for long, and what they were doing as
    stalled, so that it is taken up again."""
    with psycopg.connect(admin_url, dbname=building) as connection:
        if connection.execute("SELECT to_regclass('public.procrastinate_workers')").fetchone() != (None,):
            connection.execute("UPDATE public.procrastinate_workers SET last_heartbeat = 'epoch'")


def _rename(admin_url: str, building: str, database: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(database))
        )


def _drop(admin_url: str, building: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(building)))
