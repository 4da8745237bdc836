"""Approving clean cards together: the question before it, in numbers, and the sample that is looked at first."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components.parts import Confirm
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT
from tonghu.registry.auditing import sample
from tonghu.registry.models import Card, Finding
from tonghu.registry.pages import card_lists, looking
from tonghu.registry.pages.shown import FIELD, as_text, shown
from tonghu.registry.pages.telling import tell
from tonghu.registry.pages.trail import OF, PICKED, Trail
from tonghu.registry.seen import show_names
from tonghu.registry.services import move

#: What a confirmation says: numbers and what happens to them.
Consequences = list[tuple[str, str]]


def drawn_of(request: Request, clean: Collection[int]) -> looking.Sample:
    """The sample of clean cards, with what the reader has looked at."""
    chosen = sample(list(clean), timezone.localdate(), request.scope.person or 0)
    cards = Card.objects.filter(pk__in=chosen).order_by("pk")
    return looking.Sample(tuple(cards), looking.looked_at(request), len(clean))


def of_months(cards: QuerySet[Card]) -> tuple[Consequences, int]:
    """Of which archive months cards are, and how many of them lack something of their supplement."""
    each = cards.order_by("archive_month").values("archive_month")
    counted = each.annotate(n=Count("pk"), lacking=Count("pk", filter=Q(to_supplement__gt=0)))
    found = list(counted.values_list("archive_month", "n", "lacking"))
    said = [(str(n), _("of archive month %(month)s") % {"month": f"{month:%Y-%m}"}) for month, n, _lacking in found]
    return said, sum(lacking for _month, _n, lacking in found)


def question(clean: Mapping[int, int], drawn: looking.Sample, url: str, act: str) -> Confirm:
    """What approving these cards together does, asked before it is done.

    Args:
        clean: the cards, each with its version.
        url: where the answer is posted.
        act: the words on the button.
    """
    months, lacking = of_months(Card.objects.filter(pk__in=clean))
    explained = Finding.objects.filter(card__in=list(clean)).exclude(overridden_at=None).count()
    seen = sum(seen for _card, seen in drawn.lines)
    return Confirm(
        question=_("Approve these cards together?"),
        consequences=(
            (str(len(clean)), _("clean cards are approved")), *months,
            (f"{seen}/{len(drawn.cards)}", _("of the sample drawn from them were looked at")),
            (str(explained or _("none")), _("of them has a warning that was kept with a reason")),
            (str(lacking), _("of them lack something of their supplement")),
        ),
        act=act,
        url=url,
        fields=[(FIELD, as_text(clean))],
        tone="ask",
        way_back=_("Until a card is reported, an auditor can recall its approval."),
    )  # fmt: skip


@requires(AUDIT)
@require_POST
def approve_clean(request: Request) -> HttpResponse:
    """Approve the clean cards together, once every card of the sample was looked at."""
    seen = shown(request, looking.MOST_AT_ONCE)
    clean = [pk for pk in looking.clean_numbers(request.scope) if pk in seen]
    if not drawn_of(request, clean).all_seen:
        messages.error(request, _("Look at every card of the sample first: then the others are approved with them."))
        return redirect("registry:audit")
    tell(request, move(cards={pk: seen[pk] for pk in clean}, act="approve", by=request.scope), "approve")
    return redirect("registry:audit")


@requires(AUDIT)
@require_POST
def ask_picked(request: Request) -> HttpResponse:
    """What stands between the picked cards and their approval: the sample, else the question. Nothing is done yet."""
    wanted, clean, drawn = _picked(request)
    said = {
        "drawn": drawn, "picked": len(wanted), "left": len(wanted) - len(clean),
        "seen": sum(seen for _card, seen in drawn.lines),
    }  # fmt: skip
    if not drawn.all_seen:
        called = show_names(drawn.cards, card_lists.LISTED, by=request.scope)
        said["lines"] = [(card, called.get(card.pk, ""), seen) for card, seen in drawn.lines]
        said["query"] = _trail(request.scope, drawn).query
        said["next"] = next(card.pk for card, seen in drawn.lines if not seen)
    elif clean:
        label = ngettext("Approve %(n)d picked card", "Approve %(n)d picked cards", len(clean)) % {"n": len(clean)}
        said["asked"] = question(clean, drawn, reverse("registry:approve_picked"), label)
    return render(request, "registry/parts/ask_picked.html", said)


@requires(AUDIT)
@require_POST
def approve_picked(request: Request) -> HttpResponse:
    """Approve the cards that the auditor picked: clean ones of others, once the sample of them was looked at."""
    wanted, clean, drawn = _picked(request)
    if not drawn.all_seen:
        opens = _trail(request.scope, drawn).card_url
        unseen = ((opens(card.pk), card.record_number) for card, seen in drawn.lines if not seen)
        first = _("Look at these first, drawn by chance from those that you picked: %(cards)s.")
        links = format_html_join(", ", '<a href="{}">{}</a>', unseen)
        messages.error(request, format_html(first.replace("%(cards)s", "{}"), links))
        return redirect("registry:audit")
    if clean or not wanted:
        tell(request, move(cards={pk: wanted[pk] for pk in clean}, act="approve", by=request.scope), "approve")
    if left := len(wanted) - len(clean):
        why = _("%(n)d picked cards are not clean, or you wrote part of them: look at them one by one.")
        messages.warning(request, why % {"n": left})
    return redirect("registry:audit")


def _picked(request: Request) -> tuple[dict[int, int], dict[int, int], looking.Sample]:
    """The cards that were picked, those of them that are clean, each with its version, and the sample of these."""
    wanted = shown(request, looking.MOST_AT_ONCE)
    clean = set(looking.clean(request.scope).filter(pk__in=list(wanted)).values_list("pk", flat=True))
    return wanted, {pk: wanted[pk] for pk in wanted if pk in clean}, drawn_of(request, sorted(clean))


def _trail(by: Scope, drawn: looking.Sample) -> Trail:
    """The sample as a list of its own: from each card the next key leads to the next of it."""
    return Trail(by, PICKED, ((OF, " ".join(str(card.pk) for card in drawn.cards)),))
