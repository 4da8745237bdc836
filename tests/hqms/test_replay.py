"""`tonghu rules replay` on a discharge file: the rules of two days, over what the file's reader makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tonghu.cli import main

SAMPLE = Path(__file__).parent / "data"


def sample() -> Path:
    """The made-up sample of 120 discharges that the acceptance tests use."""
    return next(path for path in sorted(SAMPLE.iterdir()) if path.suffix == ".csv")


@pytest.mark.requirement("REG-04")
def test_before_the_surveillance_began_nothing_was_in_scope(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "replay", str(sample()), "--from", "2016-12-31", "--to", "2026-11-01"]) == 0
    said = capsys.readouterr().out
    assert "120 条记录" in said
    assert "SCOPE-malignant\t" in said
    assert "不再发现 let go: 0" in said


def test_the_same_rules_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    day = "2026-11-01"
    assert main(["rules", "replay", str(sample()), "--set", "registry.front_page", "--from", day, "--to", day]) == 0
    said = capsys.readouterr().out
    assert "新发现 newly caught: 0" in said
    assert "等级变化 changed level: 0" in said
