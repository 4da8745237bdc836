"""Pages on files: one's own, those in scope, one file with its life, and taking it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires, signed_in
from tonghu.platform.components.parts import Confirm, Event, in_words
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.files import services
from tonghu.platform.files.access import TAKE, VIEW
from tonghu.platform.files.incoming import megabytes
from tonghu.platform.files.kinds import kind_in_words
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.purposes import NAMES
from tonghu.platform.files.queries import downloads_of, shown_files
from tonghu.platform.scope.wording import system_in_words

#: Why files are usually taken: offered beside the field, anything else may be written.
USUAL: Final = (
    gettext_lazy("checking against the medical record"),
    gettext_lazy("mending in the hospital's system"),
    gettext_lazy("statistics of the hospital"),
    gettext_lazy("asked for by the department of health"),
)


@signed_in
@require_GET
def mine(request: Request) -> HttpResponse:
    """The reader's files."""
    rows = shown_files().filter(person=request.scope.person)
    empty = _("Files that you upload or export appear here, with the time at which each is destroyed.")
    return render(
        request, "files/list.html", {"table": _table(request, rows, name="files", empty=empty), "title": _("My files")}
    )


@requires(VIEW, TAKE)
@require_GET
def in_scope(request: Request) -> HttpResponse:
    """Every file that the reader's post sees."""
    empty = _("Nobody in your scope has stored a file yet.")
    table = _table(request, shown_files(), name="files_all", empty=empty, owner=True)
    title = _("Files of the institution") if request.scope.institution else _("Files in my reach")
    return render(request, "files/list.html", {"table": table, "title": title})


@signed_in
@require_GET
def file_page(request: Request, pk: int) -> HttpResponse:
    """One file: what it is, how long it lives, who took it, how it ended."""
    file = get_object_or_404(shown_files(), pk=pk)
    alive = file.destroyed_at is None
    may_take = alive and services.may_take(file, request.scope)
    return render(
        request,
        "files/file.html",
        {
            "file": file,
            "title": _name(file),
            "purpose": NAMES.get(file.purpose, file.purpose),
            "kind": _kind(file),
            "size": megabytes(file.size),
            "life": _life(file),
            "owner": _owner(file),
            "destroyer": file.destroyed_by.name if file.destroyed_by else system_in_words(file.destroyed_system),
            "may_take": may_take,
            "confirm": _confirm(file) if alive and services.may_end(file, request.scope) else None,
            "reasons": USUAL,
            "events": [
                Event(at=one.at, who=one.person.name, what=_("took the file"), why=one.reason)
                for one in downloads_of(file)
            ],
        },
    )


@signed_in
@require_http_methods(["GET", "POST"])
def take(request: Request, pk: int) -> HttpResponseBase:
    """The file itself, streamed, for a reason; recorded, and marked in its name with who took it."""
    get_object_or_404(StoredFile.objects.defer("key", "name", "children"), pk=pk)
    if request.method == "GET":  # a link from elsewhere: the file's page asks for the reason
        return redirect("files:file", pk)
    try:
        name, content_type, body = services.download(
            file=pk, by=request.scope, who=request.user.username, reason=request.POST.get("reason", "")
        )
    except InputRefused as why:
        messages.error(request, _in_words(why))
        return redirect("files:file", pk)
    answer = StreamingHttpResponse(body, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@signed_in
@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Destroy a file before its time."""
    get_object_or_404(StoredFile.objects.defer("key", "name", "children"), pk=pk)
    services.destroy(file=pk, by=request.scope, why=StoredFile.End.WITHDRAWN)
    messages.success(request, _("The file was destroyed; its record stays."))
    return redirect("files:file", pk)


def _table(request: Request, rows: QuerySet[StoredFile], *, name: str, empty: str, owner: bool = False) -> Table:
    columns = [
        Column(
            "name", _("File"), value=_name, sort=None, fixed=True, link=lambda one: reverse("files:file", args=[one.pk])
        ),
        Column("purpose", _("Purpose"), value=lambda one: NAMES.get(one.purpose, one.purpose), sort=None),
        Column("size", _("Size"), value=lambda one: megabytes(one.size), kind="number", sort=None),
        Column("stored_at", _("Stored"), kind="time", sort=None),
        Column("life", _("Life"), value=_life, kind="mark", sort=None),
        Column("taken", _("Taken"), kind="number", sort=None),
    ]
    if owner:
        columns.insert(1, Column("person", _("Whose"), value=_owner, sort=None))
        if request.scope.institution is None:  # of many institutions
            place = Column("institution", _("Institution"), value=_place, sort=None)
            columns.insert(2, place)
    return Table(
        request=request, name=name, rows=rows, order="-pk", columns=tuple(columns), empty=empty,
        filters=(
            Filter("purpose", _("Purpose"), lambda all_, said: all_.filter(purpose=said), choices=list(NAMES.items())),
        ),
    )  # fmt: skip


def _name(file: StoredFile) -> str:
    if file.destroyed_at is not None:
        return _("file %(number)d, destroyed") % {"number": file.pk}
    return str(file.name)


def _place(file: StoredFile) -> str:
    return file.institution.name if file.institution else "—"


def _owner(file: StoredFile) -> str:
    return file.person.name if file.person else system_in_words(file.system)


def _kind(file: StoredFile) -> str:
    return kind_in_words(file.kind)


def _life(file: StoredFile) -> Mark:
    if file.destroyed_at is not None:
        return Mark(_("destroyed: %(why)s") % {"why": StoredFile.End(file.destroyed_why).label})
    if file.ends_at is None:
        return Mark(_("lives with its record"), "done")
    left = file.ends_at - timezone.now()
    if left <= timedelta(0):
        return Mark(_("is being destroyed"), "ask")
    return Mark(_("%(left)s left") % {"left": in_words(left)}, "ask" if left < timedelta(hours=2) else "quiet")


def _confirm(file: StoredFile) -> Confirm:
    return Confirm(
        question=_("Destroy this file now?"),
        consequences=(
            (megabytes(file.size), _("cannot be had back")),
            (_("the record"), _("stays: when, why, by whom")),
        ),
        act=_("Destroy"),
        url=reverse("files:withdraw", args=[file.pk]),
    )


def _in_words(why: InputRefused) -> str:
    return why.zh if (get_language() or "zh").startswith("zh") else why.en
