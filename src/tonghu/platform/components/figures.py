"""A number on a page and the way to what makes it."""

from __future__ import annotations

from django.utils.html import format_html


def figure(count: int, url: str) -> str:
    """Return a count as a page shows it: it opens what makes it, where there is an address and anything to open."""
    return format_html('<a href="{}">{}</a>', url, f"{count:,}") if url and count else f"{count:,}"
