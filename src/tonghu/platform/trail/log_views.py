"""The page of the log of acts, and whether its chain is whole."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.audit.access import READ
from tonghu.platform.audit.acts import CHILDREN_EXPORTED, CHILDREN_LISTED
from tonghu.platform.audit.chain import BROKEN, CHECKED
from tonghu.platform.audit.changes import who_in_words
from tonghu.platform.audit.events import personal_of
from tonghu.platform.audit.kinds import Kind, kinds, subject_words
from tonghu.platform.audit.models import Event, Link
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import Scope
from tonghu.platform.trail import tasks
from tonghu.platform.trail.kind_filters import kind_filters

#: How the first place where the chain does not hold is called.
BREAKS = {
    "altered": gettext_lazy("this event or its place was altered"),
    "removed": gettext_lazy("this event was removed"),
    "link_missing": gettext_lazy("this link was removed"),
    "head_missing": gettext_lazy(
        "nothing outside the database names the last link any more: whether the end was cut off cannot be told"
    ),
    "cut": gettext_lazy("the end of the log up to this link was cut off, or an older backup was restored"),
    "key_missing": gettext_lazy("the key that it was linked with is missing"),
}


@requires(READ)
@require_GET
def events(request: Request) -> HttpResponse:
    """Who did what, the newest first."""
    table = Table(
        request=request,
        name="events",
        rows=Event.objects.all(),
        order="-id",
        columns=(
            Column("at", _("Time"), kind="time", sort=None, fixed=True),
            Column("who", _("Who"), value=lambda row: who_in_words(row.who), kind="sentence", sort=None, fixed=True),
            Column("what", _("What"), value=lambda row: said[row.pk], kind="sentence", sort=None, fixed=True),
            Column("reason", _("Reason"), kind="sentence", sort=None),
            Column("purpose", _("Page or purpose"), sort=None, shown=False),
            Column("request", _("Request"), kind="code", sort=None, shown=False),
            Column("id", _("Number"), kind="number", sort="id", shown=False),
        ),
        filters=(
            *kind_filters(request.GET.get("about", ""), request.GET.get("kind", "")),
            Filter("who", _("Who"), lambda rows, text: rows.filter(who__contains=text)),
            Filter("subject", _("Number of the child or record"), _of_subject),
            Filter("since", _("From (YYYY-MM-DD)"), _since),
            Filter("until", _("Until (YYYY-MM-DD)"), _until),
        ),
        empty=_("Acts in your scope appear here: reads of children, numbers shown whole, exports, and others."),
    )
    said = _sentences(table.slice.rows, request.scope)
    return render(request, "trail/events.html", {"table": table, "chain": _chain()})


@requires(READ)
@require_POST
def check(request: Request) -> HttpResponse:
    """Have the whole chain checked by a job."""
    enqueue(tasks.check, by=request.scope)
    messages.success(request, _("The chain is being checked; the result appears on this page in a moment."))
    return redirect("trail:events")


def _sentences(rows: list[Event], scope: Scope) -> dict[int, str]:
    """What each event says to this reader: personal data only for those who may see them, and while they exist."""
    may_open = [row for row in rows if row.kind in kinds() and scope.may(kinds()[row.kind].opened_by)]
    opened = personal_of(may_open)
    said = {}
    for row in rows:
        kind = kinds().get(row.kind) or Kind(row.kind, row.kind, row.kind)
        personal: Any = opened.get(row.pk, _("(not for this post)"))
        if personal is None:
            personal = _("(shredded)")
        said[row.pk] = kind.sentence(subject_words(row.subject_kind, row.subject_id), row.data, personal)
    return said


def _chain() -> dict[str, Any]:
    """What of the chain was checked last, when and with what result; what came after is not passed off as checked."""
    last = Event.objects.filter(kind__in=(CHECKED.code, BROKEN.code)).order_by("-id").first()
    linked = Link.objects.aggregate(Max("seq"))["seq__max"] or 0
    if last is None:
        return {"mark": Mark(_("not checked yet"), "ask"), "linked": linked, "at": None, "break": ""}
    broken, words, checked = last.kind == BROKEN.code, "", last.data["links"]
    since = max(0, linked - checked)
    if broken:
        what = last.data["what"]
        where = {"seq": last.data["seq"], "event": last.data["event"] or "—", "what": BREAKS.get(what, what)}
        words = _("Link %(seq)s, event %(event)s: %(what)s.") % where
        mark = Mark(_("broken"), "block")
    else:
        mark = Mark(_("whole as far as it was checked") if since else _("whole"), "done")
    return {
        "mark": mark, "linked": linked, "at": last.at, "break": words, "broken": broken, "checked": checked,
        "since": 0 if broken else since,
    }  # fmt: skip


def _of_subject(rows: QuerySet[Event], said: str) -> QuerySet[Event]:
    """What is about a record of this number, and lists and files in which a child of this number stood."""
    if not said.isascii() or not said.isdigit() or int(said) >= 2**63:
        return rows.filter(subject_id=said)
    together = (CHILDREN_LISTED.code, CHILDREN_EXPORTED.code)
    return rows.filter(Q(subject_id=said) | Q(kind__in=together, data__contains={"children": [int(said)]}))


def _since(rows: QuerySet[Event], said: str) -> QuerySet[Event]:
    day = _day(said)
    return rows.filter(at__gte=day) if day else rows


def _until(rows: QuerySet[Event], said: str) -> QuerySet[Event]:
    day = _day(said)
    return rows.filter(at__lt=day + timedelta(days=1)) if day else rows


def _day(said: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(said), time(), timezone.get_default_timezone())
    except ValueError:  # what is no day does not narrow
        return None
