"""A number on a page and the way to what makes it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html


class OrMore(int):
    """A count that stopped: so many or more. It says so wherever a page shows it, and counts as its number."""

    def __str__(self) -> str:
        return f"{int(self):,}+"

    def __format__(self, _form: str) -> str:
        return str(self)


def counted_to(most: int, rows: QuerySet[Any]) -> int:
    """Return how many rows there are; :class:`OrMore` where there are more than `most`, which are not counted."""
    found = rows.order_by()[: most + 1].count()
    return OrMore(most) if found > most else found


def figure(count: int, url: str) -> str:
    """Return a count as a page shows it: it opens what makes it, where there is an address and anything to open."""
    return format_html('<a href="{}">{}</a>', url, f"{count:,}") if url and count else f"{count:,}"
