"""A result takes its name whole; an earlier one of that name stays where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tonghu.in_place import put_in_place


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "made").write_text("new")
    return tmp_path / "work" / "made"


def test_a_new_result_gets_its_name(made: Path, tmp_path: Path) -> None:
    put_in_place(made, tmp_path / "result")
    assert (tmp_path / "result").read_text() == "new"
    assert not list(made.parent.iterdir())


def test_an_earlier_result_goes(made: Path, tmp_path: Path) -> None:
    (tmp_path / "result").write_text("old")
    put_in_place(made, tmp_path / "result")
    assert (tmp_path / "result").read_text() == "new"
    assert not list(made.parent.iterdir())


def test_an_earlier_result_stays_where_the_new_one_cannot_be_put(made: Path, tmp_path: Path) -> None:
    (tmp_path / "result").write_text("old")
    made.unlink()
    with pytest.raises(FileNotFoundError):
        put_in_place(made, tmp_path / "result")
    assert (tmp_path / "result").read_text() == "old"
    assert not list(made.parent.iterdir())


def test_a_folder_of_that_name_is_not_touched(made: Path, tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    with pytest.raises(OSError, match="result"):
        put_in_place(made, tmp_path / "result")
    assert (tmp_path / "result").is_dir()
