"""What the first screen tells whoever runs the site: what the program's checks warn of."""

from __future__ import annotations

from typing import Any

from tonghu.platform.home.access import WARNINGS
from tonghu.platform.operations.soundness import in_words, warnings
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import FirstPart


def warned(by: Scope) -> dict[str, Any] | None:
    """The warnings, each with its code; nothing where there is none, or for who does not run the site."""
    if not by.may(WARNINGS):
        return None
    found = [(one.id, in_words(one)) for one in warnings()]
    return {"found": found} if found else None


#: For nobody's post its own work: who runs the site is led to their pages all the same.
PARTS = (FirstPart("home/warnings.html", warned, permission=None, order=5),)
