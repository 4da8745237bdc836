"""Named points at which a fault can be let in: does nothing unless a test has put something there.

The fault-injection harness (``tests/faults.py``) kills a worker at one of them and proves that nothing is lost. Code
of other rooms may name points of its own: ``point("intake.staged")``.
"""

from __future__ import annotations

from collections.abc import Callable

_fault: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Say that the program has come here."""
    if _fault is not None:
        _fault(name)


def let_in(fault: Callable[[str], None] | None) -> None:
    """Have `fault` called with the name of every point; None takes it out again."""
    global _fault
    _fault = fault
