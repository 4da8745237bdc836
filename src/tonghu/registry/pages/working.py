"""The correction queue: which cards wait for the clerk's hand, in which order, how many are left, how fast it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from tonghu.platform.components.figures import OrMore, counted_to
from tonghu.platform.scope.scope import Scope
from tonghu.registry.drafts import Told, drafts_told
from tonghu.registry.models import Card, Finding, Tally
from tonghu.registry.pages.pace import Pace, pace
from tonghu.registry.states import EDITABLE, RETURNED, State

#: More than these are "many": nobody needs the exact figure, and counting them costs.
MOST_COUNTED: Final = 1000
#: Which cards the clerk works on, by the name in the address; '' for all that is theirs.
KINDS: Final = ("", "returned", "supplement", "waits", "typed", "ready")

#: What an address says instead of a rule: only cards on which none finds anything.
NOTHING: Final = "none"
#: Of these nothing is found, or not for that: they are listed card by card.
BY_CARD: Final = frozenset({"supplement", "typed", "ready"})


def in_hand(by: Scope) -> QuerySet[Card]:
    """The own hospital's cards that a clerk may change."""
    return Card.objects.filter(institution=by.institution, state__in=EDITABLE)


def open_findings() -> QuerySet[Finding]:
    """Findings that are neither mended nor explained, of the card of an outer query."""
    return Finding.objects.filter(card=OuterRef("pk"), overridden_at=None)


def queue(by: Scope, *, rule: str = "", kind: str = "", told: Sequence[Told] | None = None) -> QuerySet[Card]:
    """The cards with something to do, those that somebody else was asked about apart.

    Args:
        rule: only those on which it finds something; of :data:`NOTHING` those on which none does.
        kind: ``returned``: those that came back; ``waits``: those that wait for another department; ``supplement``:
            those whose supplement lacks something; ``typed``: those that are left out of a submission, see
            :func:`typed_on`; ``ready``: those that would be submitted together.
        told: who has typed what, where the page has asked already.
    """
    if rule == NOTHING:
        return unfound(queue(by, kind=kind, told=told))
    if kind == "typed":
        return typed_on(by, told)
    if kind == "ready":
        return ready(by, told)
    found = in_hand(by)
    found = found.exclude(waits_for="") if kind == "waits" else found.filter(waits_for="")
    if kind == "returned":
        found = found.filter(state__in=RETURNED)
    if kind == "supplement":
        found = found.filter(to_supplement__gt=0)
    if rule:
        found = found.filter(Exists(open_findings().filter(institution=by.institution, rule=rule)))
    elif not kind:
        found = found.filter(Q(errors__gt=0) | Q(warnings__gt=0) | Q(confirms__gt=0) | Q(state__in=RETURNED))
    return found


def ready(by: Scope, told: Sequence[Told] | None = None) -> QuerySet[Card]:
    """Drafts with nothing to find, and nothing typed on them that is not saved: they may be submitted together."""
    return _clean_drafts(by).exclude(pk__in=_typed(told))


def typed_on(by: Scope, told: Sequence[Told] | None = None) -> QuerySet[Card]:
    """Drafts with nothing to find on which somebody typed something that is not saved: they are left out."""
    return _clean_drafts(by).filter(pk__in=_typed(told))


def _typed(told: Sequence[Told] | None) -> set[int]:
    """The cards on which somebody typed something that is not saved."""
    return {one.card for one in (drafts_told() if told is None else told)}


def _clean_drafts(by: Scope) -> QuerySet[Card]:
    return Card.objects.filter(
        institution=by.institution, state=State.DRAFT, errors=0, warnings=0, confirms=0, waits_for=""
    )


def of_colleagues(by: Scope, told: Sequence[Told] | None = None) -> dict[int, Told]:
    """The cards on which a colleague of the reader is typing, with who and when."""
    theirs = [one for one in (drafts_told() if told is None else told) if one.fresh and one.person != by.person]
    return {one.card: one for one in reversed(theirs)}  # the newest of each


def unfound(cards: QuerySet[Card]) -> QuerySet[Card]:
    """Of these cards those without an open finding: what came back for another reason, what waits for an answer."""
    return cards.filter(errors=0, warnings=0, confirms=0)


def counted(cards: QuerySet[Any]) -> int:
    """How many; of more than :data:`MOST_COUNTED` that there are so many or more."""
    return counted_to(MOST_COUNTED, cards)


def in_all(count: int) -> int | None:
    """How many rows a list has in all, of what :func:`counted` said; None where that says "many"."""
    return None if isinstance(count, OrMore) else count


def after(cards: QuerySet[Card], card: Card | None, *, back: bool = False) -> int | None:
    """The card that follows in the order of the queue, or goes before; from the end on to the start; None for none."""
    order = ("-archive_month", "-pk") if back else ("archive_month", "pk")
    rest = cards.order_by(*order)
    if card is None:
        return rest.values_list("pk", flat=True).first()
    month, sign = card.archive_month, "lt" if back else "gt"
    beyond = rest.filter(Q(**{f"archive_month__{sign}": month}) | Q(archive_month=month, **{f"pk__{sign}": card.pk}))
    found = beyond.values_list("pk", flat=True).first()
    return found or rest.exclude(pk=card.pk).values_list("pk", flat=True).first()


