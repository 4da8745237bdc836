"""Pages on jobs: one's own with live progress, one job, those in scope, and the dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires, signed_in
from tonghu.platform.components.parts import Confirm, Progress, in_words
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.jobs import services
from tonghu.platform.jobs.access import MANAGE, OPERATE, VIEW
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.queries import shown_jobs, standing, title_of
from tonghu.platform.jobs.states import LIVE, RESULTS
from tonghu.platform.scope.wording import system_in_words

State = Job.State
#: How many running jobs are shown live above one's list.
LIVE_SHOWN = 10
#: Seconds without a report after which a page says so.
QUIET = 60
_TONES = {
    State.WAITING: "quiet", State.RUNNING: "ask", State.DONE: "done", State.REFUSED: "block", State.STOPPED: "block",
    State.CANCELLED: "quiet", State.DEAD: "block", State.DROPPED: "quiet",
}  # fmt: skip


@signed_in
@require_GET
def mine(request: Request) -> HttpResponse:
    """The reader's jobs: what runs with its progress, then all."""
    own = shown_jobs().filter(person=request.scope.person)
    live = [progress_of(job, request) for job in own.filter(state__in=LIVE).order_by("-pk")[:LIVE_SHOWN]]
    table = _table(request, own, name="jobs", empty=_("Jobs that you start appear here: imports, exports, summaries."))
    return render(request, "jobs/mine.html", {"live": live, "table": table})


@requires(VIEW, MANAGE, OPERATE)
@require_GET
def in_scope(request: Request) -> HttpResponse:
    """Every job that the reader's post sees."""
    table = _table(
        request, shown_jobs(), name="jobs_all", asker=True, empty=_("No job was asked for in your scope yet.")
    )
    return render(request, "jobs/list.html", {"table": table, "title": _("Jobs in scope")})


@requires(MANAGE, OPERATE)
@require_GET
def dead(request: Request) -> HttpResponse:
    """The jobs that wait for a decision: once more, or dropped with a reason."""
    rows = shown_jobs().filter(state=State.DEAD)
    table = _table(
        request,
        rows,
        name="jobs_dead",
        asker=True,
        error=True,
        empty=_("Nothing has failed. Jobs that fail for good wait here."),
    )
    return render(request, "jobs/list.html", {"table": table, "title": _("Failed jobs")})


@signed_in
@require_GET
def job_page(request: Request, pk: int) -> HttpResponse:
    """One job: how far, how it ended, what to do."""
    job = get_object_or_404(shown_jobs(), pk=pk)
    steer = services.may_steer(job, request.scope)
    is_dead = job.state == State.DEAD
    return render(
        request,
        "jobs/job.html",
        {
            "job": job,
            "title": title_of(job),
            "mark": _state(job),
            "progress": progress_of(job, request),
            "error": job.error_zh if (get_language() or "zh").startswith("zh") else job.error_en,
            "asker": _asker(job),
            "result": [(RESULTS.get(name), name, value) for name, value in sorted((job.result or {}).items())],
            "may_try_again": steer and is_dead,
            "may_go_on": steer and job.state == State.CANCELLED,
            "may_cancel": steer and job.state == State.WAITING,
            "confirm_drop": _confirm_drop(job) if steer and is_dead else None,
        },
    )


@signed_in
@require_GET
def progress(request: Request, pk: int) -> HttpResponse:
    """How far a job is, for the page that asks again every second; when it has ended the page loads anew."""
    job = get_object_or_404(shown_jobs(), pk=pk)
    answer = render(request, "jobs/progress.html", {"progress": progress_of(job, request)})
    if job.state not in LIVE:
        answer["HX-Refresh"] = "true"
    return answer


@signed_in
@require_POST
def cancel(request: Request, pk: int) -> HttpResponse:
    """Ask a job to stop."""
    return _act(request, pk, _("The job is asked to stop."), lambda: services.cancel(job=pk, by=request.scope))


@signed_in
@require_POST
def again(request: Request, pk: int) -> HttpResponse:
    """Have a dead letter, or a job that was cancelled, go on."""
    said = _("It is tried again; what it had finished is not done twice.")
    return _act(request, pk, said, lambda: services.try_again(job=pk, by=request.scope))


