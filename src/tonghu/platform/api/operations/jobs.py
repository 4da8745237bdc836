"""Jobs: what can be asked for, asking for one, how it stands, stopping it."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Annotated, Any

from django.db import transaction
from django.http import Http404
from ninja import Router, Schema, Status
from pydantic import Field

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.api.gate import Request, identified
from tonghu.platform.api.idempotency import idempotent
from tonghu.platform.api.problems import chinese
from tonghu.platform.api.schemas import RowId, Strict
from tonghu.platform.jobs import queries, services, tasks
from tonghu.platform.jobs.models import Job

router = Router(tags=["Jobs"])


class ProgressOut(Schema):
    """How far a job is."""

    done: int
    total: int | None = Field(description="None where nobody knows.")
    unit: str
    percent: int | None
    rate: float | None = Field(description="Units a second.")
    seconds_left: float | None


class JobOut(Schema):
    """A job."""

    id: int
    kind: str
    title: str
    state: str = Field(
        description="waiting, running, done, refused, stopped, cancelled, dead (waits for somebody's decision), dropped"
    )
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: ProgressOut | None
    result: Any = Field(description="Counts and numbers of rows, once it is done.")
    error: str = Field(description="What went wrong, in the caller's language; empty where nothing did.")


class KindOut(Schema):
    """A kind of job that the caller may ask for."""

    kind: str
    title: str
    arguments: list[str] = Field(description="Names of what it is told; numbers, days and codes.")


class JobIn(Strict):
    """A job to ask for."""

    kind: Annotated[str, Field(min_length=1, max_length=80, examples=["audit.check"])]
    arguments: dict[Annotated[str, Field(max_length=40)], int | Annotated[str, Field(max_length=40)]] = Field(
        {},
        max_length=20,
        description="What the kind is told, by name: numbers, days and codes, nothing that names anybody.",
    )


@router.get("/job-kinds", response=list[KindOut], summary="Jobs that can be asked for")
@identified
def job_kinds(request: Request) -> list[dict[str, object]]:
    """The kinds of jobs for which the caller holds the right."""
    return [
        {"kind": kind.name, "title": kind.title, "arguments": _takes(kind)}
        for kind in sorted(tasks.kinds().values(), key=lambda one: one.name)
        if kind.asked_with and request.scope.may(kind.asked_with)
    ]


@router.post("/jobs", response={202: JobOut}, summary="Ask for a job")
@idempotent
@identified
def ask(request: Request, wish: JobIn) -> Status[dict[str, object]]:
    """Ask for a job. It runs with what the caller may when it starts; ask `GET /jobs/{id}` how it stands.

    Somebody in a browser asks as the post they act from. Repeat the call with its `Idempotency-Key`, never without.
    """
    kind = tasks.kinds().get(wish.kind)
    if kind is None or not kind.asked_with:
        raise InputRefused(
            "没有可以提交的这种任务，可用的见 GET /job-kinds", "No such job can be asked for; see GET /job-kinds"
        )
    check_may(request.scope, kind.asked_with)
    takes = _takes(kind)
    if set(wish.arguments) != set(takes):
        said = "、".join(takes) or "无"
        raise InputRefused(f"arguments 应恰为：{said}", f"arguments must be exactly: {', '.join(takes) or 'none'}")
    if request.docking is None and request.scope.post is None:
        raise InputRefused("请先选择岗位", "Choose a post first")
    try:
        with transaction.atomic():
            asked = tasks.enqueue(kind.name, by=request.scope, **dict[str, Any](wish.arguments))
    except ValueError as could_name:
        raise InputRefused(
            "arguments 只能是数字、日期或代码，不得包含可识别个人的内容",
            "arguments are numbers, days and codes; nothing in them may name anybody",
        ) from could_name
    return Status(202, _described(_found(asked.pk)))


@router.post("/jobs/{id}/cancel", response=JobOut, summary="Stop a job")
@identified
def cancel(request: Request, id: RowId) -> dict[str, object]:
    """Stop a job of one's own: one that waits ends at once, one that runs at its next step. Again changes nothing."""
    _found(id)
    services.cancel(job=id, by=request.scope)
    return _described(_found(id))


@router.get("/jobs/{id}", response=JobOut, summary="How a job stands")
@identified
def job(request: Request, id: RowId) -> dict[str, object]:
    """One's own job, or one of the institution's with the right to see those."""
    return _described(_found(id))


def _found(number: int) -> Job:
    """A job that the caller sees.

    Raises:
        Http404: there is none.
    """
    found = queries.shown_jobs().filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _takes(kind: tasks.Kind) -> list[str]:
    """The names of what a kind of job is told: its function's arguments after the run."""
    return [name for name, one in inspect.signature(kind.function).parameters.items() if one.kind is one.KEYWORD_ONLY]


def _described(job: Job) -> dict[str, object]:
    told = queries.standing(job)
    return {
        "id": job.pk, "kind": job.kind, "title": str(queries.title_of(job)), "state": job.state,
        "asked_at": job.created_at, "started_at": job.started_at, "finished_at": job.finished_at,
        "progress": told and {
            "done": told.done, "total": told.total, "unit": str(told.unit), "percent": told.percent,
            "rate": told.rate, "seconds_left": told.left,
        },
        "result": job.result, "error": job.error_zh if chinese() else job.error_en,
    }  # fmt: skip
