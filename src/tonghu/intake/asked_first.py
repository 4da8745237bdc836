"""What whoever confirms an import is told of other months and other people's word, and agrees to beforehand.

A locked month is no place from where an import is taken back; cards of another month, which is locked, get a new
version all the same; a month that was signed as without a case gets one. Each is said on the preview, and what was not
said there is asked before anything is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tonghu.errors import InputRefused
from tonghu.intake import queries, services
from tonghu.intake.models import Batch, Row, State
from tonghu.platform.components.parts import Confirm
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import Words
from tonghu.registry.locks import is_locked, locked_among
from tonghu.registry.models import Card
from tonghu.registry.zero import Signed, signed_zero

#: Names of the values that a form sends back of what it said.
LOCKED: Final = "locked"
OTHERS: Final = "locked_others"
ZERO: Final = "zero"


@dataclass(frozen=True, slots=True)
class Asks:
    """What is to be agreed to before a file is imported.

    Attributes:
        locked: whether the file's own month is locked.
        others: other months that are locked, with how many of their cards get a new version.
        zero: the zero report that new cards would contradict.
    """

    locked: bool = False
    others: Mapping[date, int] = field(default_factory=dict)
    zero: Signed | None = None

    @property
    def any(self) -> bool:
        """Whether anything is to be agreed to."""
        return self.locked or bool(self.others) or self.zero is not None

    @property
    def agreed(self) -> list[tuple[str, str]]:
        """The values by which a form sends back what it said."""
        said = []
        if self.locked:
            said.append((LOCKED, "yes"))
        if self.others:
            said.append((OTHERS, ",".join(f"{month:%Y-%m}" for month in self.others)))
        if self.zero is not None:
            said.append((ZERO, str(self.zero.number)))
        return said

    def unsaid(self, agreed: Mapping[str, str]) -> bool:
        """Whether something came up of which a form did not speak."""
        known = agreed.get(OTHERS, "").split(",")
        return (
            (self.locked and LOCKED not in agreed)
            or any(f"{month:%Y-%m}" not in known for month in self.others)
            or (self.zero is not None and agreed.get(ZERO) != str(self.zero.number))
        )


def asks(batch: Batch, counts: Mapping[str, int]) -> Asks:
    """Return what is to be agreed to before a file is imported that would do so much, by the counts of its preview."""
    own = batch.archive_month
    zeros = signed_zero(batch.institution_id, [own]) if counts["created"] else {}
    return Asks(
        locked=bool(counts["created"] + counts["updated"]) and is_locked(batch.institution_id, own),
        others=_in_locked(batch) if counts["updated"] else {},
        zero=zeros.get(own),
    )


def _in_locked(batch: Batch) -> dict[date, int]:
    """How many cards that the file changes are of which other months that are locked."""
    rows = queries.counted_as(Row.objects.filter(batch=batch, card__isnull=False), "updated", batch)
    cards = Card.objects.filter(pk__in=rows.order_by().values("card")).exclude(archive_month=batch.archive_month)
    months = dict(cards.order_by("archive_month").values_list("archive_month").annotate(n=Count("pk")))
    shut = locked_among(batch.institution_id, months)
    return {month: count for month, count in months.items() if month in shut}


@transaction.atomic
def confirm(*, batch: int, by: Scope, agreed: Mapping[str, str], looked_at: str | None = None) -> Batch:
    """Have a file imported of which all is agreed to that is to be said first; what came up since is asked anew.

    Args:
        agreed: what the form said, as :attr:`Asks.agreed` has it.
        looked_at: as for ``services.confirm``.

    Raises:
        InputRefused: a month was locked or a zero report signed meanwhile; or as ``services.confirm`` refuses.
        PermissionDenied: `by` may not.
    """
    waited = Batch.objects.filter(pk=batch, state=State.READY).exists()
    held = services.confirm(batch=batch, by=by, looked_at=looked_at)
    # Asked after the turn was taken: whoever signs a zero report takes it too, so one of both sees the other.
    if waited and asks(held, queries.preview(held).counts).unsaid(agreed):
        raise InputRefused(
            "您打开页面之后，有月份被锁定或签署了零报告。尚未导入任何内容：请看过后再确认",
            "A month was locked, or a zero report signed, since you opened the page. Nothing was imported yet: look, "
            "then confirm again",
        )
    return held


def question(batch: Batch, counts: Mapping[str, int], first: Asks) -> Confirm | None:
    """The question before a file is imported; None where there is nothing to agree to."""
    if not first.any:
        return None
    will_do = counts["created"] + counts["updated"]
    words = {"month": f"{batch.archive_month:%Y-%m}", "n": f"{will_do:,}"}
    return Confirm(
        question=_asked(first, words),
        consequences=_consequences(counts, first, words),
        act=_act(will_do, first, words),
        url=reverse("intake:confirm", args=[batch.pk]),
        fields=[("compared_at", batch.summary["compared_at"]), *first.agreed],
        tone="ask",
        way_back=" ".join(_ways_back(first)),
    )


def _asked(first: Asks, words: Mapping[str, str]) -> str:
    if first.locked:
        return _("Import into %(month)s, which is locked?") % words
    if first.zero:
        return _("Import into %(month)s, which was signed as a month without a case?") % words
    return _("Import, and change cards of locked months?")


def _consequences(counts: Mapping[str, int], first: Asks, words: Mapping[str, str]) -> Sequence[tuple[Words, Words]]:
    created, updated = f"{counts['created']:,}", f"{counts['updated']:,}"
    if first.locked:
        said: list[tuple[Words, Words]] = [
            (created, _("new cards go into the locked %(month)s and are recorded as changed after the lock") % words),
            (updated,
             _("cards get what the file says; where their month is locked, recorded as changed after the lock")),
        ]  # fmt: skip
    else:
        said = [(created, _("new cards go into %(month)s") % words), (updated, _("cards get what the file says"))]
    for month, count in first.others.items():
        new_version = _("of these are of the locked %(month)s: a new version, recorded as changed after the lock")
        said.append((f"{count:,}", new_version % {"month": f"{month:%Y-%m}"}))
    if first.zero:
        signed = {"who": first.zero.who, "at": date_format(localtime(first.zero.at), "Y-m-d H:i")}
        told = _("zero report, signed by %(who)s on %(at)s, is contradicted: the cards count, the lead is told")
        said.append(("1", told % signed))
    return said


def _act(will_do: int, first: Asks, words: Mapping[str, str]) -> str:
    if first.locked:
        return ngettext(
            "Import %(n)s stay into the locked %(month)s", "Import %(n)s stays into the locked %(month)s", will_do
        ) % words  # fmt: skip
    return ngettext("Import %(n)s stay all the same", "Import %(n)s stays all the same", will_do) % words


def _ways_back(first: Asks) -> list[str]:
    said = []
    if first.locked:
        said.append(
            _("While the month stays locked the import cannot be undone as a whole; cards can be corrected singly.")
        )
    elif first.others:
        said.append(_("An undo leaves cards of locked months as they are; they can be corrected singly."))
    if first.zero:
        said.append(_("The lead withdraws the zero report; what is no case of the month is undone or voided."))
    return said