@signed_in
@require_POST
def drop(request: Request, pk: int) -> HttpResponse:
    """Give a dead letter up."""
    reason = request.POST.get("reason", "")
    return _act(request, pk, _("The job was dropped."), lambda: services.drop(job=pk, reason=reason, by=request.scope))


def progress_of(job: Job, request: Request) -> Progress:
    """What the progress component shows of a job."""
    now = standing(job)
    states = {State.WAITING: "waiting", State.RUNNING: "running", State.DONE: "done", State.CANCELLED: "cancelled"}
    asked = job.progress.cancel_asked_at is not None and job.state in LIVE
    note = _("It is asked to stop and does so at its next step.") if asked else ""
    if job.state == State.WAITING and not asked:  # why the last run ended: it is tried again by itself
        note = job.error_zh if (get_language() or "zh").startswith("zh") else job.error_en
    if now and now.quiet is not None and now.quiet > QUIET:
        quiet = in_words(timedelta(seconds=now.quiet))
        note = " ".join([note, _("It has not said anything for %(time)s.") % {"time": quiet}]).strip()
    return Progress(
        label=title_of(job),
        done=now.done if now else 0,
        total=now.total if now else None,
        unit=now.unit if now else "",
        rate=now.rate if now else None,
        state=states.get(State(job.state), "failed"),
        note=note,
        url=reverse("jobs:progress", args=[job.pk]),
        cancel_url="" if asked or not services.may_steer(job, request.scope) else reverse("jobs:cancel", args=[job.pk]),
    )


def _act(request: Request, pk: int, said: str, act: Any) -> HttpResponse:
    get_object_or_404(Job, pk=pk)
    try:
        act()
    except InputRefused as why:
        messages.error(request, why.zh if (get_language() or "zh").startswith("zh") else why.en)
    else:
        messages.success(request, said)
    return redirect("jobs:job", pk)


def _table(
    request: Request, rows: QuerySet[Job], *, name: str, empty: str, asker: bool = False, error: bool = False
) -> Table:
    zh = (get_language() or "zh").startswith("zh")
    columns = [
        Column("pk", _("Number"), kind="number", fixed=True, link=lambda job: reverse("jobs:job", args=[job.pk])),
        Column("kind", _("What"), value=title_of, sort=None),
        Column("state", _("State"), value=_state, kind="mark", sort=None),
        Column("progress", _("How far"), value=_how_far, sort=None),
        Column("created_at", _("Asked"), kind="time", sort=None),
        Column("finished_at", _("Ended"), kind="time", sort=None),
    ]
    if asker:
        columns.insert(2, Column("person", _("Who asked"), value=_asker, sort=None))
    if error:
        columns.append(
            Column("error", _("What happened"), value=lambda job: job.error_zh if zh else job.error_en, sort=None)
        )
    return Table(
        request=request,
        name=name,
        rows=rows,
        order="-pk",
        columns=tuple(columns),
        filters=(Filter("state", _("State"), lambda jobs, said: jobs.filter(state=said), choices=State.choices),),
        empty=empty,
    )


def _state(job: Job) -> Mark:
    return Mark(State(job.state).label, _TONES[State(job.state)])  # type: ignore[arg-type]


def _how_far(job: Job) -> str:
    now = standing(job)
    if now is None:
        return ""
    return f"{now.done:,} / {now.total:,} {now.unit}" if now.total is not None else f"{now.done:,} {now.unit}"


def _asker(job: Job) -> str:
    if job.client_id is not None:  # its name stands on a page of its own, which not everybody who sees jobs may open
        return _("docking client %(number)d") % {"number": job.client_id}
    return job.person.name if job.person else system_in_words(job.system)


def _confirm_drop(job: Job) -> Confirm:
    done = job.progress.done
    unit = standing(job).unit if standing(job) else ""  # type: ignore[union-attr]
    return Confirm(
        question=_("Drop this job?"),
        consequences=((f"{done:,} {unit}", _("were finished and stay as they are")), (_("the rest"), _("is not done"))),
        act=_("Drop it"),
        url=reverse("jobs:drop", args=[job.pk]),
        reason=True,
    )
