"""A PostgreSQL server of our own, for a machine that has none: found, made, started and stopped by pid.

The server listens on the loopback address only, has no socket in the file system, and asks every log-in for a password
(SCRAM). PostgreSQL refuses to run as root, so that root runs it as an unprivileged user in a folder which that user can
reach. Which programs: see ``installations.py``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg

from tonghu.errors import InputRefused
from tonghu.platform.database.installations import (
    SHARED_STATE,
    Binaries,
    choose,
    make_enterable,
    reachable,
    within_reach,
)

ADMIN = "tonghu_admin"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
#: Least free space with which a server is started, in bytes.
FREE_BYTES = 200_000_000

#: A process number that Linux gives to none.
_NOBODYS: Final = 2**22 + 1
#: What PostgreSQL's programs say of a disk that takes no more: full, a quota used up, a file over the system's limit.
_NO_ROOM: Final = ("No space left", "quota exceeded", "File too large", "File size limit exceeded")


class Server:
    """One data directory and the server that runs on it.

    Attributes:
        home: the folder that the caller names; the data directory is ``home/data`` or, for root in a folder that nobody
            else may enter, a folder of :data:`SHARED_STATE`.
    """

    def __init__(self, home: Path, binaries: Binaries | None = None, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        user = _unprivileged() if os.geteuid() == 0 else None
        self.data = _place(home, user) / "data"
        self._user = _owner(self.data) or user if user else None
        self.binaries = within_reach(binaries or choose(), self._user)

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data.parent / "server.log"

    def pid(self) -> int | None:
        """Return the running server's process id, or None."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid if _is_postgres(pid) else None

    def port(self) -> int:
        """Return the port that the running server listens on.

        Raises:
            InputRefused: it does not run.
        """
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n")[3])
        except (OSError, ValueError, IndexError):
            raise InputRefused("数据库没有运行", "The database is not running") from None

    def admin_url(self) -> str:
        """Return the address with the administrator's password; it stays on this machine."""
        password = self._secret()
        return f"postgresql://{ADMIN}:{password}@127.0.0.1:{self.port()}/postgres"

    def start(self) -> None:
        """Make the data directory where it is missing, and start; does nothing when it already runs.

        Raises:
            InputRefused: it could not be made or did not answer in time; the message ends with the server's own words.
        """
        with self._lock():
            if self.pid() is not None:
                self._wait()
                return
            self._free_space()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if self._user and not reachable(self.data, self._user):
                raise InputRefused(
                    f"数据库用户 {self._user.pw_name} 进不了 {self.data}：请恢复上级文件夹的进入权限",
                    f"The database's user {self._user.pw_name} may not enter {self.data}: open the folders above",
                )
            made_with = int((self.data / "PG_VERSION").read_text().strip())
            if made_with != self.binaries.version:
                self.binaries = within_reach(choose(made_with), self._user)
            self._forget_killed()
            self._launch()
            self._wait()

    def stop(self) -> None:
        """Stop: open transactions are rolled back, what is committed is on disk. Does nothing when it does not run."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid() is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)
                return
            time.sleep(0.02)

    def remove(self) -> None:
        """Stop, and delete everything that the server keeps."""
        self.stop()
        shutil.rmtree(self.data.parent, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        password_file = self.data.parent / "password"
        password_file.write_text(secrets.token_urlsafe(24))
        password_file.chmod(0o600)
        if self._user:
            os.chown(self.data, self._user.pw_uid, self._user.pw_gid)
            os.chown(password_file, self._user.pw_uid, self._user.pw_gid)
        made = self._run(
            "initdb", "--pgdata", str(self.data), "--username", ADMIN, "--pwfile", str(password_file),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        )  # fmt: skip
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            self._refuse("无法建立数据库", "The database could not be made", made.stdout + made.stderr)
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(_SETTINGS if self.durable else _SETTINGS + _FOR_TESTS)

    def _forget_killed(self) -> None:
        """Where the number of a killed server is another program's by now, PostgreSQL would take that for a server and
        not start. The rest of the file stays: by it PostgreSQL sees whether processes of the killed one still work."""
        lock = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError):
            number, rest = lock.read_text().split("\n", 1)
            os.kill(int(number), 0)
            lock.write_text(f"{_NOBODYS}\n{rest}")

    def _launch(self) -> None:
        # pg_ctl puts the server into a session of its own: a Ctrl-C on the terminal is for us, and we stop it in order.
        self.log.touch(mode=0o600)
        if self._user:
            os.chown(self.log, self._user.pw_uid, self._user.pw_gid)
        # It comes back where it was: programs that are running reach it again without being told.
        place = self.data.parent / "port"
        port = _usable_port(int(place.read_text()) if place.exists() else 0)
        place.write_text(str(port))
        begun = self._run("pg_ctl", "start", "-W", "-D", str(self.data), "-l", str(self.log), "-o", f"-p {port}")
        if begun.returncode:
            self._refuse("数据库未能启动", "The database did not start", begun.stderr or self._last_log())

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.admin_url(), connect_timeout=2).close()
            except (psycopg.OperationalError, InputRefused):
                if time.monotonic() > deadline:
                    self._refuse("数据库未能启动", "The database did not start", self._last_log())
                time.sleep(0.05)
            else:
                return

    def _refuse(self, zh: str, en: str, said: str) -> None:
        if any(word in said for word in _NO_ROOM):
            raise InputRefused(
                f"磁盘已满，数据库无法启动：{self.data}", f"The disk is full: no database in {self.data}"
            )
        lines = [line for line in said.splitlines() if line.strip()]
        last = lines[-1].strip() if lines else "?"
        raise InputRefused(f"{zh}：{last}", f"{en}: {last}")

    def _last_log(self) -> str:
        try:
            return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        except OSError:
            return ""

    def _free_space(self) -> None:
        make_enterable(self.data.parent)
        if shutil.disk_usage(self.data.parent).free < FREE_BYTES:
            needed = FREE_BYTES // 1_000_000
            raise InputRefused(
                f"磁盘空间不足：数据库至少需要 {needed} MB（{self.data.parent}）",
                f"Disk full: the database needs at least {needed} MB ({self.data.parent})",
            )

    def _secret(self) -> str:
        return (self.data.parent / "password").read_text().strip()

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 -- the binaries found above
            [self.binaries.program(name), *arguments], capture_output=True, text=True, check=False, cwd="/",
            env=_environment(), **self._as_user(),
        )  # fmt: skip
        return done

    def _as_user(self) -> dict[str, Any]:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Two starts at once: the second waits, then finds it running."""
        make_enterable(self.home)
        with (self.home / "start.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield


_SETTINGS = """
# Tonghu: loopback only, no socket in the file system, SCRAM for every log-in.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '256MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
random_page_cost = 1.1
timezone = 'Asia/Shanghai'
log_timezone = 'Asia/Shanghai'
# Statements can hold names: they are not logged, not even when they fail.
log_min_error_statement = 'panic'
# An error's own text can hold a value ("invalid input syntax … 5101…"): the site's log says what failed, without it.
log_min_messages = 'fatal'
log_error_verbosity = 'terse'
"""

_FOR_TESTS = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
"""


def _environment() -> dict[str, str]:
    """Nothing of the caller's settings for PostgreSQL may steer our server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "Asia/Shanghai"}


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise InputRefused(
        "以 root 运行时需要系统用户 postgres 或 nobody", "As root, a system user postgres or nobody is needed"
    )


def _owner(data: Path) -> pwd.struct_passwd | None:
    """Who owns the data directory: a server goes on as the user that it was made for."""
    try:
        return pwd.getpwuid(data.stat().st_uid)
    except (OSError, KeyError):
        return None


def _is_postgres(pid: int) -> bool:
    """After a crash of the machine the number in the file may be another program's by now."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return not Path("/proc/self").exists()  # no /proc on this system: the number has to do


def _place(home: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder of data, log and password: where there are data already, else where `user` can reach."""
    shared = SHARED_STATE / hashlib.sha256(str(home).encode()).hexdigest()[:12]
    if user is None or (home / "data" / "PG_VERSION").exists():
        return home
    if (shared / "data" / "PG_VERSION").exists():
        return shared
    return home if reachable(home, user) else shared


def _usable_port(wanted: int) -> int:
    """`wanted`, or any free one where it is taken (or 0)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return _usable_port(0)
        return int(probe.getsockname()[1])
