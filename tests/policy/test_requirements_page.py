"""docs/requirements.md is made from the policy data and the marks of the tests, and is fresh."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tonghu import policy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("requirements_page", ROOT / "tools" / "requirements_page.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAMPLE = """
import pytest
pytestmark = [pytest.mark.requirement("REG-03")]

@pytest.mark.requirement("REG-04")
@pytest.mark.requirement("REG-06", "REG-11")
def test_one(): ...

def helper(): ...

@pytest.mark.requirement("REG-04")
class TestMany:
    def test_two(self): ...
"""


def test_marks_of_functions_classes_and_files_are_found(maker: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "hqms").mkdir()
    (tmp_path / "hqms" / "test_sample.py").write_text(SAMPLE, "utf-8")
    (tmp_path / "hqms" / "helpers.py").write_text("@pytest.mark.requirement('REG-18')\ndef test_no(): ...", "utf-8")
    one, two = "hqms/test_sample.py::test_one", "hqms/test_sample.py::TestMany::test_two"
    found = maker.marks(tmp_path)
    assert found == {"REG-03": [one, two], "REG-04": [one, two], "REG-06": [one], "REG-11": [one]}
    assert maker.unknown(found) == []
    assert maker.unknown({"REG-99": ["a.py::test"]}) == ["a.py::test: REG-99"]


def test_no_mark_names_a_requirement_that_there_is_not(maker: ModuleType) -> None:
    assert maker.unknown(maker.marks()) == []


def test_the_page_names_every_requirement(maker: ModuleType) -> None:
    page = maker.page()
    assert [r.id for r in policy.requirements() if f"| {r.id} |" not in page] == []


def test_the_page_is_fresh(maker: ModuleType) -> None:
    assert maker.PAGE.read_text("utf-8") == maker.page(), "docs/requirements.md is stale: ./run docs"
