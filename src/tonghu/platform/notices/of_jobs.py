"""What people are told about their jobs: that one failed, always; that one is done, where it took long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from tonghu.platform.dated import setting
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.signals import ended
from tonghu.platform.jobs.tasks import kinds as job_kinds
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import SETTINGS, notify


def _title(data: Mapping[str, Any]) -> dict[str, str]:
    kind = job_kinds().get(data["kind"])
    return {"title": kind.title if kind else data["kind"]}


DONE: Final = declare(
    "jobs.done", group="jobs", zh="任务已完成：{title}（编号 {job}）", en="Job done: {title} (number {job})",
    mail=Mail.NEVER, words=_title,
)  # fmt: skip
FAILED: Final = declare(
    "jobs.failed", group="jobs", zh="任务未完成，请查看原因：{title}（编号 {job}）",
    en="A job was not done, see why: {title} (number {job})", mail=Mail.AT_ONCE, words=_title,
)  # fmt: skip


def listen() -> None:
    """Hear when jobs end."""
    ended.connect(_tell, sender=Job, dispatch_uid="notices.of_jobs")


def _tell(*, job: Job, **_: Any) -> None:
    if job.person_id is None or job.state == Job.State.CANCELLED or job.finished_at is None:
        return
    kind = FAILED
    if job.state == Job.State.DONE:
        took = (job.finished_at - job.created_at).total_seconds()
        if took < setting(SETTINGS, "jobs", timezone.localdate())["tell_after"]:
            return
        kind = DONE
    notify(
        kind,
        to=[job.person_id],
        data={"job": job.pk, "kind": job.kind},
        url=reverse("jobs:job", args=[job.pk]),
        key=f"run-{job.pk}-{job.run}",
    )
