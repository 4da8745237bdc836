"""Clean cards of which some rules said nothing, since what they read is blank: no finding, and no clean bill either."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.platform.components.table import Filter
from tonghu.platform.scope.scope import Scope
from tonghu.registry.checks import missing, rules_key
from tonghu.registry.content import open_
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.pages import looking

#: A card has to be opened to know: half a millisecond each. What was found out is kept for so many versions.
KEPT: Final = 5000
#: Card, version, and the rules that were asked, with their day.
Key = tuple[int, int, str, date]
_known: OrderedDict[Key, bool] = OrderedDict()


def undecided(by: Scope) -> list[int]:
    """Of the cards that are approved by one press of a button those on which a rule could not be decided."""
    clean = Card.objects.filter(pk__in=looking.clean_numbers(by)).select_related("institution")
    return among(clean.order_by("state_since", "pk"))


def among(cards: Iterable[Card]) -> list[int]:
    """Those of cards, with their institutions, on which a rule could not be decided."""
    today = timezone.localdate()
    keys = {
        card: (card.pk, card.version, rules_key(card.layout, today, card.institution.region_code), today)
        for card in cards
    }
    wanted = {card.pk: card for card, key in keys.items() if key not in _known}
    versions = CardVersion.objects.filter(card__in=wanted).only("card_id", "number", "content") if wanted else ()
    for one in versions:
        card = wanted[one.card_id]
        if one.number == card.version:
            _known[keys[card]] = bool(missing(open_(one.content), today, card.institution.region_code))
    while len(_known) > KEPT:
        _known.popitem(last=False)
    return [card.pk for card, key in keys.items() if _known.get(key)]


def filter_of(by: Scope) -> Filter:
    """The filter of the auditor's desk."""

    def narrow(rows: Any, _chosen: str, /) -> Any:
        return rows.filter(pk__in=undecided(by))

    return Filter("rules", _("Rules"), narrow, [("undecided", _("not all decided"))])
