"""Pages on what was changed: of one record, of everything in scope, and as a file to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import EXPORT, HISTORY
from tonghu.platform.audit.acts import log_export, log_list, log_read
from tonghu.platform.audit.changes import RowChange, count, of_record, standing_at, tables, told, whose
from tonghu.platform.audit.changes import changes as find_changes
from tonghu.platform.audit.places import Place
from tonghu.platform.components.parts import Change, Event
from tonghu.platform.scope.scope import Scope, open_scope
from tonghu.platform.trail.forms import ReasonForm, WantedForm

PAGE: Final = 25
#: So many changes fit into one file.
EXPORT_LIMIT: Final = 5000
#: So many of them are told and handed over at a time: a tenth of a second of work.
EXPORT_BLOCK: Final = 250
#: Before the reader asks for other days: a year of a whole province would be searched for nothing.
SHOWN_FIRST: Final = timedelta(days=30)
#: What the log of reads says these pages are for; kept as it is, so not translated.
PURPOSE: Final = "修改记录"


@requires(HISTORY)
@require_GET
def record(request: Request, table: str, pk: int) -> HttpResponse:
    """The history of one record and its parts."""
    try:
        found = of_record(table, pk)
    except KeyError:
        raise Http404 from None
    if not found:  # never there, or not for this reader: nobody can tell which
        raise Http404
    _log_reads(request, found)
    called = next((one.record for one in found if (one.table, one.pk) == (table, pk)), f"{tables()[table]} #{pk}")
    title = _("History of %(record)s") % {"record": called}
    return render(request, "trail/record.html", {"heading": title, "events": _timeline(found)})


@requires(HISTORY)
@require_GET
def changes(request: Request) -> HttpResponse:
    """What was changed in scope, by whom, from–until."""
    form = WantedForm(request.GET or {"since": timezone.localdate() - SHOWN_FIRST})
    said = {"form": form, "events": [], "next_url": "", "may_export": request.scope.may(EXPORT)}
    if form.is_valid():
        page = find_changes(form.wanted(), limit=PAGE, after=_read_place(request.GET.get("after", "")))
        _log_reads(request, page.changes)
        said["events"] = _timeline(page.changes, link=True)
        chosen = {name: str(value) for name, value in form.data.items() if name in form.fields and value}
        said["export_url"] = "?" + urlencode(chosen)
        if page.behind:
            said["next_url"] = "?" + urlencode({**chosen, "after": _write_place(page.behind)})
    return render(request, "trail/changes.html", said)


@requires(EXPORT)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """The changes as a CSV file, with a reason, logged and watermarked."""
    form = WantedForm(request.GET)
    if not form.is_valid():
        raise Http404
    reason = ReasonForm(request.POST or None)
    number = count(form.wanted(), limit=EXPORT_LIMIT + 1)
    too_many = ""
    if number > EXPORT_LIMIT:
        said = _("More than %(limit)s changes fit these filters. Narrow them: one table, one person, fewer days.")
        too_many = said % {"limit": EXPORT_LIMIT}
    if reason.is_valid() and not too_many:
        found = standing_at(form.wanted(), limit=EXPORT_LIMIT)
        try:
            mark = log_export(
                PURPOSE, count=len(found), filters=form.in_words(), reason=reason.cleaned_data["reason"],
                permission=EXPORT, by=request.scope, shown=_each_once(whose(found)),
            )  # fmt: skip
        except InputRefused as refused:
            reason.add_error("reason", in_words(refused))
        else:
            return _file(found, mark.text, request.scope)
    return render(
        request, "trail/export.html",
        {"form": reason, "count": number, "too_many": too_many, "query": request.GET.urlencode()},
    )  # fmt: skip


def _timeline(found: Iterable[RowChange], *, link: bool = False) -> list[Event]:
    return [
        Event(
            at=change.at,
            who=change.who,
            what=change.sentence(),
            why=change.reason,
            url=reverse("trail:record", args=[change.table, change.pk]) if link else "",
            changes=[
                Change(label=one.label, before=one.before, after=one.after, secret=one.secret) for one in change.fields
            ],
        )
        for change in found
    ]


def _shown(found: Iterable[RowChange]) -> list[tuple[int, int | None]]:
    """Whose records the changes are of."""
    return _each_once((one.child, one.institution) for one in found if one.child is not None)


def _each_once(found: Iterable[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """Children with the hospital whose view is meant: each hospital's counts for itself, the child where none is."""
    seen = set(found)
    of_a_hospital = {child for child, institution in seen if institution is not None}
    return [(child, place) for child, place in seen if place is not None or child not in of_a_hospital]


def _log_reads(request: Request, found: Iterable[RowChange]) -> None:
    """Who sees the history of a child's record has looked at the child."""
    shown = _shown(found)
    if len({child for child, _place in shown}) > 1:
        log_list(shown, PURPOSE, by=request.scope)
        return
    for child, place in shown:
        log_read(child, PURPOSE, by=request.scope, institution=place)


def _file(found: Sequence[Place], watermark: str, scope: Scope) -> StreamingHttpResponse:
    """The file, handed over as it is written: the download begins at once, however many changes are told in it."""
    body = _blocks(found, watermark, scope, get_language() or settings.LANGUAGE_CODE)
    response = StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")
    name = f"changes-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _blocks(found: Sequence[Place], watermark: str, scope: Scope, language: str) -> Iterator[str]:
    """The file in pieces; each is read in the reader's scope and said in their language, which the answer has left."""
    with override(language):
        head = [
            _("Time"), _("Who"), _("Record"), _("What"), _("Field"), _("Before"), _("After"), _("Reason"), _("Request")
        ]  # fmt: skip
    yield "\ufeff" + _csv([[watermark], head])  # marked, so that WPS and Excel read it as UTF-8
    for begin in range(0, len(found), EXPORT_BLOCK):
        with override(language), open_scope(scope):
            block = _csv(line for change in told(found[begin : begin + EXPORT_BLOCK]) for line in _lines(change))
        yield block


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _lines(change: RowChange) -> Iterator[list[str]]:
    """A change in the file: a line for each field."""
    acts = {"insert": _("entered"), "update": _("changed"), "delete": _("deleted")}
    at = date_format(timezone.localtime(change.at), "Y-m-d H:i:s")
    for field in change.fields or (None,):
        said = (field.label, field.before, field.after) if field else ("", "", "")
        if field and field.secret:
            said = (field.label, _("not shown"), _("not shown"))
        cells = [at, change.who, change.record, acts[change.act], *said, change.reason, change.request]
        yield [_harmless(cell) for cell in cells]


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is kept as text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _write_place(place: Place) -> str:
    return f"{place[0].isoformat()} {place[1]} {place[2]}"


def _read_place(said: str) -> Place | None:
    """Where a page begins; whatever makes no sense is the first page. It carries no right."""
    try:
        moment, table, number = said.split(" ")
        at = datetime.fromisoformat(moment)
        return (at, table, int(number)) if at.tzinfo else None
    except ValueError:
        return None
