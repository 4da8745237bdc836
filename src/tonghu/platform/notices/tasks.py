"""Periodic jobs of the notices room."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from tonghu.platform.dated import setting
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.notices import of_accounts
from tonghu.platform.notices.models import Notice
from tonghu.platform.notices.sending import Channel, due_people, mail_connection, send_mail_to, send_sms_to
from tonghu.platform.notices.services import SETTINGS


def _any_due() -> bool:
    return bool(due_people(Channel.MAIL) or due_people(Channel.SMS))


@job("notices.send", zh="发送通知", en="Send notices", cron="* * * * *", system="notices", due=_any_due)
def send(run: Run) -> dict[str, int]:
    """Send everything that is due; where the mail server is gone, the rest waits for the next minute."""
    mails = texts = 0
    readers = due_people(Channel.MAIL)
    if readers:
        connection = mail_connection()
        try:
            for reached, person in enumerate(readers, 1):
                went = send_mail_to(person, connection)
                if went is None:
                    break
                mails += went
                run.report(reached, len(readers), "messages")
        finally:
            connection.close()
    for person in due_people(Channel.SMS):
        went = send_sms_to(person)
        if went is None:
            break
        texts += went
    return {"mails": mails, "of": len(readers), "sms": texts}


def _any_at_the_door() -> bool:
    return bool(of_accounts.waiting())


@job("notices.door", zh="告知登录与账号变动", en="Tell people what happened to their log-in", cron="* * * * *",
     system="notices", due=_any_at_the_door)  # fmt: skip
def door(run: Run) -> dict[str, int]:
    """Tell everybody what the book at the door says of their log-in."""
    return {"told": run.once("tell", of_accounts.tell)}


@job("notices.tidy", zh="清理旧通知", en="Remove old notices", cron="23 3 * * *", system="upkeep")
def tidy(run: Run) -> dict[str, int]:
    """Remove notices that were read long ago, and those that nobody read for a year."""
    keep = setting(SETTINGS, "keep", timezone.localdate())
    now = timezone.now()
    old = Q(read_at__lt=now - timedelta(days=keep["read"])) | Q(created_at__lt=now - timedelta(days=keep["all"]))
    removed: int = run.once("remove", lambda: Notice.objects.filter(old).delete()[1].get("notices.Notice", 0))
    return {"removed": removed}