@dataclass(frozen=True, slots=True)
class ByRule:
    """One rule of the queue."""

    rule: str
    level: str
    cards: int


def by_rule(by: Scope, *, kind: str = "") -> list[ByRule]:
    """The rules that find something on cards of the queue: what blocks first, then the most frequent."""
    cards = queue(by, kind=kind).values("pk")
    rows = (
        Finding.objects.filter(institution=by.institution, overridden_at=None, card__in=cards)
        .values("rule", "level")
        .annotate(cards=Count("card", distinct=True))
    )
    order = {"error": 0, "warning": 1, "confirm": 2}
    found = [ByRule(row["rule"], row["level"], row["cards"]) for row in rows]
    return sorted(found, key=lambda one: (order[one.level], -one.cards, one.rule))


@dataclass(frozen=True)
class Place:
    """Where a clerk stands in the queue, from card to card."""

    by: Scope
    rule: str
    kind: str

    @property
    def query(self) -> str:
        """What keeps the place in an address, with its question mark; '' where it is the whole queue."""
        said = {name: value for name, value in (("rule", self.rule), ("kind", self.kind)) if value}
        return f"?{urlencode(said)}" if said else ""

    @cached_property
    def told(self) -> Sequence[Told]:
        """Who has typed what and not saved it: asked once a page."""
        return drafts_told()

    @cached_property
    def cards(self) -> QuerySet[Card]:
        """The cards of this place."""
        return self.queue(self.kind, self.rule)

    def queue(self, kind: str, rule: str = "") -> QuerySet[Card]:
        """The cards of a kind, see :func:`queue`."""
        return queue(self.by, rule=rule, kind=kind, told=self.told if kind in ("typed", "ready") else None)

    @cached_property
    def left(self) -> int:
        """How many are left, the one on the screen included."""
        return counted(self.cards)

    @cached_property
    def pace(self) -> Pace:
        """How fast the reader goes."""
        return pace(self.by)

    @property
    def time_left(self) -> str:
        """How long the rest will take, in words."""
        return self.pace.left(self.left)

    @cached_property
    def taken(self) -> dict[int, Told]:
        """The cards on which a colleague is typing."""
        return of_colleagues(self.by, self.told)

    def url(self, card: Card | None, *, back: bool = False) -> str:
        """The address of the card that follows; '' when there is none. Cards on which a colleague is typing come only
        when no other is left."""
        free = self.cards.exclude(pk__in=self.taken) if self.taken else self.cards
        found = after(free, card, back=back) or (after(self.cards, card, back=back) if self.taken else None)
        return reverse("registry:card", args=[found]) + self.query if found else ""


def place(request: HttpRequest) -> Place:
    """The place that an address or a form names."""
    said = request.POST if request.method == "POST" else request.GET
    names = ("_rule", "_kind") if request.method == "POST" else ("rule", "kind")
    kind = said.get(names[1], "")
    return Place(request.scope, said.get(names[0], "")[:40], kind if kind in KINDS else "")  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Month:
    """How far a month has come."""

    month: date
    cards: int
    problems: int
    in_hand: int
    submitted: int
    approved: int
    reported: int

    @property
    def out(self) -> int:
        """How many have left the clerk's hand."""
        return self.cards - self.in_hand

    @property
    def beyond(self) -> int:
        """The same in percent, never 100 before all have."""
        return 100 if self.out >= self.cards else self.out * 100 // self.cards


def behind(topic: str, month: Month, *more: str) -> str:
    """Where the cards behind a number of a month are; '' on a site without the room that has such lists.

    Args:
        more: what else the key of the topic says.
    """
    try:
        address = reverse("surveillance:cards")
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode({'topic': topic, 'key': '/'.join((f'{month.month:%Y-%m}', *more))})}"


def months(by: Scope, since: date) -> Sequence[Month]:
    """The own hospital's months from a day on, the newest first."""
    rows = (
        Tally.objects.filter(institution=by.institution, archive_month__gte=since)
        .exclude(state=State.VOIDED)
        .values("archive_month")
        .annotate(
            total=Sum("cards"),
            problems=Sum("cards", filter=Q(problem=True), default=0),
            hand=Sum("cards", filter=Q(state__in=EDITABLE), default=0),
            waiting=Sum("cards", filter=Q(state=State.SUBMITTED), default=0),
            passed=Sum("cards", filter=Q(state=State.APPROVED), default=0),
            sent=Sum("cards", filter=Q(state__in=(State.REPORTED, State.ACCEPTED)), default=0),
        )
        .order_by("-archive_month")
    )
    return [
        Month(
            row["archive_month"], row["total"], row["problems"], row["hand"], row["waiting"], row["passed"], row["sent"]
        )
        for row in rows
        if row["total"]
    ]
