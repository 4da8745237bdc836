"""The front door: what a new user meets when something is missing is one clear line, never a stack trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout with the front door alone in it, and no environment yet."""
    (tmp_path / "tools").mkdir()
    for name in (
        "run",
        "tools/front_door.py",
        "tools/debian.py",
        "tools/frontend.py",
        "requirements.lock",
        "requirements-dev.lock",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start `./run` as a shell would, with a HOME of its own and nothing inherited but the path."""
    env = {"PATH": os.environ["PATH"], "HOME": str(clone), "TONGHU_PYTHON": sys.executable, **environment}
    return subprocess.run(
        [str(clone / "run"), *arguments], capture_output=True, text=True, env=env, check=False, timeout=120
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The only line of complaint, after the progress line that a first start prints."""
    lines = [line for line in done.stderr.splitlines() if "First run" not in line]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_without_a_python_it_says_which_one_is_needed(clone: Path) -> None:
    tools = clone / "only"
    tools.mkdir()
    for name in ("sh", "dirname", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run(clone, "demo", PATH=str(tools), TONGHU_PYTHON=str(old))
    assert done.returncode == 2
    assert "3.11" in one_line(done)


def stub_venv(clone: Path, said: str) -> str:
    """A folder whose `venv` module fails with the words that a real one says."""
    folder = clone / "stub"
    folder.mkdir()
    (folder / "venv.py").write_text(f"raise SystemExit({said!r})\n")
    return str(folder)


def test_without_the_venv_module_it_names_the_package(clone: Path) -> None:
    done = run(clone, "demo", PYTHONPATH=stub_venv(clone, "ensurepip is not available"))
    assert done.returncode == 2
    assert "python3-venv" in one_line(done)
    assert not (clone / ".venv").exists()


def test_a_full_disk_is_named(clone: Path) -> None:
    done = run(clone, "demo", PYTHONPATH=stub_venv(clone, "[Errno 28] No space left on device"))
    assert done.returncode == 2
    assert "磁盘已满" in one_line(done)
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("said", ["[Errno 30] Read-only file system: '/x'", "[Errno 13] Permission denied: '/x'"])
def test_a_folder_that_may_not_be_written_is_named(clone: Path, said: str) -> None:
    done = run(clone, "demo", PYTHONPATH=stub_venv(clone, said))
    assert done.returncode == 2
    assert f"No permission to write: {clone / '.venv'}" in one_line(done)


def test_without_a_network_it_says_so(clone: Path) -> None:
    done = run(
        clone,
        "demo",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
        PIP_CONFIG_FILE=os.devnull,
        PIP_NO_CACHE_DIR="1",
    )
    assert done.returncode == 2
    assert "package registry cannot be reached" in one_line(done)


@pytest.mark.parametrize("arguments", [["demo", "--help"], ["--help"], []])
def test_help_sets_nothing_up(clone: Path, arguments: list[str]) -> None:
    done = run(clone, *arguments)
    assert done.returncode == 0
    assert "./run demo" in done.stdout
    assert not (clone / ".venv").exists()


def test_an_unknown_word_is_refused_with_the_list(clone: Path) -> None:
    done = run(clone, "serve-everything")
    assert done.returncode == 2
    assert "./run test" in done.stdout
    assert "serve-everything" in one_line(done)


def test_it_starts_from_any_folder(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(
        [str(clone / "run"), "--help"], capture_output=True, text=True, cwd=elsewhere, check=False, timeout=60
    )
    assert done.returncode == 0
    assert "./run demo" in done.stdout
