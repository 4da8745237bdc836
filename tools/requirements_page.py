"""Makes docs/requirements.md: what the policies ask, the clauses behind it, and the tests that show it.

A test says what it shows by ``@pytest.mark.requirement("REG-04")``; the marks are read from the source, no test is
run. `--check` only says whether the page is stale.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "requirements.md"
TESTS = ROOT / "tests"


def marks(tests: Path = TESTS) -> dict[str, list[str]]:
    """Requirement id → the tests that carry its mark, as ``folder/file.py::test``, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        where = path.relative_to(tests).as_posix()
        whole_file = [
            requirement
            for node in tree.body
            if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets)
            for requirement in _marked(node.value)
        ]
        for name, own in _tests(tree.body, ()):
            for requirement in dict.fromkeys([*whole_file, *own]):
                found[requirement].append(f"{where}::{name}")
    return dict(found)


def _tests(body: list[ast.stmt], inherited: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Each test function with its requirement ids, those of its class included."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            own = [r for decorator in node.decorator_list for r in _marked(decorator)]
            for name, requirements in _tests(node.body, (*inherited, *own)):
                yield f"{node.name}::{name}", requirements
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield node.name, [*inherited, *(r for decorator in node.decorator_list for r in _marked(decorator))]


def _marked(node: ast.AST) -> Iterator[str]:
    """The ids inside ``pytest.mark.requirement("…")``, wherever it stands in an expression."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "requirement":
            yield from (str(a.value) for a in call.args if isinstance(a, ast.Constant))


def unknown(found: dict[str, list[str]]) -> list[str]:
    """Marks that name no requirement."""
    from tonghu import policy

    known = {requirement.id for requirement in policy.requirements()}
    return [f"{tests[0]}: {requirement}" for requirement, tests in found.items() if requirement not in known]


def page() -> str:
    """The page as it should be now."""
    from tonghu import policy

    found = marks()
    shown = sum(requirement.id in found for requirement in policy.requirements())
    lines = [
        "<!-- Made by `./run docs` from src/tonghu/policy and the tests; do not edit. -->",
        "# What the policies require · 政策要求",
        "",
        "The system is described by five published Chinese policy documents. This is everything that they ask of it, "
        "each with the clauses that it comes from (`./run tonghu policy show PATH`) and the tests that show it. Ids "
        "are permanent.",
        "",
        f"{shown} of {len(policy.requirements())} requirements have tests that show them so far, in whole or in part; "
        "a requirement without a test is not built yet.",
        "",
        "| key | document | 文件 | date |",
        "|---|---|---|---|",
        *(
            f"| **{d.key}** | {d.title_en} | {d.title_zh} {d.number or ''} | {d.date or d.date_note} |"
            for d in policy.documents()
        ),
    ]
    for area in policy.areas().values():
        lines += [
            "",
            f"## {area.key} {area.en} · {area.zh}",
            "",
            "| id | what | clauses | tests |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {r.id} | {_cell(r.zh)}<br>{_cell(r.en)} | {', '.join(r.clauses)} | {_tests_cell(found.get(r.id, []))} |"
            for r in policy.requirements()
            if r.area == area
        ]
    return "\n".join(lines) + "\n"


def _tests_cell(tests: list[str]) -> str:
    """Tests grouped by file."""
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in tests:
        file, _, name = test.partition("::")
        by_file[file].append(f"`{name}`")
    return "<br>".join(f"[{file}](../tests/{file}): {', '.join(names)}" for file, names in by_file.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Write the page, or with `--check` say whether it is stale; 1 when it is or a mark names no requirement."""
    if wrong := unknown(marks()):
        print("Marks that name no requirement:", *wrong, sep="\n  ")
        return 1
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text("utf-8") != page()
        if stale:
            print("docs/requirements.md is stale: ./run docs")
        return int(stale)
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
