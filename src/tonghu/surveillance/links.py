"""From a figure to the cards that make it: the list of the registry with its filters in the address."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from tonghu.surveillance.calendar import Month


def cards_url(*, month: Month | None = None, **filters: str | int | None) -> str:
    """Return the address of the list of cards, narrowed; '' where this site has no such list.

    Args:
        month: the archive month.
        filters: the list's own: ``state``, ``institution``, ``group``, …; None leaves one out.
    """
    said = {"month": str(month) if month else None, **filters}
    try:
        address = reverse("registry:cards")
    except NoReverseMatch:
        return ""
    query = urlencode({name: value for name, value in said.items() if value not in (None, "")})
    return f"{address}?{query}" if query else address


def behind_url(topic: str, key: str, *, region: str | None = None, institution: int | None = None) -> str:
    """Return the address of the cards that make one figure: its topic and key are those of ``behind``.

    Args:
        region: whose hospitals are counted, for readers above hospitals; `institution` narrows it to one of them.
    """
    said = {"topic": topic, "key": key, "region": region, "institution": institution}
    query = urlencode({name: value for name, value in said.items() if value is not None})
    return f"{reverse('surveillance:cards')}?{query}"
