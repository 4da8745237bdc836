"""Documents' numbers: what they hash to, and by which end people remember them."""

from __future__ import annotations

#: What the hashes of a document's number are for; the same number hashes differently for each.
DOCUMENT, DOCUMENT_TAIL = "child.document", "child.document_tail"
#: People remember the last four characters of an identity number.
TAIL_LENGTH = 4


def tail(number: str) -> str | None:
    """Return the end of a document's number by which it may be looked for; None where the number is hardly longer."""
    return number[-TAIL_LENGTH:] if len(number) > TAIL_LENGTH + 2 else None
