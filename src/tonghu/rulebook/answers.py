"""What conditions ask of a code alone: its key, whether it is in a list.

A file of a million records has some hundred different codes. Such questions are answered once for each of them, and
the rows find the answers by a join.
"""

from __future__ import annotations

from collections.abc import Iterator

from tonghu.rulebook import language
from tonghu.rulebook.expressions import Call, Literal, Name, Node, names


def code_questions(node: Node) -> Iterator[Call]:
    """The widest parts of a condition that ask something of one code, and of nothing else.

    They are NULL for no code, as an outer join leaves them, since all functions in them are strict.
    """
    if not isinstance(node, Call):
        return
    if _is_strict(node) and _has_key(node) and len(set(names(node))) == 1:
        yield node
    else:
        for arg in node.args:
            yield from code_questions(arg)


def code_of(question: Node) -> Name:
    """The fact or member whose code a question of :func:`code_questions` is about."""
    return next(names(question))


def _is_strict(node: Node) -> bool:
    """Whether `node` is made of functions alone that answer NULL with NULL."""
    if isinstance(node, Call):
        return node.op in language.FUNCTIONS and node.op != "given" and all(map(_is_strict, node.args))
    return not isinstance(node, Literal) or node.value is not None


def _has_key(node: Node) -> bool:
    return isinstance(node, Call) and (node.op == "code_key" or any(map(_has_key, node.args)))
