"""What the search box finds of this room: cards by record number."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from tonghu.codes.text import halfwidth
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import SearchHit, SearchProvider
from tonghu.registry.access import READ
from tonghu.registry.models import Card
from tonghu.registry.seen import show_names

#: No record number of a card is longer.
LONGEST = 20


def providers() -> tuple[SearchProvider, ...]:
    """Cards in the reader's reach."""
    return (SearchProvider(gettext_lazy("Report cards"), find, permission=READ),)


def find(scope: Scope, text: str, limit: int) -> Iterator[SearchHit]:
    """The cards of a record number, the newest stay first; only in the own hospital, which its clerks know by heart."""
    wanted = "".join(halfwidth(text).split()).replace("\0", "")
    if scope.institution is None or not wanted or len(wanted) > LONGEST:
        return
    cards = Card.objects.filter(institution=scope.institution, record_number=wanted)
    found = list(cards.order_by("-discharge_at")[:limit])
    called = show_names(found, "搜索框", by=scope)
    for card in found:
        left = timezone.localtime(card.discharge_at).date().isoformat()
        note = f"{called.get(card.pk, '')} · {left} · {card.get_state_display()}"
        yield SearchHit(card.record_number, reverse("registry:card", args=[card.pk]), note)
