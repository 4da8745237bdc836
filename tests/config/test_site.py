"""A site is prepared step by step; what is in the way is said in one line."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tonghu import cli
from tonghu.config import demo_folder, environment, serving
from tonghu.config.site import Site, said_in_words
from tonghu.demo import last_month
from tonghu.errors import InputRefused
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.database.backup import stream


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full: /somewhere"),
        (errno.EDQUOT, "The disk is full: /somewhere"),
        (errno.EACCES, "No permission to write: /somewhere"),
        (errno.EROFS, "No permission to write: /somewhere"),
        (errno.ENOTDIR, "There is a file where a folder should be: /somewhere"),
    ],
)
def test_what_the_system_refuses_is_said_in_words(number: int, words: str) -> None:
    with pytest.raises(InputRefused, match=words), said_in_words(Path("/home")):
        raise OSError(number, "?", "/somewhere")


def test_a_program_that_contradicts_itself_changes_nothing_and_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the way that every start takes: the checks of the rooms are asked before the database is touched."""
    begun: list[str] = []
    monkeypatch.setattr("tonghu.platform.database.migrate.migrate", lambda: begun.append("migrated"))
    monkeypatch.setattr("tonghu.config.beginning.renew_regions", lambda: begun.append("regions"))
    clerk = ROLES["entry_clerk"]
    with monkeypatch.context() as wrong:
        wrong.setitem(ROLES, "entry_clerk", replace(clerk, permissions=clerk.permissions | {"no.such.permission"}))
        with pytest.raises(InputRefused, match=r"accounts\.E001: the role entry_clerk .*no\.such\.permission"):
            Site(tmp_path).migrate()
    assert begun == []
    Site(tmp_path).migrate()
    assert begun == ["migrated", "regions"], "and as it is it starts"


