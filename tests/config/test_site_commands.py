"""The demo as a user starts it, and what an operator does with a site beside it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from running_site import RunningSite, until

from tonghu import cli
from tonghu.config import commands, demo_site
from tonghu.config.site import require_own


class Demo(RunningSite):
    """`tonghu demo` instead of `tonghu site up`."""

    def start(self, *, wait: bool = True, more: tuple[str, ...] = ()) -> None:
        command = [sys.executable, "-m", "tonghu", "demo", "--rows", "50", "--out", str(self.home.parent / "out")]
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), *more], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env=self.environment, start_new_session=True,
            )  # fmt: skip
        if wait:
            until(lambda: "Open: http" in self.words() or self.process.poll() is not None, "the demo is up", 170)
            assert self.process.poll() is None, self.words()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="tonghu-demo-"))
    folder.chmod(0o711)
    running = Demo(folder / "site")
    try:
        running.start()
        yield running
    finally:
        if running.process and running.process.poll() is None:
            running.end()
        shutil.rmtree(folder)


def test_the_demo_checks_a_month_and_opens_the_site(demo: Demo) -> None:
    said = demo.words()
    assert said.index("①") < said.index("②") < said.index("③") < said.index("④")
    assert re.search(r"已导入：批次 \d{4}-\d{4}，新建 [1-9]", said)
    assert "earlier months of 12 made-up hospitals" in said
    assert f"h1.entry_clerk              http://127.0.0.1:{demo.port}/cards/queue" in said
    assert (demo.home.parent / "out" / "marked.xlsx").exists()
    row = re.search(r"^.*h1\.entry_clerk +(\S+)$", said, re.MULTILINE)
    assert row is not None
    assert row[1] == "—"
    assert re.search(r"centre\.centre_head +\d{6}$", said, re.MULTILINE)
    assert re.search(r"Everybody's password: Tonghu-\S+", said)
    assert demo.ask("/login").status == 200
    assert "Traceback" not in said
    assert (demo.home / "demo.txt").exists(), "the folder says whose it is"
    last_month = (datetime.now(ZoneInfo("Asia/Shanghai")).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    assert f"a made-up hospital's {last_month}" in said
    month = (demo.home.parent / "out" / "虚构医院-出院病案首页.csv").read_text(encoding="utf-8-sig")
    assert month.count(f"{last_month}-") > 50, "the days of discharge"


def test_the_rules_are_ready_before_somebody_asks(demo: Demo) -> None:
    def warmed() -> list[str]:
        return re.findall(r'"event": "web.warm"', (demo.home / "logs" / "web.log").read_text(encoding="utf-8"))

    until(lambda: len(warmed()) == 1, "they are ready, once for all processes", 60)


def test_a_second_demo_says_where_the_first_is(demo: Demo) -> None:
    second = demo.command("demo", "--rows", "50", "--out", str(demo.home.parent / "second"))
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr.count("\n") == 1
    assert f"up already: http://127.0.0.1:{demo.port}/" in second.stderr


def test_one_more_month_is_made_by_the_command_that_is_printed_and_uploaded_to_the_running_site(demo: Demo) -> None:
    line = re.search(r"^  \./run tonghu (synth --out (\S+) --month (\S+) .*)$", demo.words(), re.MULTILINE)
    owing = re.search(r"(h\d+) still owes (\S+):$", demo.words(), re.MULTILINE)
    assert line is not None
    assert owing is not None
    assert line[3] == owing[2]
    file = demo.home.parent / "more.csv"
    made = demo.command(*line[1].replace(line[2], str(file)).split())
    assert made.returncode == 0, made.stderr
    done = demo.command("demo", str(file), "--out", str(demo.home.parent / "more"))
    assert done.returncode == 0, done.stdout + done.stderr
    imported = re.search(r"已导入：批次 \d{4}-\d{4}，新建 (\d+)，", done.stdout)
    waiting = re.search(rf"(\d+) 行等您决定后再确认：{owing[1]}\.entry_clerk → http\S+/imports/\d+", done.stdout)
    assert imported or waiting, done.stdout
    assert f"{owing[1]}.entry_clerk" in done.stdout
    assert demo.ready(), "the site worked on meanwhile"
    bad = demo.home.parent / "bad.csv"
    bad.write_text("x,y\n1,2\n", "utf-8")
    refused = demo.command("demo", str(bad), "--out", str(demo.home.parent / "bad"))
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_a_busy_port_is_said_before_any_work(demo: Demo, tmp_path: Path) -> None:
    begun = time.monotonic()
    done = RunningSite(tmp_path / "other").command("demo", "--port", str(demo.port))
    assert time.monotonic() - begun < 10
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Port {demo.port} is in use" in done.stderr


def test_every_log_in_is_listed(demo: Demo) -> None:
    listed = demo.command("site", "logins").stdout
    assert len(re.findall(r"^.* \w+\.\w+ +(?:\d{6}|—)$", listed, re.MULTILINE)) > 40


def test_every_card_of_the_demo_is_consistent(demo: Demo) -> None:
    done = demo.command("site", "check-cards")
    assert done.returncode == 0, done.stdout
    assert re.search(r"✓ \d{2,} 份报告卡、\d+ 次导入全部一致", done.stdout)


def test_the_state_of_every_part_is_said(demo: Demo) -> None:
    until(demo.ready, "every part is ready")
    done = demo.command("site", "status")
    assert done.returncode == 0, done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["✓", name] for name in ("database", "clock", "migrations", "worker", "keys", "disk")
    ]
    assert "up to date" in demo.command("site", "migrate").stdout


def test_a_backup_is_written_rehearsed_and_restored(demo: Demo) -> None:
    file = demo.home.parent / "one.backup"
    first = demo.command("site", "backup", str(file))
    assert first.returncode == 0, first.stderr
    assert "A backup key was made" in first.stdout
    again = demo.command("site", "backup", str(file))
    assert (again.returncode, "is not replaced" in again.stderr) == (2, True)
    rehearsed = demo.command("site", "rehearse", str(file))
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert rehearsed.stdout.count("✓") >= 9
    assert "The rehearsal passed" in rehearsed.stdout
    refused = demo.command("site", "restore", str(file))
    assert (refused.returncode, "holds files already and is not replaced" in refused.stderr) == (2, True)
    other = RunningSite(demo.home.parent / "other")
    key = str(demo.home / "keys" / "backup.key")
    restored = other.command("site", "restore", str(file), "--key", key)
    assert restored.returncode == 0, restored.stderr
    # Without the keys of the fields nothing starts on it; with them it is the same site.
    keyless = other.command("site", "migrate")
    assert (keyless.returncode, "keys/fields.json" in keyless.stderr) == (2, True)
    shutil.copy(demo.home / "keys" / "fields.json", other.home / "keys" / "fields.json")
    assert other.command("site", "migrate").returncode == 0
    listed = other.command("site", "logins").stdout
    assert len(re.findall(r"^.* \w+\.\w+ +(?:\d{6}|—)$", listed, re.MULTILINE)) > 40
    assert not (other.home / "keys" / "demo-password").exists(), "who only looks makes no demo of a site"
    refused = other.command("demo", "--no-serve", "--reset")
    assert (refused.returncode, "is no folder of the demo" in refused.stderr) == (2, True)
    assert other.postgres() is None, "a command that started the server ends it"


def test_ctrl_c_ends_it_and_the_second_time_is_quick(demo: Demo) -> None:
    assert demo.end(signal.SIGTERM) == 0
    assert "\n正在结束" in demo.words(), "said at once, not when all has ended"
    assert demo.words().endswith("已停止 / Stopped\n")
    assert demo.processes("gunicorn") == demo.processes("postgres") == []
    demo.start(wait=False, more=("--no-serve",))
    assert demo.process is not None
    assert demo.process.wait(120) == 0
    assert "h1.entry_clerk" in demo.words()
    assert "以前已导入" in demo.words()
    assert "earlier months" not in demo.words()
    assert "Open:" not in demo.words()
    assert demo.postgres() is None


def test_a_file_of_ones_own_is_checked_and_uploaded(demo: Demo) -> None:
    file, out = demo.home.parent / "own.csv", str(demo.home.parent / "own")
    made = demo.command("synth", "--out", str(file), "--rows", "40", "--month", "2026-09", "--hospital", "3",
                        "--in-scope", "0.2", "--mistakes", "0")  # fmt: skip
    assert made.returncode == 0, made.stderr
    done = demo.command("demo", str(file), "--no-serve", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "①" not in done.stdout
    assert "机构代码 TEST000041300001311A13 不是演示网站已有的医院，已登记为" in done.stdout
    assert re.search(r"已导入：批次 \d{4}-\d{4}，新建 8，", done.stdout)
    assert "Your file is on this machine alone" in done.stdout
    again = demo.command("demo", str(file), "--no-serve", "--out", out)
    assert "已登记" not in again.stdout
    assert "以前已导入" in again.stdout
    far = demo.home.parent / "far.csv"
    far.write_text(file.read_text("utf-8").replace("2026-", "2036-"), "utf-8")
    late = demo.command("demo", str(far), "--no-serve", "--out", out)
    assert (late.returncode, "is still to come" in late.stdout) == (0, True), late.stdout + late.stderr


def test_columns_stand_straight_under_chinese_names() -> None:
    table = demo_site._table([("甲乙丙", "b", "c"), ("a", "很长的岗位", "x"), ("ab", "d", "")])
    assert table.splitlines() == [
        "甲乙丙  b           c",
        "──────  ──────────  ─",
        "a       很长的岗位  x",
        "ab      d",
    ]


def test_a_site_that_is_not_up_is_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    assert cli.main(["site", "down"]) == 0
    assert cli.main(["site", "up", "--port", "70000"]) == 2
    assert list(tmp_path.iterdir()) == [], "a start that was refused leaves nothing behind"


def test_a_site_is_not_made_in_a_folder_of_other_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "keys").mkdir()
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path))
    assert cli.main(["site", "up"]) == 2
    said = capsys.readouterr().err
    assert "不属于网站的内容（letters）" in said
    assert "what is no site's (letters)" in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["keys", "letters"], "nothing was changed"


def test_a_fresh_disk_takes_a_site(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    require_own(tmp_path)
    require_own(tmp_path / "new")


def test_a_worker_says_on_a_terminal_that_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        passwords = {"owner": "a", "app": "secret", "backup": "c"}
        said = {"host": "127.0.0.1", "port": port, "database": "tonghu", "passwords": passwords}
        (tmp_path / "database.json").write_text(json.dumps(said), "utf-8")
        commands.say_if_away(tmp_path)
        assert capsys.readouterr().err == "", "in a log the worker's own line stands, for machines"
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        begun = time.monotonic()
        commands.say_if_away(tmp_path)
    assert time.monotonic() - begun < 6
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert f"数据库没有应答（127.0.0.1:{port}）" in line
    assert "tried again until it does" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    "words",
    [
        ("site", "status"), ("site", "logins"), ("site", "check-cards"), ("site", "backup", "x"),
        ("site", "rehearse"), ("site", "worker"), ("keys", "list"), ("audit", "verify"),
    ],
)  # fmt: skip
def test_who_looks_for_a_site_makes_none(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(list(words)) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"There is no site in {tmp_path / 'site'}" in said.err
    assert list(tmp_path.iterdir()) == []
