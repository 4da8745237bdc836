"""Make a backup: one moment of the database with its evidence, and the stored files."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from tonghu import __version__
from tonghu.errors import InputRefused, of_the_system
from tonghu.platform.database import roles
from tonghu.platform.database.backup import evidence
from tonghu.platform.database.backup.stream import PIECE, Writer
from tonghu.platform.database.installations import choose

#: What is kept outside the database, below the site's folder; the files in it are sealed already.
FILES: Final = "files"


@dataclass(frozen=True)
class Written:
    """A backup that was made.

    Attributes:
        place: the file.
        size: its bytes.
        evidence: what it holds of the database.
        files: how many stored files are in it.
        lost: how many stored files should be, by the database, and lie nowhere.
    """

    place: Path
    size: int
    evidence: evidence.Evidence
    files: int
    lost: int


def living(connection: psycopg.Connection[Any]) -> set[str]:
    """Return where the files lie, below :data:`FILES`, that live by what a database says."""
    if connection.execute("SELECT to_regclass('public.files_storedfile')").fetchone() == (None,):
        return set()
    found = connection.execute("SELECT place FROM public.files_storedfile WHERE destroyed_at IS NULL").fetchall()
    return {f"{place[:2]}/{place}" for (place,) in found}


def check_place(place: Path) -> None:
    """See that a backup can be written there, before anything is done for it.

    Raises:
        InputRefused: the file exists, its folder does not or may not be written, or the place takes no files.
    """
    folder = place.absolute().parent
    try:
        if place.exists():
            raise InputRefused(f"文件已存在，不会覆盖：{place}", f"The file exists and is not replaced: {place}")
        if not folder.is_dir():
            raise InputRefused(
                f"没有这个文件夹：{folder}，请先建立或另选位置", f"No such folder: {folder}; make it, or choose another"
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputRefused(f"没有写权限：{folder}", f"No permission to write: {folder}")
        # Folders that are none of a disk, /proc for one, seem writable and take no file: only a try tells.
        os.close(_begin(place))
        _unfinished(place).unlink()
    except OSError as fault:
        fault.filename = str(place)  # not the name until it is whole
        raise of_the_system(fault, place) or InputRefused(
            f"这里不能写文件：{place}（{fault.strerror}），请另选位置",
            f"No file can be written there: {place} ({fault.strerror}); choose another place",
        ) from fault


def _unfinished(place: Path) -> Path:
    """What a backup is called until it is whole."""
    return place.with_name(f".{place.name}.{os.getpid()}")


def _begin(place: Path) -> int:
    return os.open(_unfinished(place), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def backup(home: Path, place: Path, key: bytes, progress: Callable[[str, int], None] | None = None) -> Written:
    """Write a backup of the site in `home` to `place`; the site may go on working.

    Everything about the database comes from one snapshot, which the program that dumps it shares. Stored files never
    change, so those that the snapshot names are copied after it; which of them were destroyed meanwhile is noted.

    Args:
        home: the site's folder.
        place: the file to write; it must not exist, and appears only when it is whole.
        key: of :func:`~tonghu.platform.database.backup.stream.read_key`.
        progress: told the name of the part and the bytes done.

    Raises:
        InputRefused: as for :func:`check_place`; the database is away, or no program of PostgreSQL fits the server.
        OSError: the disk is full, or the folder may not be written; nothing is left behind.
    """
    check_place(place)
    unfinished = _unfinished(place)
    tell = progress or (lambda _part, _done: None)
    try:
        with os.fdopen(_begin(place), "wb") as out:
            writer = Writer(out, key)
            seen, named = _database(home, writer, tell)
            listed = _files(home / FILES, writer, tell)
            missing = named - listed.keys()
            gone = missing - _living_now(home) if missing else set()
            _section(writer, "gone", iter([json.dumps(sorted(gone)).encode()]))
            writer.close()
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(place)
    finally:
        unfinished.unlink(missing_ok=True)
    return Written(place, place.stat().st_size, seen, len(listed), len(missing - gone))


def _connected(home: Path) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(roles.address(home, "backup"), connect_timeout=5)
    except psycopg.OperationalError as fault:
        last = str(fault).strip().splitlines()[-1]
        raise InputRefused(f"连不上数据库：{last}", f"The database cannot be reached: {last}") from None


def _living_now(home: Path) -> set[str]:
    with _connected(home) as connection:
        return living(connection)


def _database(home: Path, writer: Writer, tell: Callable[[str, int], None]) -> tuple[evidence.Evidence, set[str]]:
    """The evidence of the snapshot, and the files that it names."""
    address = roles.address(home, "backup")
    with _connected(home) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        tell("evidence", 0)
        seen = evidence.gather(connection)
        manifest = {
            "format": 1, "tonghu": __version__, "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "postgresql": connection.info.server_version // 10000, "database": seen.as_json(),
            "log": _head_of_log(connection),
        }  # fmt: skip
        _section(writer, "manifest", iter([json.dumps(manifest, ensure_ascii=False).encode()]))
        _section(writer, "database", _dump(address, row[0], connection.info.server_version // 10000, tell))
        return seen, living(connection)


def _head_of_log(connection: psycopg.Connection[Any]) -> str:
    """The newest link of the log's chain at that moment, ``number:hash``: by it, what is cut off later shows."""
    if connection.execute("SELECT to_regclass('public.audit_link')").fetchone() == (None,):
        return ""
    newest = "SELECT seq::text || ':' || encode(hash, 'hex') FROM public.audit_link ORDER BY seq DESC LIMIT 1"
    found = connection.execute(newest).fetchone()
    return str(found[0]) if found else ""


def _dump(address: str, snapshot: str, server: int, tell: Callable[[str, int], None]) -> Iterator[bytes]:
    info: dict[str, Any] = dict(psycopg.conninfo.conninfo_to_dict(address))
    password = str(info.pop("password", ""))
    command = [
        choose(at_least=server).program("pg_dump"), "--format=custom", "--compress=6", "--no-password",
        f"--snapshot={snapshot}", f"--dbname={psycopg.conninfo.make_conninfo(**info)}",
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 -- PostgreSQL's own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=program_environment(password)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        done = 0
        while block := process.stdout.read(PIECE):
            done += len(block)
            tell("database", done)
            yield block
        said = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        last = said.splitlines()[-1] if said else str(process.returncode)
        raise InputRefused(f"备份失败：{last}", f"The backup failed: {last}")


def program_environment(password: str) -> dict[str, str]:
    """The environment for PostgreSQL's programs: nothing of the caller's settings, and the password out of sight."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "PGPASSWORD": password}


def _files(folder: Path, writer: Writer, tell: Callable[[str, int], None]) -> dict[str, list[Any]]:
    listed: dict[str, list[Any]] = {}
    done = 0
    for file in sorted(f for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else ():
        said, size = hashlib.sha256(), 0
        name = file.relative_to(folder).as_posix()
        try:
            source = file.open("rb")
        except FileNotFoundError:
            continue  # destroyed meanwhile, with its record
        writer.section(f"file:{name}")
        with source:
            while block := source.read(PIECE):
                said.update(block)
                size += len(block)
                writer.write(block)
        writer.end_section()
        listed[name] = [size, said.hexdigest()]
        done += size
        tell("files", done)
    _section(writer, "files", iter([json.dumps(listed).encode()]))
    return listed


def _section(writer: Writer, name: str, blocks: Iterator[bytes]) -> None:
    writer.section(name)
    for block in blocks:
        writer.write(block)
    writer.end_section()
