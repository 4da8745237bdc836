"""The pages that come from code and rules are as the code and the rules say now; links in the docs lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def tool(name: str) -> ModuleType:
    """One of the generators in tools/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_pages_are_fresh() -> None:
    assert tool("reference_pages").stale() == [], "run ./run docs"


def test_the_description_of_the_api_is_fresh() -> None:
    assert tool("api_reference").stale() == [], "run ./run docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.S)
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose)
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.requirement("REG-11")
def test_clerks_read_every_rule_in_their_own_words() -> None:
    """What is wrong and how to mend it is said in Chinese, without the names that programs use."""
    pages = tool("reference_pages").pages()
    for name in ("registry.front_page", "registry.scope"):
        page, english = pages[f"rules-{name}.zh.md"], pages[f"rules-{name}.md"]
        sections = page.split("\n### ")[1:]
        assert len(sections) == english.count("\n### ")
        for section in sections:
            told = section.partition("<details>")[0]
            labels = re.findall(r"^- \*\*(.+?)\*\*：(.+)$", told, flags=re.M)
            assert [label for label, _ in labels if label != "怎样改"] == ["级别", "查什么", "为什么", "依据"]
            assert not re.search(r"[a-z]{3,}|\{", "".join(text for _, text in labels)), section[:200]
            assert section.count("<details>") == section.count("</details>") == 1
