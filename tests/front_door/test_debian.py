"""What the front door asks of Debian: installed as root, named in one line otherwise."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def debian() -> ModuleType:
    spec = importlib.util.spec_from_file_location("debian", ROOT / "tools" / "debian.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(debian: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What would have been run; the first `apt-get install` fails, as with old lists."""
    seen: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        installs = [one for one in seen if "install" in one]
        failed = "install" in command and len(installs) == 1
        return subprocess.CompletedProcess(command, int(failed), "", "E: Unable to fetch")

    monkeypatch.setattr(debian.subprocess, "run", run)
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr(debian, "POSTGRESQL", tmp_path / "none")
    monkeypatch.setattr(debian, "NO_CLUSTER", tmp_path / "etc" / "tonghu.conf")
    return seen


def test_as_root_what_tests_need_is_installed_without_a_cluster_and_tried_twice(
    debian: ModuleType, calls: list[list[str]]
) -> None:
    debian.ensure(Path(sys.executable), "dev")
    assert [command[1] for command in calls] == ["install", "-q", "install"]
    assert calls[-1][-2:] == ["postgresql", "chromium"]
    assert "create_main_cluster = false" in debian.NO_CLUSTER.read_text()


def test_a_site_is_content_with_the_wheel_or_a_named_server(
    debian: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    debian.ensure(Path(sys.executable))
    assert [command for command in calls if command[0] == "apt-get"] == []
    monkeypatch.setattr(debian, "has_wheel", lambda _: False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@db/x")
    debian.ensure(Path(sys.executable))
    assert [command for command in calls if command[0] == "apt-get"] == []
    monkeypatch.delenv("DATABASE_URL")
    debian.ensure(Path(sys.executable))
    assert calls[-1][-1] == "postgresql"


def test_without_root_it_is_one_line(
    debian: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    with pytest.raises(debian.Refused, match="sudo apt-get install postgresql chromium") as refused:
        debian.ensure(Path(sys.executable), "dev")
    assert "\n" not in str(refused.value)
    assert calls == []


def test_what_apt_says_is_passed_on(
    debian: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 100, "", "Reading lists\nE: Could not get lock /var/lib/dpkg/lock")

    monkeypatch.setattr(debian.subprocess, "run", fails)
    with pytest.raises(debian.Refused, match="failed: E: Could not get lock"):
        debian.install(["chromium"])


def test_this_machine_is_seen_as_it_is(debian: ModuleType) -> None:
    assert debian.has_debian_postgresql() == any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert debian.has_wheel(Path(sys.executable))
