"""What the log does for itself: events are linked every minute, the whole chain is checked every night."""

from __future__ import annotations

from django.urls import reverse

from tonghu.platform.accounts.sign_in import posts_in_effect
from tonghu.platform.audit import chain
from tonghu.platform.audit.access import READ
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify
from tonghu.platform.operations.logs import log
from tonghu.platform.scope.scope import open_scope, system_scope

BROKEN = declare(
    "audit.chain_broken",
    group="jobs",
    zh="操作日志的防篡改链断于第 {link} 条校验记录，请立即核查",
    en="The chain of the log of acts is broken at link {link}: look into it at once",
    mail=Mail.AT_ONCE,
    sms=True,
)


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


@job("audit.check", zh="检查日志链", en="Check the log's chain", asked_with=READ)
def check(_run: Run) -> dict[str, int]:
    """Check the whole chain because somebody asked."""
    return _check()


def _check() -> dict[str, int]:
    verdict = chain.check()
    if verdict.broken:
        log.error("audit.chain_broken", link=verdict.broken.seq, number=verdict.broken.event, what=verdict.broken.what)
        notify(
            BROKEN,
            to=_audit_administrators(),
            data={"link": verdict.broken.seq},
            url=reverse("trail:events"),
            key=f"link-{verdict.broken.seq}",
        )
    return {"links": verdict.links, "broken_at": verdict.broken.seq if verdict.broken else 0}


def _audit_administrators() -> list[int]:
    """Everybody who can act from the post today, wherever: the log is the site's."""
    with open_scope(system_scope("login")):
        held = posts_in_effect().filter(role="audit_admin")
        return list(held.values_list("person_id", flat=True).distinct())
