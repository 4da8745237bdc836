"""How long a file waits for its confirmation, who is reminded, and what a discarded import says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from tonghu.intake.models import Batch, State
from tonghu.platform.audit.changes import event_model, who_in_words
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import SYSTEM

#: How long rows wait for somebody: as long as the file lives (files/purposes.yaml).
LIFE: Final = timedelta(hours=24)
#: So long before the end whoever uploaded the file is reminded: within the same working day where it came in the
#: evening before, and while there is still time to decide.
REMINDED_BEFORE: Final = timedelta(hours=6)


def in_words(moment: datetime) -> str:
    """A moment with its day of the week: people plan by it."""
    return date_format(moment, "l m-d H:i")


ENDS: Final = declare(
    "intake.ends", group="reporting",
    zh="{month} 的导入文件还没有确认：{until} 到期自动放弃，已作的选择一并删除",
    en="The file for {month} is not confirmed yet: it is discarded at {until}, with what was decided on its rows",
    mail=Mail.AT_ONCE, words=lambda said: {**said, "until": in_words(datetime.fromisoformat(str(said["until"])))},
)  # fmt: skip


def until(batch: Batch) -> datetime:
    """Until when a file waits, in China's time."""
    return timezone.localtime(batch.created_at + LIFE)


def remind(now: datetime) -> int:
    """Tell those whose file waits and soon will not; return how many notices are new. Each file once."""
    soon = Batch.objects.filter(
        state=State.READY, created_at__gt=now - LIFE, created_at__lte=now - LIFE + REMINDED_BEFORE
    )
    return sum(
        len(
            notify(
                ENDS,
                to=[batch.person_id],
                data={"month": f"{batch.archive_month:%Y-%m}", "until": f"{until(batch):%Y-%m-%dT%H:%M}"},
                url=reverse("intake:batch", args=[batch.pk]),
                key=f"{batch.pk}",
            )
        )
        for batch in soon.order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class Discarded:
    """When a file was discarded and by whom; `in_time`: nobody confirmed it while it waited."""

    at: datetime
    who: str
    in_time: bool


def discarded(batch: Batch) -> Discarded | None:
    """What the history says of a discarded file; None where it was not."""
    events = event_model("intake.batch").objects.filter(pgh_obj_id=batch.pk, state=State.DISCARDED)
    said = events.order_by("pgh_id").values_list("pgh_created_at", "pgh_who").first()
    if batch.state != State.DISCARDED or said is None:
        return None
    at, who = said
    return Discarded(timezone.localtime(at), who_in_words(who), who in SYSTEM)
