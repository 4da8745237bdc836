"""Parsed rules that are kept: taken only for the state of the program that they were made of, and only whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tonghu.rulebook import PACKAGED, Rulebook, compiled, load

Made = Callable[[], int]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A small program in a folder of its own; called, it says how many rules its rulebook has, and counts in `times`
    how often they were parsed."""
    for folder in compiled._FOLDERS:
        (tmp_path / folder).mkdir()
    (tmp_path / "rulebook" / "rules.yaml").write_text("one")
    monkeypatch.setattr(compiled, "_PROGRAM", tmp_path)
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "rulebook" / "compiled.py"))
    monkeypatch.setattr("sys.pycache_prefix", None)
    book = Rulebook({}, ())

    def parse() -> Rulebook:
        parse.times += 1  # type: ignore[attr-defined]
        return book

    def ask() -> int:
        assert compiled.rulebook("tests", parse) == book
        return int(parse.times)  # type: ignore[attr-defined]

    parse.times = 0  # type: ignore[attr-defined]
    return ask


def kept(folder: Path) -> Path:
    (file,) = (folder / "rulebook" / "__pycache__").glob("rules-tests*.pickle")
    return file


def test_rules_are_parsed_once(made: Made, tmp_path: Path) -> None:
    assert [made(), made()] == [1, 1]
    assert [file.suffix for file in kept(tmp_path).parent.iterdir()] == [".pickle"]


@pytest.mark.parametrize("folder", compiled._FOLDERS)
def test_what_is_kept_is_never_older_than_the_program(made: Made, tmp_path: Path, folder: str) -> None:
    made()
    (tmp_path / folder / "more").mkdir()
    (tmp_path / folder / "more" / "new.yaml").write_text("1")
    assert [made(), made()] == [2, 2]
    (tmp_path / folder / "more" / "new.yaml").write_text("2")
    assert [made(), made()] == [3, 3]
    (tmp_path / folder / "more" / "new.yaml").unlink()
    assert made() == 4


def test_another_parser_reads_anew(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made()
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"{name} 99")
    assert made() == 2


@pytest.mark.parametrize("damage", [b"", b"x" * 20, None])
def test_what_is_damaged_is_made_again(made: Made, tmp_path: Path, damage: bytes | None) -> None:
    made()
    whole = kept(tmp_path).read_bytes()
    kept(tmp_path).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)
    assert [made(), made()] == [2, 2]
    assert kept(tmp_path).read_bytes() == whole


def test_where_nothing_can_be_kept_rules_are_parsed(made: Made, tmp_path: Path) -> None:
    (tmp_path / "rulebook" / "__pycache__").write_text("a file")
    assert [made(), made()] == [1, 2]


def test_the_kept_rulebook_is_the_parsed_one() -> None:
    first, again = load([PACKAGED / "registry"]), load([PACKAGED / "registry"])
    assert [(rule.id, rule.version, rule.finds, rule.message) for rule in first.rules] == [
        (rule.id, rule.version, rule.finds, rule.message) for rule in again.rules
    ]
    assert first.schemas == again.schemas
