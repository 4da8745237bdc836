"""What the log does for itself: events are linked every minute, the whole chain is checked every night."""

from __future__ import annotations

from tonghu.platform.audit import chain
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.operations.logs import log


@job("audit.link", zh="日志入链", en="Link the log", cron="* * * * *", system="chain")
def link(_run: Run) -> dict[str, int]:
    """Link what was recorded since the last minute."""
    return {"linked": chain.link()}


@job(
    "audit.check_nightly", zh="每夜检查日志链", en="Check the log's chain at night", cron="30 18 * * *", system="chain"
)
def check_nightly(_run: Run) -> dict[str, int]:
    """Check the whole chain at 02:30 in China."""
    return _check()


@job("audit.check", zh="检查日志链", en="Check the log's chain")
def check(_run: Run) -> dict[str, int]:
    """Check the whole chain because somebody asked."""
    return _check()


def _check() -> dict[str, int]:
    verdict = chain.check()
    if verdict.broken:
        log.error("audit.chain_broken", link=verdict.broken.seq, number=verdict.broken.event, what=verdict.broken.what)
    return {"links": verdict.links, "broken_at": verdict.broken.seq if verdict.broken else 0}
