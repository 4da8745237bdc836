"""Undo instead of "are you sure": an act is done at once, and the next page offers to take it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest

_TAG = "undo:"


def offer(request: HttpRequest, done: str, url: str) -> None:
    """Say what was done; the button posts to `url`, which takes it back."""
    messages.success(request, done, extra_tags=_TAG + url)


def undo_url(tags: str | None) -> str:
    """Where an offer is taken up; '' for a message that is none."""
    said = tags or ""
    return said.removeprefix(_TAG) if said.startswith(_TAG) else ""
