"""What the API does for itself: what nobody needs any more goes; who takes a docking client over is told."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tonghu.platform.api import keeping, limits
from tonghu.platform.api.models import DockingToken, KeptAnswer, RateCount
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job


@job("api.tidy", zh="清理接口的过期记录", en="Remove old records of the API", cron="47 * * * *", system="upkeep")
def tidy(run: Run) -> dict[str, int]:
    """Remove answers that are kept no longer, tokens that have expired, and callers that owe nothing."""
    now = timezone.now()
    kept = timedelta(hours=limits.number("idempotency", "hours"))
    old = (
        KeptAnswer.objects.filter(at__lt=now - kept),
        DockingToken.objects.filter(expires__lt=now),
        RateCount.objects.filter(until__lt=now),
    )
    removed = 0
    for number, rows in enumerate(old):
        removed += run.once(f"step-{number}", lambda rows=rows: rows.delete()[0])  # type: ignore[misc]
    return {"removed": removed}


@job(
    "api.keepers", zh="提醒接管对接凭证", en="Tell who takes docking clients over", cron="17 * * * *", system="docking"
)  # fmt: skip
def keepers(_run: Run) -> dict[str, int]:
    """Tell the leads of docking clients whose keeper has left, each once."""
    return {"notices": keeping.tell()}
