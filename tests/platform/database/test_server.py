"""A server of our own: made where it can be reached, found again where it was, and refused in one line."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tonghu.errors import InputRefused
from tonghu.platform.database import installations, roles
from tonghu.platform.database import server as serving
from tonghu.platform.database.installations import Binaries, choose, make_enterable, reachable, within_reach
from tonghu.platform.database.server import Server

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's own user may pass through, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="tonghu-server-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("binaries", installations.installations(), ids=lambda b: f"{b.source}-{b.version}")
def test_it_comes_back_where_it_was_with_what_it_had(binaries: Binaries, place: Path) -> None:
    server = Server(place / "postgres", binaries, durable=False)
    try:
        server.start()
        server.start()  # a second time does nothing
        port, pid = server.port(), server.pid()
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            admin.execute("CREATE TABLE kept (n int)")
        server.stop()
        server.stop()
        assert server.pid() is None
        with pytest.raises(InputRefused, match="not running"):
            server.admin_url()
        # Another program object, without a word about the version: the data say which programs fit.
        again = Server(place / "postgres")
        again.start()
        assert (again.port(), again.binaries.version) == (port, binaries.version)
        assert again.pid() != pid
        with psycopg.connect(again.admin_url()) as admin:
            assert admin.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        again.stop()
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            again.start()
            assert again.port() != port
    finally:
        server.remove()
    assert not (place / "postgres").exists()


def test_strangers_on_the_machine_get_in_nowhere(place: Path) -> None:
    server = Server(place / "postgres", durable=False)
    try:
        server.start()
        address = f"host=127.0.0.1 port={server.port()} dbname=postgres connect_timeout=3"
        for user, password in (("tonghu_admin", ""), ("tonghu_admin", "wrong"), ("postgres", ""), ("root", "")):
            with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password"):
                psycopg.connect(f"{address} user={user} password='{password}'")
        assert oct((server.data).stat().st_mode & 0o777) == "0o700"
        assert oct((server.data.parent / "password").stat().st_mode & 0o777) == "0o600"
        sockets = [f for f in Path("/tmp").glob(".s.PGSQL.*") if str(server.port()) in f.name]
        assert sockets == []
    finally:
        server.remove()


def test_a_number_that_is_another_programs_by_now_is_not_a_server(place: Path) -> None:
    server = Server(place / "postgres")
    server.data.mkdir(parents=True)
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert server.pid() is None
    (server.data / "postmaster.pid").write_text("not a number\n")
    assert server.pid() is None


def test_after_a_crash_the_number_may_be_another_programs_and_it_starts_all_the_same(place: Path) -> None:
    server = Server(place / "postgres")
    other: subprocess.Popen[bytes] | None = None
    try:
        server.start()
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            admin.execute("CREATE TABLE kept (n int)")
        lock = server.data / "postmaster.pid"
        said, pid = lock.read_text(), server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.pid() is not None:
            time.sleep(0.05)
        # The number is now that of a program of the same user: PostgreSQL would take it for a server, and not start.
        uid = server.data.stat().st_uid
        other = subprocess.Popen(["/bin/sleep", "60"], user=uid if os.geteuid() == 0 else None)
        lock.write_text(said.replace(str(pid), str(other.pid), 1))
        server.start()
        with psycopg.connect(server.admin_url()) as admin:
            assert admin.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert other.poll() is None, "nothing happened to the other program"
    finally:
        if other:
            other.kill()
            other.wait()
        server.remove()


def test_a_full_disk_is_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(serving.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(InputRefused, match="needs at least 200 MB"):
        Server(place / "postgres").start()


def test_what_initdb_says_is_passed_on_in_one_line(place: Path) -> None:
    programs = place / "bin"
    programs.mkdir()
    for name, words in (("initdb", "initdb: error: no luck"), ("full", "No space left on device")):
        (programs / name).write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
        (programs / name).chmod(0o755)
    programs.chmod(0o755)
    broken = Server(place / "postgres", Binaries(15, programs, "debian"))
    with pytest.raises(InputRefused, match="The database could not be made: initdb: error: no luck"):
        broken.start()
    assert not broken.data.exists()
    (programs / "full").replace(programs / "initdb")
    with pytest.raises(InputRefused, match="The disk is full"):
        broken.start()


def test_a_server_that_does_not_answer_in_time_is_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(place / "postgres", durable=False)
    try:
        server.start()
        server.stop()
        conf = server.data / "postgresql.conf"
        conf.write_text(conf.read_text() + "shared_preload_libraries = 'nowhere'\n")
        monkeypatch.setattr(serving, "START_SECONDS", 0.5)
        with pytest.raises(InputRefused, match="The database did not start"):
            server.start()
    finally:
        server.remove()


def test_without_any_installation_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installations, "DEBIAN", tmp_path)
    monkeypatch.setattr(installations.importlib.util, "find_spec", lambda _: None)
    for version, words in ((None, r"PostgreSQL 15\+"), (17, "PostgreSQL 17")):
        with pytest.raises(InputRefused, match=words):
            choose(version)


def test_one_that_is_too_old_is_named_beside_what_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in (13, 11):
        (tmp_path / str(version) / "bin").mkdir(parents=True)
        (tmp_path / str(version) / "bin" / "initdb").touch()
    monkeypatch.setattr(installations, "DEBIAN", tmp_path)
    monkeypatch.setattr(installations.importlib.util, "find_spec", lambda _: None)
    assert installations.installations() == []
    with pytest.raises(InputRefused, match=r"没有 PostgreSQL 15\+（现有 13, 11）.*here \(there is 13, 11\)"):
        choose()


@pytest.mark.parametrize(("number", "found"), [(140012, "14.12"), (130000, "13.0"), (90624, "9.6.24")])
def test_a_server_that_is_too_old_is_refused_by_its_version(number: int, found: str) -> None:
    with pytest.raises(InputRefused) as refused:
        roles.check_version(number, "db.example.org:5432")
    assert refused.value.zh == f"数据库版本过低：db.example.org:5432 是 PostgreSQL {found}，需要 15 以上"
    assert refused.value.en == f"The database at db.example.org:5432 is PostgreSQL {found}: 15 or newer is needed"


def test_one_that_is_new_enough_is_not() -> None:
    for number in (150000, 150018, 180006):
        roles.check_version(number, "db.example.org:5432")


class OldServer(threading.Thread):
    """Says over PostgreSQL's own protocol that it is an old one, to whoever connects, and keeps what it is asked."""

    def __init__(self, version: str) -> None:
        super().__init__(daemon=True)
        self.version, self.asked = version, b""
        self.door = socket.create_server(("127.0.0.1", 0))

    def run(self) -> None:
        held, _ = self.door.accept()
        with self.door, held:
            (length,) = struct.unpack("!i", held.recv(4))
            held.recv(length)
            said = {"server_version": self.version, "client_encoding": "UTF8", "standard_conforming_strings": "on"}
            held.sendall(_message(b"R", struct.pack("!i", 0)))  # come in
            for name, value in said.items():
                held.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
            held.sendall(_message(b"Z", b"I"))
            while asked := held.recv(1024):
                self.asked += asked


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def test_an_old_server_is_refused_before_anything_is_made_on_it(tmp_path: Path) -> None:
    server = OldServer("13.4")
    server.start()
    url = f"postgresql://admin:secret@127.0.0.1:{server.door.getsockname()[1]}/postgres?sslmode=disable&gssencmode=disable"
    with pytest.raises(InputRefused, match=r"是 PostgreSQL 13\.4，需要 15 以上") as refused:
        roles.prepare(url, tmp_path / "home")
    server.join(10)
    assert "secret" not in str(refused.value)
    assert server.asked[:1] == b"X", "nothing but the farewell"
    assert not (tmp_path / "home").exists()


