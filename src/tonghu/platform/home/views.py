"""The first screen of a post: what its rooms put there, and what waits, as numbers that lead to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from tonghu.platform.accounts.access import Request, signed_in
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import FirstPart, MenuGroup
from tonghu.platform.web import duties


@signed_in
@require_GET
def home(request: Request) -> HttpResponse:
    """What rooms say, and the counts of the menu's entries; who has posts and none chosen is asked to choose."""
    if request.post is None and request.posts:
        return redirect("accounts:switch")
    menu = duties.menu(request.scope, request.path)
    parts = _parts(request.scope)
    covered = {reverse(name) for part, _said in parts for name in part.covers}
    waiting = [entry for group in menu for entry in group.items if entry.count and entry.url not in covered]
    # A post for which no room shows its work is led to its pages instead.
    led = request.post is not None and all(part.permission is None for part, _said in parts)
    duties_of = [group for group in menu if group.label != MenuGroup.TODO.value] if led else []
    said = {
        "waiting": waiting, "post": request.post, "duties": duties_of, "may_wait": duties.may_wait(request.scope),
        "parts": [(part.template, said) for part, said in parts],
    }  # fmt: skip
    return render(request, "home/home.html", said)


def _parts(scope: Scope) -> list[tuple[FirstPart, dict[str, Any]]]:
    """What the rooms put here for this reader, each with its context."""
    offered = (part for module in duties.modules("first_screen") for part in module.PARTS)
    mine = sorted(
        (part for part in offered if part.permission is None or scope.may(part.permission)), key=lambda part: part.order
    )
    asked = ((part, part.context(scope)) for part in mine)
    return [(part, said) for part, said in asked if said is not None]
