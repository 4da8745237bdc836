"""The bulk mends of a hospital's last weeks, each with the way back: the bar right after one is gone in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Max, Min, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.audit.changes import event_model, who_in_words
from tonghu.platform.components.parts import Confirm
from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import called
from tonghu.registry.access import ENTER
from tonghu.registry.forms.cells import label
from tonghu.registry.models import Card, CardVersion, Origin
from tonghu.registry.services.mending import stored

#: Mends of so many days are listed, and so many at most, the newest first.
DAYS: Final = 60
MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Done:
    """A bulk mend as it stands now.

    Attributes:
        number: under which it was done.
        at, who: when, and by whom in words ('': not known).
        fields: what it changed, by name.
        cards: how many cards it changed.
        back: on how many of these it was taken back.
        since: how many of the others have a newer version; of those only what nobody changed since is taken back.
        undo: asks once more, and takes it back; None where nothing is left of it.
    """

    number: int
    at: datetime
    who: str
    fields: tuple[str, ...]
    cards: int
    back: int
    since: int
    undo: Confirm | None


@requires(ENTER)
@require_GET
def mends(request: Request) -> HttpResponse:
    """The bulk mends of the last weeks."""
    done = recent(request.scope)
    said = {"mends": done, "days": DAYS, "most": MOST if len(done) == MOST else 0}
    return render(request, "registry/mends.html", said)


def recent(by: Scope) -> list[Done]:
    """Return the own hospital's bulk mends of the last :data:`DAYS`, the newest first; five queries, however many."""
    bulk, undone = Q(origin=Origin.BULK), Q(origin=Origin.UNDO)
    made = CardVersion.objects.filter(institution=by.institution, batch__lt=0)
    counted = made.values("batch").annotate(
        at=Min("made_at", filter=bulk),
        cards=Count("card", filter=bulk, distinct=True),
        back=Count("card", filter=undone, distinct=True),
        sample=Max("pk", filter=bulk),
    )
    lately = counted.filter(at__gt=timezone.now() - timedelta(days=DAYS)).order_by("batch")
    found = list(lately.values_list("batch", "at", "cards", "back", "sample")[:MOST])
    whole = made.filter(bulk, batch__in=[batch for batch, *_rest in found])
    fields: dict[int | None, set[str]] = {}
    for batch, changed, layout in whole.values_list("batch", "changed", "card__layout").distinct():
        fields.setdefault(batch, set()).update(label(column, layout) or column for column in changed)
    newer = Card.objects.filter(institution=by.institution, versions__in=whole, version__gt=F("versions__number"))
    newer_of = dict(newer.values_list("versions__batch").annotate(n=Count("pk", distinct=True)))
    who = _writers([sample for *_rest, sample in found])
    done = []
    for batch, at, cards, back, sample in found:
        number, since = stored(batch or 0), max(0, newer_of.get(batch, 0) - back)
        named = tuple(sorted(fields.get(batch, ())))
        undo = _undo(number, cards - back, since)
        done.append(Done(number, at, called(who.get(sample, ""), by), named, cards, back, since, undo))
    return done


def _undo(number: int, standing: int, since: int) -> Confirm | None:
    if standing <= 0:
        return None
    return Confirm(
        question=_("Take this bulk mend back?"),
        consequences=[
            (f"{standing:,}", _("cards get their earlier text back, as far as nobody changed it since")),
            *([(f"{since:,}", _("of these were changed since: what was changed stays"))] if since else []),
        ],
        act=_("Undo"),
        url=reverse("registry:undo_bulk", args=[number]),
        final=False,
    )


def _writers(versions: list[int]) -> dict[int, str]:
    """Who wrote these versions, in words."""
    known = CardVersion.objects.filter(pk__in=versions).values_list("card", "number", "pk")
    wanted = {(card, number): pk for card, number, pk in known}
    events = (
        event_model("registry.card")
        .objects.filter(pgh_obj_id__in=[card for card, _number in wanted])
        .order_by("-pgh_id")
    )
    return {
        wanted[card, version]: who_in_words(who)
        for card, version, who in events.values_list("pgh_obj_id", "version", "pgh_who")
        if (card, version) in wanted
    }
