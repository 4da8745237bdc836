"""What rooms above this one put on a child's page: its stays, its report cards, its visits.

A room lists its sections in its own ``child_page.py``; the page shows them between who the child is and who answers for
it, each only to those who hold its right::

    # registry/child_page.py
    SECTIONS = (Section("registry/of_child.html", cards_of, permission="registry.read"),)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tonghu.platform.scope.scope import Scope


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a child's page.

    Attributes:
        template: a ``<section class="panel">`` of its own, shown with what `context` says as ``said``.
        context: called under the reader's scope with the ids of the child and those that are one with it; None leaves
            the section out.
        permission: code that the reader's post must hold.
        order: smaller stands higher.
    """

    template: str
    context: Callable[[Scope, list[int]], dict[str, Any] | None]
    permission: str
    order: int = 50


#: This room's own sections stand in the page's template.
SECTIONS: tuple[Section, ...] = ()
