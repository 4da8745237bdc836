"""Pages on one month: how it stands here, the zero report, the lock, and what changed after it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.intake.access import UPLOAD
from tonghu.network.region_range import NATION
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components.table import Table
from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import label_in_words
from tonghu.registry.access import READ as READ_CARDS
from tonghu.registry.pages.card_lists import state_in_words
from tonghu.registry.states import IN_HAND, State
from tonghu.surveillance import after_lock, against_zero, board, month_rules, queries, services, zeros_after_lock
from tonghu.surveillance.access import LOCK, SIGN, VIEW
from tonghu.surveillance.acting import form_page
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.forms import LockForm, ReasonForm, SignForm
from tonghu.surveillance.links import behind_url, cards_url
from tonghu.surveillance.models import MonthLock, ZeroReport
from tonghu.surveillance.views import may_sign

#: So many cards that changed after the lock stand on the month's page; the others on the page behind it.
NAMED = 10


@requires(VIEW)
@require_GET
def month(request: Request, month: str) -> HttpResponse:
    """One month in the reader's scope: states, zero report, lock, and what changed after the lock."""
    asked, today, scope = _read(month), timezone.localdate(), request.scope
    region = None if scope.institution else (scope.region_from or NATION)
    states = queries.by_state([asked], institution=scope.institution, region=region)[asked]
    opens = scope.may(READ_CARDS)
    held = queries.locks([asked]).get(asked)
    said: dict[str, Any] = {
        "month": asked,
        "before": asked.plus(-1) if Month.read(str(asked.plus(-1))) else None,
        "next": asked.plus(1) if asked.plus(1).first <= today else None,
        "states": _states(asked, states, above=region is not None, opens=opens),
        "cards_url": behind_url("month", str(asked)) if opens else "",
        "reported_url": behind_url("reported", str(asked), region=region) if opens else "",
        "on_time_url": behind_url("on_time", str(asked), region=region) if opens else "",
        "assumed_url": behind_url("assumed", str(asked)) if opens else "",
        "urls": {
            one: f"{reverse('surveillance:board')}?by=points&show={one}&month={asked}&until={asked}"
            for one in board.SHOWS
        },
        "lock": held,
        "after": _after(held, scope) if held and opens else None,
        "may_lock": scope.may(LOCK) and held is None and asked.due < today,
        "may_lift": scope.may(LOCK) and held is not None,
        "today": today,
    }
    if scope.institution:
        cells = board.cells_of(scope.institution, [asked.plus(-back) for back in range(12, -1, -1)], today)
        said["cell"] = cells.get(asked)
        said["found"] = month_rules.found(asked, cells, today)
        said["zeros"] = queries.zero_reports(scope.institution, [asked])
        said["may_sign"] = scope.may(SIGN) and may_sign(said["cell"], today)
        said["may_withdraw"] = scope.may(SIGN)
    else:
        low = scope.region_from or NATION
        said["sum"] = board.sums([asked], today, region=low, digits=0).get(low, {}).get(asked, board.Sum())
    return render(request, "surveillance/month.html", said)


def _after(lock: MonthLock, by: Scope) -> dict[str, Any]:
    """What changed after the lock: how many cards, each number with its cards, and the newest of them."""
    page = reverse("surveillance:after_lock", args=[Month(lock.archive_month)])
    counts = after_lock.counts(lock, by) | {zeros_after_lock.ZEROS: zeros_after_lock.changed(lock).count()}
    newest = list(after_lock.changed(lock, by).select_related("institution").order_by("-changed_at", "-pk")[:NAMED])
    return {
        "lines": [
            (words, counts[which], f"{page}?which={which}" if which else page)
            for which, words in _which().items()
            if which != after_lock.ON_THEIR_WAY
        ],
        "cards": after_lock.told(lock, newest, by), "elsewhere": by.institution is None,
        "all_url": page if counts[after_lock.ALL] > len(newest) else "",
        "on_their_way": (counts[after_lock.ON_THEIR_WAY], f"{page}?which={after_lock.ON_THEIR_WAY}"),
    }  # fmt: skip


def _which() -> dict[str, str]:
    return {
        after_lock.ALL: _("Changed since the lock"), after_lock.NEW: _("New since the lock"),
        after_lock.REPORTED: _("First reported since the lock"),
        zeros_after_lock.ZEROS: _("Zero reports signed, withdrawn or contradicted since the lock"),
        after_lock.ON_THEIR_WAY: _("Passed on since the lock without a change"),
    }  # fmt: skip


@requires(READ_CARDS)
@require_GET
def after(request: Request, month: str) -> HttpResponse:
    """What changed of a locked month since the lock, cards or zero reports, each with what was done; page by page."""
    asked = _read(month)
    lock = queries.locks([asked]).get(asked)
    which = request.GET.get("which", "")
    if lock is None or which not in _which():
        raise Http404
    of_zeros = which == zeros_after_lock.ZEROS
    rows = zeros_after_lock.changed(lock) if of_zeros else after_lock.changed(lock, request.scope, which)
    table = Table(
        request=request, name="after-lock", order="-last_at" if of_zeros else "-changed_at", columns=(),
        rows=rows.select_related("institution"),
    )  # fmt: skip
    shown, by = table.slice.rows, request.scope
    said = {
        "month": asked, "lock": lock, "what": _which()[which], "table": table, "shown": len(shown),
        "cards": [] if of_zeros else after_lock.told(lock, shown, by),
        "zeros": zeros_after_lock.told(lock, shown, by) if of_zeros else [],
        "elsewhere": by.institution is None,
    }  # fmt: skip
    return render(request, "surveillance/after_lock.html", said)


