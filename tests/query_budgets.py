"""Every page that any test asks for is held to its number of SQL statements in ``query_budgets.json``.

A budget is the largest number that the route needed in the whole suite and a little room, since what is cached differs
with the order of the tests; a page which asks once a row fails the test that shows it many rows.
``--update-query-budgets`` writes what was measured: lower numbers only when all tests ran, since a part of them may not
show a page at its fullest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).with_name("query_budgets.json")
#: A route that has no line yet may ask this many: what the shell itself needs, and some of its own.
NEW_ROUTE = 60

_seen: dict[str, int] = {}


def budgets() -> dict[str, int]:
    """Route and method to the number of SQL statements that it may need."""
    held: dict[str, int] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return held


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-query-budgets", action="store_true", help="write tests/query_budgets.json")


@pytest.fixture(scope="session")
def query_budgets() -> dict[str, int]:
    return budgets()


@pytest.fixture(autouse=True)
def _within_query_budget(request: pytest.FixtureRequest, query_budgets: dict[str, int]) -> Iterator[None]:
    """Fails the test in which a page asks more than its budget."""
    from tonghu.platform.operations.middleware import measured

    over: list[str] = []
    update = request.config.getoption("--update-query-budgets")

    def note(route: str, method: str, status: int, queries: int, **_: Any) -> None:
        if route in ("unmatched", "unnamed") or "." in route or status >= 500:  # a dot: a test's own view
            return
        name = f"{method} {route}"
        _seen[name] = max(_seen.get(name, 0), queries)
        limit = query_budgets.get(name, NEW_ROUTE)
        if queries > limit and not update:
            over.append(f"{name} asked {queries} SQL statements, its budget is {limit}")

    measured.connect(note)
    try:
        yield
    finally:
        measured.disconnect(note)
    assert not over, f"{'; '.join(over)} (tests/query_budgets.json; --update-query-budgets when it is right so)"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.getoption("--update-query-budgets") or not _seen:
        return
    known = budgets()
    whole = not session.config.args or [Path(arg).name for arg in session.config.args] == ["tests"]
    roomy = {name: -(-most * 6 // 5) + 3 for name, most in _seen.items()}
    merged = roomy if whole else {name: max(known.get(name, 0), roomy.get(name, 0)) for name in known | roomy}
    FILE.write_text(json.dumps(dict(sorted(merged.items())), indent=1) + "\n", encoding="utf-8")
