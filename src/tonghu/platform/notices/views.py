"""Pages on notices: one's own, how one wants them, and how what goes out stands."""

from __future__ import annotations

from typing import Literal

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.platform.accounts.access import Request, requires, signed_in
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.components.as_shown import refuse
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.notices import services
from tonghu.platform.notices.access import OPERATE
from tonghu.platform.notices.forms import PreferencesForm
from tonghu.platform.notices.kinds import sentence
from tonghu.platform.notices.models import Message, Notice
from tonghu.platform.notices.queries import count_unread, outgoing, wishes_of
from tonghu.platform.stale import ChangedMeanwhile


@signed_in
@require_GET
def mine(request: Request) -> HttpResponse:
    """The reader's notices, unread ones marked."""
    table = Table(
        request=request,
        name="notices",
        rows=Notice.objects.filter(person=request.scope.person),
        order="-pk",
        columns=(
            Column("created_at", _("When"), kind="time", sort=None, fixed=True),
            Column(
                "what", _("What"), value=lambda one: sentence(one.kind, one.data), kind="sentence", sort=None,
                fixed=True, link=lambda one: reverse("notices:open", args=[one.pk]),
            ),
            Column("read_at", _("Read"), value=_read, kind="mark", sort=None),
        ),
        filters=(
            Filter("only", _("Show"), _unread, choices=[("unread", _("unread only"))]),
        ),
        empty=_("What concerns you is told here: cards returned to you, jobs that ended, dates that come near."),
        row_mark=lambda one: "" if one.read_at else "ask",
    )  # fmt: skip
    return render(request, "notices/mine.html", {"table": table, "unread": count_unread(request.scope)})


@signed_in
@require_GET
def open_notice(request: Request, pk: int) -> HttpResponse:
    """Lead to what a notice is about; it has then been read."""
    notice = get_object_or_404(Notice.objects.filter(person=request.scope.person), pk=pk)
    services.mark_read(by=request.scope, notice=pk)
    return redirect(notice.url or "notices:mine")


@signed_in
@require_POST
def read_all(request: Request) -> HttpResponse:
    """Mark everything as read."""
    n = services.mark_read(by=request.scope)
    messages.success(request, ngettext("%(n)d notice marked as read.", "%(n)d notices marked as read.", n) % {"n": n})
    return redirect("notices:mine")


@signed_in
@require_http_methods(["GET", "POST"])
def preferences(request: Request) -> HttpResponse:
    """How the reader wants to be told."""
    form = PreferencesForm(request.POST or None, held=wishes_of(request.scope))
    if form.is_valid():
        try:
            services.prefer_all(by=request.scope, wanted=form.cleaned_data, shown=form.shown)
        except ChangedMeanwhile as refused:
            refuse(form, refused, in_words)
        else:
            messages.success(request, _("Saved. It holds from the next notice on."))
            return redirect("notices:preferences")
    return render(request, "notices/preferences.html", {"form": form, "address": request.user.email})


@requires(OPERATE)
@require_GET
def going_out(request: Request) -> HttpResponse:
    """How e-mails and SMS stand: what waits, what failed and why. Not what they say."""
    zh = (get_language() or "zh").startswith("zh")
    lines = [
        {
            "channel": Message.Channel(row["channel"]).label,
            "mark": Mark(Message.State(row["state"]).label, _TONES[row["state"]]),
            "count": row["count"],
            "since": row["since"],
            "error": row["error_zh"] if zh else row["error_en"],
        }
        for row in outgoing()
    ]
    failed = any(row["state"] == Message.State.FAILED for row in outgoing())
    return render(request, "notices/outgoing.html", {"lines": lines, "failed": failed})


@requires(OPERATE)
@require_POST
def again(request: Request) -> HttpResponse:
    """Have everything that was given up sent again."""
    n = services.send_again(by=request.scope)
    messages.success(request, ngettext("%(n)d message waits again.", "%(n)d messages wait again.", n) % {"n": n})
    return redirect("notices:outgoing")


_TONES: dict[str, Literal["block", "ask", "done", "quiet"]] = {
    "waiting": "quiet",
    "sending": "quiet",
    "sent": "done",
    "kept": "ask",
    "no_address": "ask",
    "failed": "block",
}


def _unread(rows: QuerySet[Notice], _said: str) -> QuerySet[Notice]:
    return rows.filter(read_at=None)


def _read(notice: Notice) -> Mark:
    return Mark(_("read"), "quiet") if notice.read_at else Mark(_("new"), "ask")
