"""The demo keeps to its own folder: nothing made up gets into a real site, and nothing real is deleted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tonghu import cli
from tonghu.config import demo_folder, demo_site, serving
from tonghu.config.site import Site
from tonghu.errors import InputRefused

DEMOS = [("demo", "--no-serve"), ("demo", "--reset", "--no-serve"), ("demo", "own.csv", "--no-serve")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that `TONGHU_HOME` names; not there yet."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("TONGHU_HOME", str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "site"


def refusal(words: tuple[str, ...], capsys: pytest.CaptureFixture[str], out: Path) -> str:
    """What a demo that is refused says, which is all that it does."""
    assert cli.main([*words, "--rows", "5", "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), out.exists()) == ("", 1, False)
    return said.err


@pytest.mark.parametrize("words", DEMOS)
@pytest.mark.parametrize("held", ["keys/fields.json", "database.json", "letters/of-somebody.txt"])
def test_a_folder_that_is_no_demos_is_left_alone(
    words: tuple[str, ...], held: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / held).parent.mkdir(parents=True)
    (folder / held).write_text("real")
    said = refusal(words, capsys, folder.parent / "out")
    assert f"{folder} 不是演示网站的文件夹，未作改动" in said
    assert f"{folder} is no folder of the demo, nothing was changed" in said
    assert [f for f in folder.rglob("*") if f.is_file()] == [folder / held]


@pytest.mark.parametrize("words", DEMOS)
def test_a_real_site_that_is_up_gets_no_made_up_file(
    words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "keys").mkdir(parents=True)
    with serving.only_one(folder, "http://127.0.0.1:1/"):
        assert "is no folder of the demo" in refusal(words, capsys, folder.parent / "out")
        upload = demo_site.Upload(folder, date(2026, 10, 1), [], own=True)
        with pytest.raises(InputRefused, match="is no folder of the demo"):
            demo_site.upload_to_running(upload)


@pytest.mark.parametrize("words", DEMOS)
def test_a_named_server_is_never_the_demos(
    words: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin:secret@db.example.org/tonghu")
    said = refusal(words, capsys, folder.parent / "out")
    assert "unset DATABASE_URL" in said
    assert "./run up" in said
    assert "secret" not in said
    assert not folder.exists()


def test_the_demo_knows_its_folders_of_now_and_of_before(folder: Path) -> None:
    demo_folder.require_folder(folder)
    folder.mkdir()
    (folder / "up.lock").touch()
    demo_folder.require_folder(folder)
    (folder / "keys").mkdir()
    with pytest.raises(InputRefused):
        demo_folder.require_folder(folder)
    (folder / demo_folder.PASSWORD).touch()
    demo_folder.require_folder(folder)
    demo_folder.mark(folder)
    assert "reset" in (folder / demo_folder.MARK).read_text("utf-8")
    shutil.rmtree(folder / "keys")
    demo_folder.require_folder(folder)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder with the demo's marker and a server of its own, whose database is still to be made."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    above = Path(tempfile.mkdtemp(prefix="tonghu-demo-"))
    above.chmod(0o711)
    monkeypatch.setenv("TONGHU_HOME", str(above / "site"))
    site = Site(above / "site")
    assert site.server is not None
    site.server.durable = False
    demo_folder.mark(site.home)
    try:
        site.server.start()
        yield site
    finally:
        site.server.remove()
        shutil.rmtree(above)


def test_a_database_with_a_real_institution_is_neither_filled_nor_deleted(
    served: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(**wanted: Any) -> int:
        upload = demo_site.Upload(served.home, date(2026, 10, 1), [], own=True)
        return demo_site.run(port=1, seed=1, serve=False, upload=upload, **wanted)

    demo_folder.require(served)  # no database yet
    with psycopg.connect(served.admin_url(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE tonghu")
    demo_folder.require(served)  # no table yet
    with psycopg.connect(served.admin_url(), dbname="tonghu", autocommit=True) as admin:
        admin.execute("CREATE TABLE network_institution (id int, name text, made_up boolean)")
        admin.execute("INSERT INTO network_institution VALUES (1, '虚构医院', true)")
        demo_folder.require(served)
        admin.execute("INSERT INTO network_institution VALUES (2, '真实医院', false)")
    (served.home / "keys").mkdir()
    (served.home / "keys" / "fields.json").write_text("real")
    for reset in (False, True):
        with pytest.raises(InputRefused, match="holds “真实医院”, which is not made up"):
            run(reset=reset)
    with pytest.raises(InputRefused, match="holds “真实医院”"):
        served.remove()
    assert served.server is not None
    served.server.start()
    with psycopg.connect(served.admin_url(), dbname="tonghu", autocommit=True) as admin:
        assert admin.execute("SELECT count(*) FROM network_institution").fetchall() == [(2,)]
        admin.execute("DELETE FROM network_institution WHERE NOT made_up")
    assert (served.home / "keys" / "fields.json").read_text() == "real"
    served.remove()
    assert [one.name for one in served.home.iterdir() if one.name not in demo_folder.HELD] == [demo_folder.MARK]


def test_a_server_that_does_not_let_us_look_is_said(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    address = served.admin_url().replace("/postgres", "/nowhere")
    monkeypatch.setattr(served, "admin_url", lambda: address)
    with pytest.raises(InputRefused):
        demo_folder.require(served)
