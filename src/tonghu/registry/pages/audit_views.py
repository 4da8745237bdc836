"""The auditor's desk and the centre's: what waits, oldest first; clean cards together after a sample; reporting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.audit.acts import log_list
from tonghu.platform.components.parts import Confirm
from tonghu.platform.components.table import Column, Mark, Table
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT, REPORT, VERIFY
from tonghu.registry.auditing import many_changes
from tonghu.registry.forms.diagnoses import diagnosis_names, with_code
from tonghu.registry.models import Card
from tonghu.registry.pages import approving, card_lists, looking, undecided, void_views, working
from tonghu.registry.pages.shown import FIELD, as_text, shown
from tonghu.registry.pages.telling import tell
from tonghu.registry.pages.trail import AUDITED, RECEIVED, SAMPLE, Trail, filters_of, of_list
from tonghu.registry.seen import show_names
from tonghu.registry.services import move
from tonghu.registry.states import State


@requires(AUDIT)
@require_GET
def audit(request: Request) -> HttpResponse:
    """The submitted cards, those that waited longest first; what is clean; what is ready to be reported."""
    by = request.scope
    if by.institution is None:
        raise Http404
    count = working.counted(looking.to_audit(by))
    clean = looking.clean_versions(by)
    drawn = approving.drawn_of(request, list(clean))
    label = ngettext("Approve %(n)d clean card", "Approve %(n)d clean cards", len(clean)) % {"n": len(clean)}
    called: dict[int, str] = {}
    table, pickable = _waiting(request, looking.to_audit(by), count, [card.pk for card in drawn.cards], called)
    waiting = looking.by_need(looking.auditable(by)).order_by("need", "pk")
    void_requests, void_count = void_views.waiting(by)
    asked_of = [each.card for each in void_requests]
    called.update(show_names([*drawn.cards, *table.slice.rows, *asked_of], card_lists.LISTED, by=by))
    said = {
        "void_requests": [(each, each.card, called.get(each.card_id, "")) for each in void_requests],
        "void_count": void_count,
        "table": table, "pickable": pickable, "clean_at_once": len(clean),
        "clean": len(clean) if len(clean) < looking.MOST_AT_ONCE else working.counted(looking.clean(by)),
        "waiting": count,
        "approved": working.counted(looking.approved(by)), "may_report": by.may(REPORT),
        "report_confirm": _confirm(by), "sample": drawn, "of_sample": Trail(by, SAMPLE).query,
        "sample_lines": [(card, called.get(card.pk, ""), seen) for card, seen in drawn.lines],
        "unseen": next((card.pk for card, seen in drawn.lines if not seen), None),
        "clean_label": label, "clean_confirm": clean and drawn.all_seen and approving.question(
            clean, drawn, reverse("registry:approve_clean"), label
        ),
        "first": waiting.values_list("pk", flat=True).first(),
    }  # fmt: skip
    return render(request, "registry/audit.html", said)


def _confirm(by: Scope) -> Confirm:
    """Reporting cannot be taken back: the centre has the cards then."""
    cards = looking.approved_versions(by)
    months, lacking = approving.of_months(Card.objects.filter(pk__in=cards))
    return Confirm(
        question=_("Report to the national centre?"),
        consequences=(
            (str(len(cards)), _("approved cards go to the centre")), *months,
            (str(lacking), _("of them lack something of their supplement, and go as they are")),
        ),
        act=_("Report"),
        url=reverse("registry:report"),
        fields=[(FIELD, as_text(cards))],
        tone="ask",
    )  # fmt: skip


def _waiting(
    request: Request, rows: Any, count: int, drawn: list[int], called: Mapping[int, str]
) -> tuple[Table, frozenset[int]]:
    """The list, and those of its rows that may be picked to be approved together.

    Args:
        called: what the children are called, by card, once the rows are known (``seen.show_names``).
    """
    opens = of_list(request, AUDITED).card_url
    table = Table(
        request=request, name="audit", rows=looking.by_need(rows), order="need",
        filters=filters_of(AUDITED, request.scope),
        columns=(
            Column("pick", _("Pick"), value=lambda card: _box(card, pickable), sort=None, fixed=True),
            Column("record_number", _("Record number"), kind="code", sort=None, fixed=True,
                   link=lambda card: opens(card.pk)),
            Column("name", _("Name"), value=lambda card: called.get(card.pk, ""), sort=None),
            Column("discharge_at", _("Discharge"), kind="date", sort=None),
            Column("principal_code", _("Principal diagnosis"), sort=None,
                   value=lambda card: with_code(card.principal_code, diagnoses)),
            Column("remark", _("Remark"), sort=None,
                   value=lambda card: _remark(card, request, back, drawn, changed.get(card.pk, 0))),
            Column("state_since", _("Waits since"), kind="date", sort=None,
                   value=lambda card: timezone.localdate(card.state_since)),
        ),
        row_mark=lambda card: "ask" if changed.get(card.pk, 0) >= many else "",
        caption=_("Cards that wait for the audit"), total=working.in_all(count), count_to=working.MOST_COUNTED,
        empty=_("No card waits for the audit. Those that clerks submit come here, the oldest first."),
    )  # fmt: skip
    here = [card.pk for card in table.slice.rows]
    diagnoses = diagnosis_names(table.slice.rows, request.scope)
    changed, many = looking.changed_fields(here), many_changes(timezone.localdate())
    back = looking.came_back(here)
    pickable = frozenset(looking.clean(request.scope).filter(pk__in=here).values_list("pk", flat=True))
    return table, pickable


def _box(card: Card, pickable: frozenset[int]) -> object:
    """The box of a card that may be picked; why there is none."""
    if card.pk not in pickable:
        why = _("To be picked: cards of others, with nothing found and the front page as it came.")
        return format_html('<span class="meta" title="{}">·</span>', why)
    return format_html(
        '<input type="checkbox" class="form-check-input" form="pick" name="card" value="{}" aria-label="{}" '
        "data-picked>",
        as_text({card.pk: card.version}),
        card.record_number,
    )


def _remark(card: Card, request: Request, back: dict[int, str], chosen: list[int], changed: int) -> object:
    """What sets a card apart: whom it is not for, that it came back, how much of its front page was changed, that it
    was drawn for the sample."""
    if request.scope.person in card.authors:
        return Mark(_("not for you: you wrote part of it"), "quiet")
    if request.scope.person in card.requested_by:
        return Mark(_("not for you: you submitted or explained it"), "quiet")
    words = ngettext("%(n)d field changed", "%(n)d fields changed", changed) % {"n": changed} if changed else ""
    if card.pk in back:
        state = str(State(back[card.pk]).label)
        return Mark(f"{state} · {words}" if words else state, "ask")
    return words or (Mark(drawn, "quiet") if (drawn := looking.place_in_sample(card, chosen)) else "")


@requires(AUDIT)
@require_GET
def not_decided(request: Request) -> HttpResponse:
    """Asked for behind the desk, since the cards must be opened: how many clean ones have rules that said nothing."""
    if request.scope.institution is None:
        raise Http404
    n = len(undecided.undecided(request.scope))
    return render(request, "registry/parts/undecided.html", {"n": n})


@requires(REPORT)
@require_POST
def report(request: Request) -> HttpResponse:
    """Report the approved cards that the page counted to the centre."""
    if request.scope.institution is None:
        raise Http404
    seen = shown(request, looking.MOST_AT_ONCE)
    tell(request, move(cards=seen, act="report", by=request.scope), "report")
    return redirect("registry:audit")


@requires(VERIFY)
@require_GET
def received(request: Request) -> HttpResponse:
    """The reported cards that wait for the centre."""
    opens = of_list(request, RECEIVED).card_url
    table = Table(
        request=request, name="received", rows=looking.received().select_related("institution"),
        order="state_since",
        columns=(
            Column("record_number", _("Record number"), kind="code", sort=None, fixed=True,
                   link=lambda card: opens(card.pk)),
            Column("institution", _("Hospital"), value=lambda card: card.institution.name, sort=None),
            Column("discharge_at", _("Discharge"), kind="date", sort=None),
            Column("principal_code", _("Principal diagnosis"), sort=None,
                   value=lambda card: with_code(card.principal_code, diagnoses)),
            Column("warnings", _("Warnings"), kind="number", sort=None),
            Column("again", _("How often"), value=_again, sort=None),
            Column("state_since", _("Reported at"), kind="time", sort="state_since"),
        ),
        filters=filters_of(RECEIVED, request.scope),
        caption=_("Cards reported by the points"), count_to=card_lists.MOST_COUNTED,
        empty=_("No card waits. What the points report comes here, the oldest first."),
    )  # fmt: skip
    # It names nobody, but it does say which records of which hospital have which disease.
    log_list(((one.child_id, one.institution_id) for one in table.slice.rows), card_lists.LISTED, by=request.scope)
    diagnoses = diagnosis_names(table.slice.rows, request.scope)
    page = {card.pk: card.version for card in table.slice.rows if not card.warnings}
    return render(request, "registry/received.html", {"table": table, "accept_confirm": page and _accepting(page)})


def _accepting(page: dict[int, int]) -> Confirm:
    """Accepting cannot be taken back by the centre: from then on the hospital revises, with a reason."""
    label = ngettext(
        "Accept the %(n)d card of this page without warnings", "Accept the %(n)d cards of this page without warnings",
        len(page),
    )  # fmt: skip
    return Confirm(
        question=_("Accept the cards of this page?"),
        consequences=((str(len(page)), _("cards without warnings count as accepted by the centre")),),
        act=label % {"n": len(page)},
        url=reverse("registry:accept"),
        fields=[(FIELD, as_text(page))],
        tone="ask",
        way_back=_(
            "The centre cannot take this back. A hospital that finds a mistake revises its card with a reason; until "
            "you accept the corrected version, the accepted one stays with the centre."
        ),
    )


def _again(card: Card) -> object:
    if card.accepted_version:
        return Mark(_("corrected after acceptance"), "ask")
    return _("again") if card.first_reported_at != card.reported_at else _("first time")


@requires(VERIFY)
@require_POST
def accept(request: Request) -> HttpResponse:
    """Accept cards of the list together."""
    seen = shown(request, looking.MOST_AT_ONCE)
    tell(request, move(cards=seen, act="accept", by=request.scope), "accept")
    return redirect("registry:received")