def test_other_faults_of_the_system_stay_what_they_are() -> None:
    with pytest.raises(OSError, match="odd"), said_in_words(Path("/home")):
        raise OSError(errno.EIO, "odd")
    with pytest.raises(InputRefused, match="/home"), said_in_words(Path("/home")):
        raise OSError(errno.ENOSPC, "?")


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("postgresql://a:b@db:5432/child%20care", "child care"),
        ("postgresql://a:b@db:5432/postgres", "tonghu"),
        ("postgresql://a:b@db", "tonghu"),
        ("", "tonghu"),
    ],
)
def test_the_address_names_the_database(
    url: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    site = Site(tmp_path)
    assert site.database() == database
    assert (site.server is None) == bool(url)
    if url:  # where the site's own database is not there yet, or is to be renamed
        assert site.admin_url().endswith("/postgres")
    site.close()  # does nothing: it does not run, or is somebody else's


def test_a_named_server_is_not_emptied_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@db/x")
    with pytest.raises(InputRefused, match="unset DATABASE_URL"):
        Site(tmp_path).remove()


def test_what_is_deleted_leaves_the_lock_of_who_deletes(tmp_path: Path) -> None:
    for name in ("up.lock", "up.json", "database.json", "keys/session.key", "keys/demo-password", "postgres/data/base"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    site = Site(tmp_path)
    site.remove()
    assert {f.name for f in tmp_path.iterdir()} == {"up.lock", "up.json", demo_folder.MARK}
    site.remove()
    Site(tmp_path / "never").remove()


def test_only_one_program_holds_a_site(tmp_path: Path) -> None:
    assert not serving.is_up(tmp_path)
    assert not serving.stop(tmp_path)
    with serving.only_one(tmp_path, "http://127.0.0.1:1/"):
        assert serving.is_up(tmp_path)
        assert serving.running(tmp_path) == {"pid": os.getpid(), "address": "http://127.0.0.1:1/"}
        with pytest.raises(serving.AlreadyUp, match=r"127\.0\.0\.1:1"), serving.only_one(tmp_path, "other"):
            raise AssertionError
        (tmp_path / "up.json").unlink()
        with pytest.raises(serving.AlreadyUp, match="…"), serving.only_one(tmp_path, "other"):
            raise AssertionError
    assert not serving.is_up(tmp_path)


def test_a_demo_that_is_up_is_not_begun_anew_and_nothing_is_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    out = tmp_path / "out"
    with serving.only_one(tmp_path / "site", "http://127.0.0.1:1/"):
        code = cli.main(["demo", "--reset", "--no-serve", "--rows", "5", "--out", str(out)])
    said = capsys.readouterr()
    assert (code, said.out, out.exists()) == (2, "", False)
    assert said.err.count("\n") == 1
    assert f"is up at http://127.0.0.1:1/: end it (Ctrl-C in its window, or kill {os.getpid()})" in said.err


def test_a_site_has_its_folder_where_one_can_be(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for home, words in (
        (file, f"a file where a folder should be: {file}"),
        (file / "site", f"a file where a folder should be: {file / 'site'}"),
        (Path("/proc/1/site"), "No folder can be made here: /proc/1/site"),
    ):
        assert not serving.is_up(home)
        with pytest.raises(InputRefused, match=words), serving.only_one(home, "http://x/"):
            raise AssertionError


def test_a_start_that_was_refused_leaves_no_folder_and_takes_none_away(tmp_path: Path) -> None:
    for home in (tmp_path / "fresh", tmp_path / "there"):
        (tmp_path / "there").mkdir(exist_ok=True)
        with pytest.raises(InputRefused), serving.only_one(home, "http://x/"):
            raise InputRefused("端口", "port")
    assert [one.name for one in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []
    with serving.only_one(tmp_path / "there", "http://x/"):
        (tmp_path / "there" / "keys").mkdir()
    assert (tmp_path / "there" / "up.lock").exists()


def test_a_leftover_of_a_killed_program_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "up.json").write_text(json.dumps({"pid": 1, "address": "http://127.0.0.1:1/"}))
    assert not serving.stop(tmp_path), "process 1 is not ours to end"


def test_nobody_answers_on_a_free_port() -> None:
    assert not serving.answers(1)


def test_a_port_that_needs_more_rights_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __enter__(self) -> Refusing:
            return self

        def __exit__(self, *_: object) -> None: ...

        def setsockopt(self, *_: object) -> None: ...

        def bind(self, _: object) -> None:
            raise PermissionError

    monkeypatch.setattr(serving.socket, "socket", Refusing)
    with pytest.raises(InputRefused, match="choose one above 1023"):
        serving.check_port(80)


def test_a_file_that_cannot_be_read_opens_no_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    file = tmp_path / "x.csv"
    assert cli.main(["demo", str(file), "--no-serve", "--out", str(tmp_path / "out")]) == 2
    assert str(file) in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("word", ["restore", "rehearse"])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("folder", "This is a folder, not a backup"), ("gone", "No such file"), ("gone/x", "No such file"),
        ("file/x", "No such file"), ("file", "This is not a backup"), ("key", "The backup key cannot be read"),
        ("cut", "The backup is cut or was altered"),
    ],
)  # fmt: skip
def test_no_backup_is_said_in_one_line_and_makes_nothing(
    word: str,
    what: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("no backup")
    key = tmp_path / "key"
    if what != "key":
        stream.make_key(key)
    if what == "cut":
        with (tmp_path / "cut").open("wb") as out:
            writer = stream.Writer(out, stream.read_key(key))
            for name, held in (("manifest", b"{}"), ("database", bytes(2 * stream.PIECE))):
                writer.section(name)
                writer.write(held)
                writer.end_section()  # and is not closed
    assert cli.main(["site", word, str(tmp_path / what), "--key", str(key)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("today", "month"),
    [(date(2026, 11, 22), "2026-10"), (date(2027, 1, 1), "2026-12"), (date(2028, 3, 31), "2028-02")],
)
def test_the_demo_makes_the_month_before_todays(today: date, month: str) -> None:
    assert last_month(today) == month


@pytest.mark.parametrize(("said", "means"), [("1", True), ("Yes", True), ("off", False), ("0", False), ("", True)])
def test_switches_of_the_environment(said: str, means: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHU_TEST", said)
    assert environment.flag("TONGHU_TEST", True) is means


def test_what_the_environment_says_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHU_TEST", "perhaps")
    with pytest.raises(InputRefused, match="TONGHU_TEST must be 1 or 0"):
        environment.flag("TONGHU_TEST", False)
    monkeypatch.setenv("TONGHU_TEST", " a, ,b ")
    assert environment.words("TONGHU_TEST", ()) == ["a", "b"]


@pytest.mark.parametrize(
    "said",
    [
        "mysql://a:secret@x/y",
        "nonsense",
        "postgresql://a:secret@x:abc/y",
        "postgresql:///y",
        "postgres://a:secret@x:0/y",
    ],
)
def test_an_address_of_no_server_is_refused_without_its_password(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("DATABASE_URL", said)
    assert cli.main(["site", "up"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n"), "secret" in told.err) == ("", 1, False)
    assert "postgresql://admin:password@host:port/database" in told.err
    assert list(tmp_path.iterdir()) == []
