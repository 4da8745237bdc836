"""What changed of a month after it was locked: every version, act and new card since that moment, card by card.

As far as the reader sees: the own hospital's cards as they are, those of others up to what was reported. What changes
the month's figures stands first; cards that only went their way stand by themselves. Of zero reports
``zeros_after_lock`` tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from tonghu.platform.audit.changes import event_model, who_in_words
from tonghu.platform.components.table import Mark
from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import SEPARATOR, called
from tonghu.registry.forms.cells import label
from tonghu.registry.models import Card, CardAct, CardVersion
from tonghu.registry.pages.beside import act_in_words, came_about
from tonghu.registry.pages.card_lists import CORRECTED, state_in_words, state_mark
from tonghu.registry.seen import cards_seen
from tonghu.registry.states import IN_HAND
from tonghu.surveillance.models import MonthLock

#: Of which cards the page is, by the name in the address: all that changed what the month says, of these the new ones
#: and those first reported since; and those on which only :data:`ROUTINE` was done.
ALL, NEW, REPORTED, ON_THEIR_WAY = "", "new", "reported", "routine"
WHICH: Final = (ALL, NEW, REPORTED, ON_THEIR_WAY)
#: Acts by which a card goes on without another word of it or of the month's figures being changed.
ROUTINE: Final = (
    "submit", "withdraw", "approve", "return", "recall", "accept", "override", "reopen", "ask", "answer", "ask_void",
    "decline_void",
)  # fmt: skip


def changed(lock: MonthLock, by: Scope, which: str = ALL) -> QuerySet[Card]:
    """The cards of a locked month that were changed since, voided ones too, or only went their way.

    Args:
        which: one of :data:`WHICH`.
    """
    return _touched(lock, by).filter(_narrowings(lock)[which])


def counts(lock: MonthLock, by: Scope) -> dict[str, int]:
    """How many cards each of :data:`WHICH` has."""
    counted = {which or "all": Count("pk", filter=narrow) for which, narrow in _narrowings(lock).items()}
    found = _touched(lock, by).aggregate(**counted)
    return {which: found[which or "all"] for which in WHICH}


def _touched(lock: MonthLock, by: Scope) -> QuerySet[Card]:
    """Every card of the month on which anything was done since; an index answers it."""
    return cards_seen(by).filter(archive_month=lock.archive_month, changed_at__gt=lock.locked_at)


def _narrowings(lock: MonthLock) -> dict[str, Q]:
    new, reported = Q(created_at__gt=lock.locked_at), Q(first_reported_at__gt=lock.locked_at)
    written = Exists(CardVersion.objects.filter(card=OuterRef("pk"), made_at__gt=lock.locked_at))
    acts = CardAct.objects.filter(card=OuterRef("pk"), at__gt=lock.locked_at)
    changes = new | reported | Q(written) | Q(Exists(acts.exclude(act__in=ROUTINE)))
    return {ALL: changes, NEW: new, REPORTED: reported, ON_THEIR_WAY: ~changes}


@dataclass(frozen=True, slots=True)
class Event:
    """One version or act: when, what, the fields that it changed, by whom ('': the reader is not told) and why."""

    at: datetime
    what: str
    who: str = ""
    fields: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A card with what was done on it since the lock, the newest first."""

    card: Card
    state: Mark
    events: Sequence[Event]


def told(lock: MonthLock, cards: Iterable[Card], by: Scope) -> list[Changed]:
    """These cards, each with what was done on it since the lock: of one page, four queries whatever its length."""
    held = {card.pk: card for card in cards}
    events: dict[int, list[Event]] = {number: [] for number in held}
    acts = CardAct.objects.filter(card__in=held, at__gt=lock.locked_at)
    posts: dict[tuple[int, int], str] = {}
    for act in acts:
        # The hospital stands in a column of its own where there are several.
        who = called(act.who, by).removesuffix(f"{SEPARATOR}{held[act.card_id].institution.name}")
        posts[act.card_id, act.post_id or 0] = who
        events[act.card_id].append(Event(act.at, act_in_words(act), who, why=act.reason))
    versions = CardVersion.objects.filter(card__in=held, made_at__gt=lock.locked_at).defer("content", "row")
    writers = _writers(lock, held, by)
    for one in versions:
        # Who is above a hospital reads no history of its cards: the post is known where it did something else as well.
        who = writers.get((one.card_id, one.number)) or posts.get((one.card_id, one.post_id or 0), "")
        events[one.card_id].append(_version(one, held[one.card_id], who))
    return [
        Changed(card, _state(card, by), sorted(events[number], key=lambda one: one.at, reverse=True))
        for number, card in held.items()
    ]


def _state(card: Card, by: Scope) -> Mark:
    """The card's state; above its hospital, what that has in hand is being corrected."""
    inner = by.institution is None and card.state in IN_HAND
    return Mark(state_in_words(CORRECTED), "ask") if inner else state_mark(card)


def _version(one: CardVersion, card: Card, who: str) -> Event:
    said = {"number": one.number, "how": came_about(one)}
    if one.number == 1:
        return Event(one.made_at, _("New card: %(how)s") % said, who)
    fields = tuple(label(column, card.layout) or column for column in one.changed)
    return Event(one.made_at, _("Version %(number)d: %(how)s") % said, who, fields)


def _writers(lock: MonthLock, cards: Mapping[int, Card], by: Scope) -> dict[tuple[int, int], str]:
    """Who wrote which version since the lock; in the hospital alone, whose history of the cards it is."""
    if by.institution is None or not cards:
        return {}
    events = event_model("registry.card").objects.filter(pgh_obj_id__in=list(cards), pgh_created_at__gt=lock.locked_at)
    rows = events.order_by("-pgh_id").values_list("pgh_obj_id", "version", "pgh_who")
    return {(card, version): called(who_in_words(who), by) for card, version, who in rows}