def _states(month: Month, held: dict[str, int], *, above: bool, opens: bool) -> list[tuple[str, int, str]]:
    """How many cards stand where, each number with the way to its cards where the reader sees them.

    Who stands `above` hospitals sees the cards that are with the centre; those in a hospital's hands are one number.
    """
    shown = {state.value: held[state.value] for state in State if held.get(state.value)}
    if above:
        rest = sum(shown.pop(state, 0) for state in IN_HAND)
        shown.pop(State.VOIDED, 0)
    lines = [
        (state_in_words(state), n, cards_url(month=month, state=state) if opens else "") for state, n in shown.items()
    ]
    # Not yet reported or in correction: of the former nobody above sees a card.
    return [*lines, (_("in the hospitals' hands"), rest, "")] if above and rest else lines


@requires(SIGN)
@require_http_methods(["GET", "POST"])
def sign(request: Request, month: str) -> HttpResponse:
    """Sign that a month had no case."""
    asked, here = _read(month), request.scope.institution
    waiting = against_zero.waiting(here, asked) if here else []
    form = SignForm(request.POST if request.method == "POST" else None, waiting=[one.batch for one in waiting])

    def act(said: dict[str, Any]) -> ZeroReport:
        return services.sign_zero(
            month=asked, by=request.scope, known=form.known, despite=said.get("despite", "")
        )  # fmt: skip

    return form_page(
        request, form, act, title=_("Zero report of %(month)s") % {"month": asked}, submit=_("Sign: no case"),
        back=reverse("surveillance:month", args=[asked]),
        done=_("The zero report of %(month)s is signed.") % {"month": asked},
        crumbs=_crumbs(asked),
        note=_(
            "You sign as %(who)s that no record archived in %(month)s had a case in scope. It counts as reported from "
            "today on, is seen by the authorities above you, and can be withdrawn with a reason."
        ) % {"who": label_in_words(request.scope.label), "month": asked},
        template="surveillance/sign.html",
        more={
            "month": asked, "waiting": waiting, "may_open": request.scope.may(UPLOAD),
            "cards": queries.cards_of(here, asked) if here else 0,
            "cards_url": behind_url("month", str(asked)) if request.scope.may(READ_CARDS) else "",
            "lock": queries.locks([asked]).get(asked), "begins": asked.plus(1).first,
            "lasts": asked.last >= timezone.localdate(),
        },
    )  # fmt: skip


@requires(SIGN)
@require_http_methods(["GET", "POST"])
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take a zero report back."""
    held = get_object_or_404(ZeroReport, pk=pk, institution=request.scope.institution)
    asked = Month(held.archive_month)
    form = ReasonForm(request.POST or None)

    def act(said: dict[str, Any]) -> ZeroReport:
        return services.withdraw_zero(report=held, reason=said["reason"], by=request.scope)

    return form_page(
        request, form, act, title=_("Withdraw the zero report of %(month)s") % {"month": asked}, submit=_("Withdraw"),
        back=reverse("surveillance:month", args=[asked]), done=_("The zero report is withdrawn."),
        crumbs=_crumbs(asked),
        note=_("The month is open again; the report and the reason stay on record."),
        template="surveillance/sign.html", more={"month": asked, "lock": queries.locks([asked]).get(asked)},
    )  # fmt: skip


@requires(LOCK)
@require_http_methods(["GET", "POST"])
def lock(request: Request, month: str) -> HttpResponse:
    """Lock a month for the nation."""
    asked = _read(month)
    if request.scope.region_from != NATION:
        raise PermissionDenied(_("Months are locked by the national centre."))
    form = LockForm(request.POST if request.method == "POST" else None)
    counted = board.sums([asked], timezone.localdate(), digits=0).get(NATION, {}).get(asked, board.Sum())

    def act(said: dict[str, Any]) -> MonthLock:
        return services.lock_month(month=asked, by=request.scope, note=said["note"])

    return form_page(
        request, form, act, title=_("Lock %(month)s") % {"month": asked}, submit=_("Lock"),
        back=reverse("surveillance:month", args=[asked]), done=_("%(month)s is locked.") % {"month": asked},
        crumbs=_crumbs(asked),
        consequences=(
            (f"{counted.cards:,}", _("cards can no longer be taken back in bulk")),
            (f"{counted.cards - counted.reported:,}", _("cards are not reported yet; they can still be")),
            (f"{counted.outstanding:,}", _("points still owe something")),
        ),
    )  # fmt: skip


@requires(LOCK)
@require_http_methods(["GET", "POST"])
def lift(request: Request, pk: int) -> HttpResponse:
    """Open a locked month again."""
    held = get_object_or_404(MonthLock, pk=pk)
    if request.scope.region_from != NATION:
        raise PermissionDenied(_("Months are locked by the national centre."))
    asked = Month(held.archive_month)
    form = ReasonForm(request.POST or None)

    def act(said: dict[str, Any]) -> MonthLock:
        return services.lift_lock(lock=held, reason=said["reason"], by=request.scope)

    return form_page(
        request, form, act, title=_("Unlock %(month)s") % {"month": asked}, submit=_("Unlock"),
        back=reverse("surveillance:month", args=[asked]), done=_("%(month)s is unlocked.") % {"month": asked},
        crumbs=_crumbs(asked),
    )  # fmt: skip


def _read(text: str) -> Month:
    found = Month.read(text)
    if found is None or found.first > timezone.localdate():
        raise Http404
    return found


def _crumbs(asked: Month) -> tuple[tuple[str, str], ...]:
    here = reverse("surveillance:month", args=[asked])
    return ((reverse("surveillance:board"), _("How reporting stands")), (here, str(asked)))