def test_a_wheel_that_does_not_run_here_is_passed_over(tmp_path: Path) -> None:
    assert installations._version(tmp_path / "postgres") is None
    odd = tmp_path / "odd"
    odd.write_text("#!/bin/sh\necho nothing\n")
    odd.chmod(0o755)
    assert installations._version(odd) is None


def test_programs_out_of_reach_are_copied_with_their_libraries(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = next(b for b in installations.installations() if b.source == "wheel")
    hidden = place / "hidden"
    hidden.mkdir(mode=0o700)
    package = wheel.folder.parent.parent
    for part in (package, *package.parent.glob(f"{package.name}.libs")):
        shutil.copytree(part, hidden / part.name, symlinks=True)
    hidden_wheel = Binaries(wheel.version, hidden / package.name / "pginstall/bin", "wheel")
    monkeypatch.setattr(installations, "SHARED_STATE", place / "shared")
    assert within_reach(hidden_wheel, None) is hidden_wheel
    old = os.umask(0o077)
    try:
        copied = within_reach(hidden_wheel, NOBODY)
        assert within_reach(hidden_wheel, NOBODY) == copied
    finally:
        os.umask(old)
    assert copied.folder.is_relative_to(place / "shared")
    assert reachable(copied.folder, NOBODY)
    shutil.rmtree(hidden)
    said = subprocess.run([copied.program("initdb"), "--version"], capture_output=True, text=True, check=True).stdout
    assert f"{wheel.version}." in said
    assert len(list((place / "shared").iterdir())) == 1, "nothing half copied stays"


def test_a_copy_that_fails_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = place / "hidden"
    (hidden / "package/pginstall/bin").mkdir(parents=True)
    hidden.chmod(0o700)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(installations, "SHARED_STATE", place / "shared")
    monkeypatch.setattr(installations.shutil, "copytree", full)
    with pytest.raises(OSError, match="No space"):
        within_reach(Binaries(18, hidden / "package/pginstall/bin", "wheel"), NOBODY)
    assert list((place / "shared").iterdir()) == []


def test_root_keeps_data_where_its_database_user_can_reach_them(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SHARED_STATE", place / "shared")
    closed, open_ = place / "closed", place / "open"
    closed.mkdir(mode=0o700)
    make_enterable(open_ / "site")
    assert serving._place(open_ / "site", NOBODY) == open_ / "site"
    assert serving._place(closed / "site", None) == closed / "site"
    outside = serving._place(closed / "site", NOBODY)
    assert outside.parent == place / "shared"
    # Once there are data, they are where they are, whoever closes or opens a folder meanwhile.
    (outside / "data").mkdir(parents=True)
    (outside / "data/PG_VERSION").touch()
    closed.chmod(0o755)
    assert serving._place(closed / "site", NOBODY) == outside
    (open_ / "site/data").mkdir()
    (open_ / "site/data/PG_VERSION").touch()
    open_.chmod(0o700)
    assert serving._place(open_ / "site", NOBODY) == open_ / "site"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_a_folder_that_was_closed_afterwards_is_named(place: Path) -> None:
    home = place / "site"
    make_enterable(home)
    server = Server(home / "postgres", durable=False)
    server.start()
    server.stop()
    home.chmod(0o700)
    try:
        with pytest.raises(InputRefused, match="may not enter"):
            Server(home / "postgres").start()
    finally:
        home.chmod(0o711)
        server.remove()


def test_root_without_an_unprivileged_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> None:
        raise KeyError

    monkeypatch.setattr(serving.pwd, "getpwnam", unknown)
    with pytest.raises(InputRefused, match="postgres or nobody"):
        serving._unprivileged()


def test_nothing_of_the_callers_settings_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c row_security=off")
    assert not [name for name in serving._environment() if name.startswith("PG")]


def test_a_server_that_does_not_answer_is_named_with_the_reason_and_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        roles.prepare("postgresql://postgres:geheim-4711@127.0.0.1:1/postgres", tmp_path)
    for said in (refused.value.zh, refused.value.en):
        assert "127.0.0.1:1" in said
        assert "Connection refused" in said
        assert "geheim" not in said
        assert "Is the server running" not in said


def test_a_site_that_is_not_prepared_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"run \./run up first"):
        roles.address(tmp_path, "app")
    assert roles.django_database(tmp_path, "app")["HOST"] == ""
