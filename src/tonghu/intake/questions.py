"""What is asked before an import is taken back; and which cards stay, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tonghu.intake import queries
from tonghu.intake.models import Batch
from tonghu.intake.undoing import Forecast, Stays, stays_by_reason
from tonghu.platform.scope.wording import SEPARATOR, label_in_words
from tonghu.platform.shell import Words
from tonghu.registry.drafts import Told
from tonghu.registry.models import Card

#: Cards that an undo left, or would leave, as they are: of each reason so many are named.
KEPT_SHOWN: Final = 100
#: So many people are named who have typed something on cards that would be taken back.
NAMED: Final = 3


def foreseen(batch: Batch, would: Forecast | None) -> list[tuple[Words, Words]]:
    """What an undo would do, in numbers; of a large import, at most how much."""
    made, changed = _("cards that it made are voided"), _("cards that it changed get their earlier text back")
    if would is None:
        created, updated = (f"{batch.counts.get(name, 0):,}" for name in ("created", "updated"))
        return [
            (_("At most %(n)s") % {"n": created}, made), (_("At most %(n)s") % {"n": updated}, changed),
            (_("Cards that somebody worked on since, or of a locked month"), _("stay as they are and are named")),
        ]  # fmt: skip
    said: list[tuple[Words, Words]] = [(f"{would.voided:,}", made), (f"{would.restored:,}", changed)]
    if would.withdrawn:
        said.append((f"{would.withdrawn:,}", _("of these were submitted since: they are withdrawn first")))
    if would.typing:
        said.append((f"{len({one.card for one in would.typing}):,}", _typing(would.typing)))
    stays = _("stay as they are, listed on this page: %(why)s")
    return said + [
        (f"{told['count']:,}", stays % {"why": Stays(why).label}) for why, told in stays_by_reason(would.left).items()
    ]


def _typing(told: list[Told]) -> Words:
    """Whose unsaved words wait on such cards, so that they can be asked first."""
    people = list(dict.fromkeys(label_in_words(one.who).rsplit(SEPARATOR, 1)[0] for one in told))
    named = _(", ").join(people[:NAMED])
    if len(people) > NAMED:
        named = _("%(named)s and %(n)s others") % {"named": named, "n": len(people) - NAMED}
    when = date_format(timezone.localtime(told[0].at), "m-d H:i")
    return _("of these have unsaved words of %(who)s (last at %(when)s): they stay in the draft, ask first") % {
        "who": named, "when": when,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Left:
    """Cards that an undo leaves as they are for one reason: the reason, how many, and the first of them."""

    words: Words
    count: int
    cards: list[Card]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.cards)


def kept(batch: Batch) -> list[Left]:
    """The cards that an undo left as they are, by the reason; of one that kept no reasons, all together."""
    told: dict[str, Any] = batch.summary.get("left", {})
    named = sum(said["count"] for said in told.values())
    if (count := batch.counts.get("kept", 0)) > named:
        return groups({"": {"count": count, "cards": batch.kept_cards}})
    return groups(told)


def groups(told: Mapping[str, Any]) -> list[Left]:
    """Cards that stay, by the reason, in the order of the reasons; of each reason the first are named."""
    shown = {why: said["cards"][:KEPT_SHOWN] for why, said in told.items()}
    named = queries.named([card for cards in shown.values() for card in cards])
    return [
        Left(
            words=Stays(why).label if why else _("Changed after the import, or of a locked month"),
            count=told[why]["count"],
            cards=[card for card in named if card.pk in shown[why]],
        )
        for why in ["", *Stays.values] if why in told
    ]  # fmt: skip
