"""Cards taken away in a file: at once where they are few, by a job that leaves a stored file where they are many.

Either way the log says who, why, how many and of whom, and the file carries a watermark, written by the same function.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.acts import log_export
from tonghu.platform.audit.events import acting_because
from tonghu.platform.files.services import store
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import Scope
from tonghu.registry import notices
from tonghu.registry.access import EXPORT
from tonghu.registry.exporting import Told, as_csv, as_xlsx
from tonghu.registry.models import Card, CardExport
from tonghu.registry.seen import cards_seen

#: What the log of exports calls it; kept as it is, so not translated.
WHAT: Final = "报告卡"
#: Ending → who makes such a file, and what it is.
KINDS: Final = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made and logged: its name, what it is, its bytes, and how many cards stand in it."""

    name: str
    content_type: str
    plain: bytes
    count: int
    #: Each child in it, with the hospital whose card it is.
    shown: list[tuple[int, int]]


def make(
    *,
    cards: QuerySet[Card],
    layout: str,
    kind: str,
    filters: str,
    reason: str,
    by: Scope,
    told: Told = lambda _written: None,
) -> Made:
    """Log that cards are taken away, and write them into a file with its watermark.

    Args:
        cards: which, of those that the scope sees and of the layout.
        kind: one of :data:`KINDS`.
        filters: how they were chosen, in words, without anybody's name or number.
        told: called with how many are written.

    Raises:
        PermissionDenied: `by` may not.
        InputRefused: the reason says nothing, or too much.
    """
    # Read once: what the log says of the file is what stands in it.
    taken = list(cards.filter(layout=layout).order_by("pk").values_list("pk", "child_id", "institution_id"))
    shown = [(child, place) for _pk, child, place in taken]
    mark = log_export(
        WHAT, count=len(taken), filters=filters, reason=reason, permission=EXPORT, by=by, shown=shown
    )  # fmt: skip
    write, content_type = KINDS[kind]
    plain = write([pk for pk, *_whose in taken], layout, mark.text, told)
    name = f"cards-{layout}-{timezone.localtime():%Y%m%d-%H%M%S}.{kind}"
    return Made(name, content_type, plain, len(taken), shown)


@transaction.atomic
def ask(*, cards: Iterable[int], layout: str, kind: str, filters: str, reason: str, by: Scope) -> CardExport:
    """Have a job write cards into a file of the asker's.

    Raises:
        PermissionDenied: `by` may not.
        InputRefused: the reason says nothing, or too much.
    """
    check_may(by, EXPORT)
    assert by.person is not None
    assert by.post is not None
    with acting_because(by, reason) as because:
        export = CardExport.objects.create(
            person_id=by.person, institution_id=Post.objects.values_list("institution", flat=True).get(pk=by.post),
            layout=layout, kind=kind, cards=list(cards), filters=filters, reason=because.reason,
        )  # fmt: skip
        enqueue("registry.export", by=because, key=job_key(export.pk), export=export.pk)
    return export


def job_key(export: int) -> str:
    """What the job of an export is called."""
    return f"export-{export}"


def asked(*, export: int) -> CardExport:
    """What was asked for, as the open scope sees it.

    Raises:
        InputRefused: it does not, since the post reaches the place no more.
    """
    held = CardExport.objects.filter(pk=export).first()
    if held is None:
        raise InputRefused("没有这次导出，或不在您的范围内", "There is no such export in your scope")
    return held


def store_file(*, export: int, by: Scope, told: Told) -> dict[str, Any]:
    """Write the cards of an export into a stored file, log it, and tell whoever asked; all of it or nothing.

    What the post may and sees now counts, not what it could when it asked.

    Raises:
        InputRefused: it may export no more, or sees none of the cards any more.
    """
    held = asked(export=export)
    if not by.may(EXPORT):
        raise InputRefused(
            "您的岗位已不能导出报告卡，没有生成文件", "Your post may export report cards no more: no file was made"
        )
    cards = cards_seen(by).filter(pk__in=held.cards)
    if not cards.exists():
        raise InputRefused(
            "所选的报告卡都已不在您的范围内，没有生成文件",
            "None of the cards is in your scope any more: no file was made",
        )
    made = make(
        cards=cards, layout=held.layout, kind=held.kind, filters=held.filters, reason=held.reason, by=by, told=told
    )
    file = store([made.plain], name=made.name, purpose_name="export", by=by, shown=made.shown)
    notify(
        notices.EXPORTED, to=[held.person_id], data={"count": made.count},
        url=reverse("registry:exported", args=[held.pk]), key=f"export-{held.pk}",
    )  # fmt: skip
    return {"cards": made.count, "file": file.pk}
