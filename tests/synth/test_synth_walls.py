"""The made-up country stands apart: it may know code systems, and none of the functions that the checks use."""

from __future__ import annotations

import ast
from pathlib import Path

import tonghu.synth

ALLOWED = ("tonghu.synth", "tonghu.errors", "tonghu.codes.hqms_fields")


def test_synth_shares_nothing_with_the_rules_that_it_exercises() -> None:
    folder = Path(tonghu.synth.__file__).parent
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    ours = {module for module in imported if module and module.startswith("tonghu")}
    assert ours, "the walk found the imports"
    assert all(module.startswith(ALLOWED) for module in ours), ours
