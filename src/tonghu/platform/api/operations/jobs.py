"""How a job stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from ninja import Router, Schema
from pydantic import Field

from tonghu.platform.api.gate import Request, identified
from tonghu.platform.api.problems import chinese
from tonghu.platform.api.schemas import RowId
from tonghu.platform.jobs import queries
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


@router.get("/jobs/{id}", response=JobOut, summary="How a job stands")
@identified
def job(request: Request, id: RowId) -> dict[str, object]:
    """One's own job, or one of the institution's with the right to see those."""
    found = queries.shown_jobs().filter(pk=id).first()
    if found is None:
        raise Http404
    return _described(found)


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
