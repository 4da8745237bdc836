"""A real site with its real processes, and what goes wrong in real life: it is said, it comes back, nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from running_site import RunningSite, prepared, until

from tonghu.platform.database import roles

LANGUAGE = "django_language"


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    folder = Path(tempfile.mkdtemp(prefix="tonghu-faults-"))
    folder.chmod(0o711)  # the database's own user passes through
    running = RunningSite(prepared(folder / "site"))
    running.start()
    try:
        until(running.ready, "every part is ready")
        yield running
    finally:
        if running.process and running.process.poll() is None:
            running.end()
        shutil.rmtree(folder)


def write(site: RunningSite, n: int) -> None:
    """A committed row, as a page would leave it behind."""
    with psycopg.connect(roles.address(site.home, "owner")) as owner:
        owner.execute("INSERT INTO django_content_type (app_label, model) VALUES ('fault', %s)", [str(n)])


def written(site: RunningSite) -> list[str]:
    with psycopg.connect(roles.address(site.home, "owner")) as owner:
        rows = owner.execute("SELECT model FROM django_content_type WHERE app_label = 'fault' ORDER BY id").fetchall()
    return [row[0] for row in rows]


def test_a_second_start_says_where_the_first_is(site: RunningSite) -> None:
    second = site.command("site", "up")
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (2, "", 1)
    assert f"http://127.0.0.1:{site.port}/" in second.stderr
    assert site.ready()


def test_a_busy_port_is_one_line(site: RunningSite, tmp_path: Path) -> None:
    other = RunningSite(tmp_path / "other")
    for port, words in ((site.port, "in use"), (0, "between 1 and 65535")):
        done = other.command("site", "up", "--port", str(port))
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGQUIT])
def test_the_database_goes_away_and_comes_back(site: RunningSite, how: int) -> None:
    write(site, how)
    before = site.postgres()
    assert before is not None
    os.kill(site.processes("site up")[0], signal.SIGSTOP)  # whoever would start it again is slow
    try:
        os.kill(before, how)
        until(lambda: site.postgres() is None, "the database is gone")
        answer = site.ask("/", Cookie=f"{LANGUAGE}=en")
        assert answer.status == 503
        assert "The database cannot be reached at the moment" in answer.text
        assert answer.headers["retry-after"] == answer.headers["refresh"] == "15"
        assert "暂时连不上数据库" in site.ask("/").text
        assert site.ask("/healthz").status == 200
        ready = site.ask("/readyz")
        assert ready.status == 503
        assert '"database": {"ok": false' in ready.text
    finally:
        os.kill(site.processes("site up")[0], signal.SIGCONT)
    until(lambda: site.postgres() not in (None, before), "the database is back")
    until(site.ready, "every part is ready again")
    assert site.ask("/").status < 500
    assert str(how.value) in written(site)


def test_a_killed_worker_comes_back(site: RunningSite) -> None:
    before = site.processes("site worker")
    assert len(before) == 1
    os.kill(before[0], signal.SIGKILL)
    until(lambda: site.processes("site worker") not in ([], before), "another worker runs")
    until(site.ready, "every part is ready again")


def test_killed_web_processes_come_back(site: RunningSite) -> None:
    master, *workers = site.processes("gunicorn")
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    until(site.ready, "pages are served again")
    old = site.processes("gunicorn")
    os.kill(master, signal.SIGKILL)
    until(lambda: not set(old) & set(site.processes("gunicorn")), "nothing of the old ones is left")
    until(site.ready, "every part is ready again")


def test_a_key_file_that_goes_away_is_said_and_work_goes_on(site: RunningSite) -> None:
    place = site.home / "keys" / "fields.json"
    away = place.with_suffix(".away")
    place.rename(away)
    try:
        until(lambda: not site.checks()["keys"]["ok"], "the missing keys are said")
        assert "keys/fields.json" in site.checks()["keys"]["detail"]
        assert site.ask("/").status < 500, "processes that hold the keys work on"
        with psycopg.connect(roles.address(site.home, "owner")) as owner:
            row = owner.execute("SELECT count(*) FROM crypto_key").fetchone()
            assert row is not None
            assert row[0] > 0, "the database knows its keys"
        done = site.command("site", "migrate")
        assert done.returncode == 2
        assert "keys/fields.json" in done.stderr
        assert done.stderr.count("\n") == 1
    finally:
        away.rename(place)
    until(site.ready, "every part is ready again")


def test_the_logs_are_lines_without_messages(site: RunningSite) -> None:
    site.ask("/no-such-page/ouyang-cetong?q=ouyang-cetong")
    faults = [line for line in site.log("web") if line["event"] == "fault"]
    assert {line["kind"] for line in faults} == {"database_away"}
    text = "".join(f.read_text(encoding="utf-8") for f in (site.home / "logs").glob("*.log"))
    assert "ouyang" not in text
    assert str(roles.address(site.home, "app").split("password=")[1].split()[0]) not in text


def test_it_ends_in_order_and_leaves_nothing_running(site: RunningSite) -> None:
    assert site.end() == 0
    assert site.words().endswith("已停止 / Stopped\n")
    assert "Traceback" not in site.words()
    assert site.postgres() is None
    assert site.processes("gunicorn") == site.processes("site worker") == site.processes("postgres") == []
    down = site.command("site", "down")
    assert (down.returncode, "was not up" in down.stdout) == (0, True)


def test_on_a_full_disk_it_says_so_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    site = RunningSite(prepared(small_disk / "site"))
    site.start()
    try:
        until(lambda: site.checks()["worker"]["ok"], "it works")
        assert "磁盘空间不足" in site.checks()["disk"]["detail"]
        write(site, 1)
        balloon = small_disk / "balloon"
        with pytest.raises(OSError, match="No space"):
            fill_disk(balloon)
        with pytest.raises(psycopg.Error):
            fill_database(site)
        until(lambda: site.ask("/healthz").status == 200, "it is alive")
        balloon.unlink()
        until(lambda: site.checks()["worker"]["ok"], "it works again")
        assert written(site) == ["1"]
        write(site, 2)
    finally:
        assert site.end() == 0


def fill_disk(balloon: Path) -> None:
    with balloon.open("wb", buffering=0) as out:
        while True:
            out.write(b"\0" * 65536)


def fill_database(site: RunningSite) -> None:
    for n in range(1000):
        with psycopg.connect(roles.address(site.home, "owner")) as owner:
            owner.execute(
                "INSERT INTO django_content_type (app_label, model) "
                "SELECT 'fill', %s || '-' || g || repeat('x', 60) FROM generate_series(1, 5000) g", [n]
            )  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own in memory, just large enough to begin on."""
    place = Path(tempfile.mkdtemp(prefix="tonghu-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=330m,mode=711", "tonghu-test", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        place.rmdir()
        pytest.skip("a disk of its own needs root and mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        place.rmdir()


def test_a_disk_without_room_is_refused_at_the_start(small_disk: Path) -> None:
    (small_disk / "balloon").write_bytes(b"\0" * 200_000_000)
    done = RunningSite(small_disk / "site").command("site", "up", "--port", "18999")
    assert done.returncode == 2
    assert "磁盘空间不足" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        url = f"postgresql://nobody:wrong@127.0.0.1:{port}/tonghu"
        done = RunningSite(tmp_path / "site", DATABASE_URL=url).command("site", "migrate")
    assert done.returncode == 2
    assert "could not be prepared" in done.stderr
    assert "wrong" not in done.stderr
    assert done.stderr.count("\n") == 1
