"""Which list a reader of cards came from. It stands in the address, so that next and previous are cards of that list.

Without a word in the address it is the list of the reader's duty: the auditor's desk, what the centre received.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request
from tonghu.platform.components.table import Filter
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT, VERIFY
from tonghu.registry.models import Card
from tonghu.registry.pages import card_lists, looking, undecided

AUDITED, SAMPLE, PICKED, RECEIVED, CARDS = "audit", "sample", "picked", "received", "cards"
#: The name under which an address, or a form, says the list.
LIST: Final = "list"
#: The name under which an address says of which cards a sample is that was drawn from picked ones.
OF: Final = "of"


@dataclass(frozen=True)
class Trail:
    """A list with what narrows it; ``name`` is '' where the reader's duty has none."""

    by: Scope
    name: str
    narrowed: tuple[tuple[str, str], ...] = ()

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """What keeps the list in an address or a form; nothing for the list of the reader's duty, whole."""
        if self.name == _of_duty(self.by) and not self.narrowed:
            return ()
        return ((LIST, self.name), *self.narrowed)

    @property
    def query(self) -> str:
        """The same for an address, with its question mark."""
        return f"?{urlencode(self.said)}" if self.said else ""

    def card_url(self, card: int) -> str:
        """Where a card of the list is opened."""
        return reverse("registry:card", args=[card]) + self.query

    @property
    def place(self) -> tuple[str, str, str]:
        """The list's own address as it was narrowed, what it is called, and where the menu has it."""
        name, label = {
            AUDITED: ("registry:audit", _("Card audit")),
            SAMPLE: ("registry:audit", _("Card audit")),
            PICKED: ("registry:audit", _("Card audit")),
            RECEIVED: ("registry:received", _("Cards received")),
        }.get(self.name, ("registry:cards", _("Report cards")))
        address = reverse(name)
        narrowed = self.narrowed if self.name != PICKED else ()
        return address + (f"?{urlencode(narrowed)}" if narrowed else ""), label, address

    @cached_property
    def cards(self) -> QuerySet[Any]:
        """The cards of the list, as far as they are the reader's work; in no order."""
        if self.name == AUDITED:
            return self._kept(looking.by_need(looking.auditable(self.by)))
        if self.name == SAMPLE:
            return Card.objects.filter(pk__in=looking.drawn(self.by))
        if self.name == PICKED:
            return self._kept(looking.auditable(self.by))
        if self.name == RECEIVED:
            return self._kept(looking.received())
        return self._kept(card_lists.cards(self.by)) if self.name == CARDS else Card.objects.none()

    @property
    def order(self) -> str:
        """What the list is ordered by, before the cards' numbers."""
        own = {AUDITED: "need", SAMPLE: "pk", PICKED: "pk", RECEIVED: "state_since"}
        return own.get(self.name) or card_lists.order_of_cards(self.by)

    def beside(self, card: Card) -> tuple[str, str]:
        """The addresses of the cards before and after one in the list; '' where there is no other.

        Behind the last stands the first, so that nobody ends while cards wait.
        """
        if not self.name:
            return "", ""
        here = self._value(card)
        return self._url(card, here, back=True), self._url(card, here, back=False)

    def _url(self, card: Card, here: Any, *, back: bool) -> str:
        name, descending = self.order.removeprefix("-"), self.order.startswith("-")
        down = descending != back
        ordered = self.cards.exclude(pk=card.pk).order_by(
            F(name).desc() if down else F(name).asc(), "-pk" if down else "pk"
        )
        beyond = Q()
        if here is not None:
            side = "lt" if down else "gt"
            beyond = Q(**{f"{name}__{side}": here}) | Q(**{name: here, f"pk__{side}": card.pk})
            beyond &= Q(**{f"{name}__{side}e": here})  # said once more by itself: there the index begins
        numbers = ordered.values_list("pk", flat=True)
        found = numbers.filter(beyond).first() or numbers.first()
        return self.card_url(found) if found else ""

    def _value(self, card: Card) -> Any:
        """Where a card stands in the order, also where it is not of the list (any more)."""
        if self.name == AUDITED:
            own = looking.by_need(Card.objects.filter(pk=card.pk))
            return own.values_list("need", flat=True).first()
        return getattr(card, self.order.removeprefix("-"))

    def _kept(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What the filters leave; nothing where one of them cannot be read."""
        chosen = dict(self.narrowed)
        try:
            for each in filters_of(self.name, self.by):
                if each.name in chosen:
                    rows = each.narrow(rows, chosen[each.name])
        except InputRefused:
            return rows.none()
        return rows


def filters_of(name: str, by: Scope) -> list[Filter]:
    """The filters of a list."""
    if name == RECEIVED:
        return card_lists.filters("institution", "month", "group")
    if name == CARDS:
        return card_lists.filters_of_cards(by)
    if name == PICKED:
        return [Filter(OF, _("Card"), _of_these)]
    return [looking.of_clean(by), undecided.filter_of(by)] if name == AUDITED else []


def _of_these(rows: Any, said: str, /) -> Any:
    numbers = [int(each) for each in said.split() if each.isascii() and each.isdigit() and len(each) < 18]
    return rows.filter(pk__in=numbers)


def trail(request: Request) -> Trail:
    """The list that an address or a form names; that of the reader's duty where it names none of theirs."""
    said = request.POST if request.method == "POST" else request.GET
    name = said.get(LIST, "")
    if name not in _allowed(request.scope):
        return Trail(request.scope, _of_duty(request.scope))
    return of_list(request, name, said)


def of_list(request: Request, name: str, said: QueryDict | None = None) -> Trail:
    """A list as the address of its own page narrows it."""
    by, given = request.scope, request.GET if said is None else said
    return Trail(by, name, tuple(_chosen(filters_of(name, by), given)))


def _chosen(filters: Iterable[Filter], said: QueryDict) -> Iterable[tuple[str, str]]:
    for each in filters:
        value = said.get(each.name, "").strip()[:100]
        if value and (not each.choices or value in {code for code, _label in each.choices}):
            yield each.name, value


def _of_duty(by: Scope) -> str:
    if by.may(AUDIT) and by.institution is not None:
        return AUDITED
    return RECEIVED if by.may(VERIFY) else ""


def _allowed(by: Scope) -> tuple[str, ...]:
    return {AUDITED: (AUDITED, SAMPLE, PICKED, CARDS), RECEIVED: (RECEIVED, CARDS)}.get(_of_duty(by), (CARDS,))
