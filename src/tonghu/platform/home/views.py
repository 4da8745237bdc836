"""The first screen of a post: what waits, as numbers that lead to it. The ways to its work are the menu's."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from tonghu.platform.accounts.access import Request, signed_in
from tonghu.platform.web import duties


@signed_in
@require_GET
def home(request: Request) -> HttpResponse:
    """What waits, by the counts of the menu's own entries; who has posts and none chosen is asked from which to act."""
    if request.post is None and request.posts:
        return redirect("accounts:switch")
    menu = duties.menu(request.scope, request.path)
    waiting = [entry for group in menu for entry in group.items if entry.count]
    return render(request, "home/home.html", {"waiting": waiting, "post": request.post})
