"""The first screen of a post: what its rooms put there, and what waits, as numbers that lead to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from tonghu.platform.accounts.access import Request, signed_in
from tonghu.platform.scope.scope import Scope
from tonghu.platform.web import duties


@signed_in
@require_GET
def home(request: Request) -> HttpResponse:
    """What rooms say, and the counts of the menu's entries; who has posts and none chosen is asked to choose."""
    if request.post is None and request.posts:
        return redirect("accounts:switch")
    menu = duties.menu(request.scope, request.path)
    waiting = [entry for group in menu for entry in group.items if entry.count]
    said = {"waiting": waiting, "post": request.post, "parts": _parts(request.scope)}
    return render(request, "home/home.html", said)


def _parts(scope: Scope) -> list[tuple[str, dict[str, Any]]]:
    """What the rooms put here for this reader, as template and context."""
    offered = (part for module in duties.modules("first_screen") for part in module.PARTS)
    mine = sorted((part for part in offered if scope.may(part.permission)), key=lambda part: part.order)
    asked = ((part.template, part.context(scope)) for part in mine)
    return [(template, said) for template, said in asked if said is not None]
