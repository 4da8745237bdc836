"""Which facts an unknown answer waits for: one definition for all executors.

A condition that is NULL is NULL because of facts that are. Those that matter are the NULL facts read by a part that is
itself undecided: beside FALSE in an OR, beside TRUE in an AND, in the branch that a CASE took. A NULL fact in a part
that is decided anyway (``given(a) or b > 1`` with `a` given) is not named. Where no fact is NULL and the value is NULL
all the same (no birth date can be read out of an identity number), the facts that it was read from are named.
"""

from __future__ import annotations

from collections.abc import Iterator

from tonghu.rulebook import language
from tonghu.rulebook.expressions import BOOLEAN, TRUE, Call, Literal, Name, Node, conjunction, names, negation


def missing(node: Node) -> Iterator[tuple[Name, Node]]:
    """Pairs (name, condition): the name is missing when the condition, which is never NULL, is TRUE.

    Meant to be asked only when `node` is NULL. A derived fact is named as such: who asks goes on with its expression.
    """
    yield from _missing(node, TRUE)


def deciding(node: Node) -> Iterator[Node]:
    """The parts of a condition that :func:`missing` asks about: computed once, they keep its questions short."""
    for _, when in missing(node):
        yield from _asked(when)


def _asked(node: Node) -> Iterator[Node]:
    if isinstance(node, Call):
        if node.op in ("is null", "is true") and isinstance(node.args[0], Call):
            yield node.args[0]
        elif node.op in ("and", "not"):
            for arg in node.args:
                yield from _asked(arg)


def _missing(node: Node, path: Node) -> Iterator[tuple[Name, Node]]:
    if isinstance(node, Literal):
        return
    if isinstance(node, Name):
        yield node, conjunction(path, _is_null(node))
        return
    if node.op == "given":
        # NULL only over a column that is not there; then nothing else decides it.
        for name in names(node):
            yield name, conjunction(path, _is_null(node))
    elif node.op in ("and", "or", "coalesce"):
        for arg in node.args:
            yield from _missing(arg, conjunction(path, _is_null(arg)))
    elif node.op == "case":
        condition, value, default = node.args
        taken = Call("is true", (condition,), BOOLEAN)
        yield from _missing(condition, conjunction(path, _is_null(condition)))
        yield from _missing(value, conjunction(path, taken))
        yield from _missing(default, conjunction(path, negation(taken)))
    elif not node.op.startswith("is "):
        for arg in node.args:
            yield from _missing(arg, path if _is_plain(arg) else conjunction(path, _is_null(arg)))
        function = language.FUNCTIONS.get(node.op)
        if function is not None and not function.total:
            for name in names(node):
                yield name, conjunction(path, conjunction(_is_null(node), negation(_is_null(name))))


def _is_plain(node: Node) -> bool:
    """Whether `node` is NULL exactly when one of its own facts is, so that no further question is needed."""
    if not isinstance(node, Call):
        return True
    strict = node.op not in ("and", "or", "case", "coalesce", "given") and not node.op.startswith("is ")
    return strict and all(_is_plain(arg) for arg in node.args)


def _is_null(node: Node) -> Node:
    return Call("is null", (node,), BOOLEAN)
