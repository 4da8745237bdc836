"""What the checks warn of is said at the start and on the first screen of whoever runs the site, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

import made_up
from tonghu.config.site import require_sound
from tonghu.platform.files import checks
from tonghu.platform.operations import soundness

pytestmark = pytest.mark.django_db
ZH, EN = "服务器启用了交换分区：请关闭或加密", "Swap is on: turn it off or encrypt it"


@pytest.fixture
def swaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The list of swaps as the kernel shows it, with one."""
    listed = tmp_path / "swaps"
    listed.write_text("Filename Type\n/dev/sda2 partition\n")
    monkeypatch.setattr(checks, "SWAPS", listed)
    soundness._found.cache_clear()
    yield listed
    soundness._found.cache_clear()


def first_screen(role: str, language: str = "zh-hans") -> str:
    browser = made_up.browser(made_up.post(role, made_up.authority("centre", "000000")))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return browser.get("/").content.decode()


def test_the_first_screen_of_whoever_runs_the_site_says_it_in_their_language(swaps: Path) -> None:
    for role in ("system_admin", "site_operator"):
        page = first_screen(role)
        assert ZH in page
        assert EN not in page
        assert "files.W001" in page
        assert "目前可以办理" in page, "they are led to their pages all the same"
    page = first_screen("system_admin", language="en")
    assert EN in page
    assert ZH not in page


@pytest.mark.parametrize("role", ["security_admin", "audit_admin", "centre_officer"])
def test_nobody_else_reads_of_the_machine(swaps: Path, role: str) -> None:
    assert "files.W001" not in first_screen(role)


def test_where_nothing_is_to_be_said_nothing_is(swaps: Path) -> None:
    swaps.write_text("Filename Type\n")
    assert "服务器自检提示" not in first_screen("system_admin")


def test_the_start_prints_a_line_each(swaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_sound()
    (line,) = [one for one in capsys.readouterr().out.splitlines() if "files.W001" in one]
    assert line.startswith("! files.W001: 服务器启用了交换分区")
    assert EN in line


def test_what_was_found_is_believed_for_five_minutes_and_no_longer(
    swaps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [soundness.KEPT_SECONDS * 10.0]
    monkeypatch.setattr(soundness.time, "monotonic", lambda: now[0])
    assert [one.id for one in soundness.warnings()] == ["files.W001"]
    swaps.write_text("Filename Type\n")
    now[0] += soundness.KEPT_SECONDS - 1
    assert [one.id for one in soundness.warnings()] == ["files.W001"]
    now[0] += 2
    assert soundness.warnings() == ()
