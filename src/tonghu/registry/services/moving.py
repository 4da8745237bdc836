"""Moving cards from state to state: as many as are chosen, each with an answer of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.events import CARD, CARDS, MOVED
from tonghu.registry.models import Card, CardAct
from tonghu.registry.notices import tell, tell_of_settled
from tonghu.registry.services.comparing import ask_siblings
from tonghu.registry.services.rechecking import ask_again, to_ask_again
from tonghu.registry.states import ACTS, EDITABLE, RETURNED, Act, State
from tonghu.registry.void_requests import VOIDS, asked_on, open_requests


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of one card: moved, or why not.

    Attributes:
        card: its number.
        refused: a code of :data:`REFUSALS`; '' where it was moved.
        state: where it stands now; '' where it was not found.
        version: its newest version; 0 where it was not found.
    """

    card: int
    refused: str = ""
    state: str = ""
    version: int = 0

    @property
    def zh(self) -> str:
        """Why not, in Chinese; '' where it was moved."""
        return why(self.refused, self.version)[0] if self.refused else ""

    @property
    def en(self) -> str:
        """Why not, in English; '' where it was moved."""
        return why(self.refused, self.version)[1] if self.refused else ""


#: Acts that an open request to void the card has a say in: nobody approves what somebody asks to void.
DECIDES: Final = frozenset({"approve", VOIDS.code})
#: Why a card is not moved; of one card, ``{which}`` says its newest version.
REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "absent": ("没有这份报告卡，或不在您的范围内", "There is no such card in your scope"),
    "state": (
        "现在的状态不能这样做（可能有人刚刚处理过）",
        "Not in its present state; somebody may just have moved it",
    ),
    "with_centre": (
        "国家监测中心已有此卡的上报版本，不能由录入员作废：请打开此卡，在“更多”中申请作废，由没有填写、提交过此卡的审核员处理",
        "The centre holds a version of it: open the card and ask for its voiding under “More”. An auditor who neither "
        "wrote nor submitted it decides",
    ),
    "not_with_centre": ("此卡从未上报，由录入员作废", "It was never reported: the clerk voids it"),
    "restored_by_auditor": (
        "此卡曾上报国家监测中心后作废，须由没有填写、提交过此卡的审核员恢复",
        "It was reported to the centre before it was voided: an auditor who neither wrote nor submitted it restores it",
    ),
    "restored_by_clerk": ("此卡从未上报，由录入员恢复", "It was never reported: the clerk restores it"),
    "newer": (
        "打开页面之后，报告卡已被改为新的一版{which}，请先看过再办理",
        "It got a newer version{which} after this page was opened: look at that one first",
    ),
    "errors": ("还有错误没有改正", "Errors are still open"),
    "warnings": (
        "还有“请核对或说明”的问题，没有改正也没有说明原因",
        "What asks for a look or a reason has got neither",
    ),
    "own": (
        "这一版中有您自己填写的内容，须由另一位审核员审核",
        "You wrote something of this version: another auditor must audit it",
    ),
    "requested": (
        "这一版由您提交，或其中有您说明的原因，须由另一位审核员审核",
        "You submitted this version or explained a finding of it: another auditor must audit it",
    ),
    "void_own": (
        "作废由您申请，须由另一位审核员处理",
        "You asked for the voiding: another auditor must decide",
    ),
    "void_asked": (
        "有一项作废申请等待处理：请先作废此卡，或写明原因不同意",
        "A request to void it waits: void the card, or decline with a reason, first",
    ),
    "unanswered": (
        "退回后没有任何修改：请先修改，或填写对退回的答复",
        "Nothing was changed since it was returned: change something, or answer the return",
    ),
    "unrevised": (
        "开始更正以来没有任何修改：请先修改；不需要更正的，请在提交时写明原因",
        "Nothing was changed since its revision began: change something, or say with the submission why nothing is",
    ),
}


def why(refused: str, version: int = 0) -> tuple[str, str]:
    """Return why a card is not moved, in Chinese and English; of one card with its newest version."""
    zh, en = REFUSALS[refused]
    which = (f"（第 {version} 版）", f" ({version})") if version else ("", "")
    return zh.format(which=which[0]), en.format(which=which[1])


@transaction.atomic
def move(
    *,
    cards: Iterable[int] | Mapping[int, int],
    act: str,
    by: Scope,
    reason: str = "",
    batch: int | None = None,
) -> list[Moved]:
    """Do one act with cards; returns what came of each, in the order given.

    Args:
        cards: their numbers; of those that a person saw on a page, each with the version that stood there: of a card
            that got another one since, nobody moves what they did not see.
        act: a code of :data:`~tonghu.registry.states.ACTS`.
        reason: why, where the act asks for it; of a returned card that is submitted as it is, the answer to the return.
            Everybody who sees the card reads it there.

    Raises:
        InputRefused: the act asks for a reason and none is given.
        PermissionDenied: `by` may not do the act.
    """
    said = ACTS[act]
    check_may(by, said.permission)
    wanted = list(dict.fromkeys(cards))
    seen = cards if isinstance(cards, Mapping) else {}
    with acting_because(by, reason) if said.reason or reason.strip() else nullcontext(by) as acting:
        held = {
            card.pk: card
            for card in Card.objects.select_for_update(of=("self",), no_key=True)
            .select_related("institution")
            .filter(pk__in=wanted)
            .order_by("pk")
        }  # fmt: skip
        if said.clean and said.permission == ENTER:
            ask_again(to_ask_again(card for card in held.values() if card.state in said.sources))
        silent = unanswered(held.values()) if said.answers and not reason.strip() else {}
        asked = asked_on(held.values()) if said.code in DECIDES else {}
        answers = [
            _answer(number, held.get(number), said, by, silent, asked, seen.get(number)) for number in wanted
        ]  # fmt: skip
        moved = [held[one.card] for one in answers if not one.refused]
        settled = list(open_requests().filter(card__in=asked.keys() & {one.pk for one in moved}) if asked else ())
        if moved:
            _do(moved, said, acting, reason.strip(), batch)
            if batch is None and State.VOIDED in (said.to, *said.sources):  # a voided card is no stay of its record
                ask_siblings(moved, key=f"{act}-{moved[0].pk}-{CardAct.objects.latest('pk').pk}", by=by)
            tell_of_settled(settled, voided=True, key=f"void-{CardAct.objects.latest('pk').pk}")
    return answers


def refusal(card: Card, act: Act, by: Scope, seen: int | None = None) -> str:
    """Return why an act cannot be done with a card now, a code of :data:`REFUSALS`; '' where it can.

    Args:
        seen: the version that was on the screen; None where nobody looked.
    """
    if card.state not in act.sources:
        return "state"
    if act.centre_holds not in (None, card.first_reported_at is not None):
        if State.VOIDED in act.sources:
            return "restored_by_clerk" if act.centre_holds else "restored_by_auditor"
        return "not_with_centre" if act.centre_holds else "with_centre"
    if seen is not None and seen != card.version:
        return "newer"
    if act.clean and card.errors:
        return "errors"
    if act.clean and card.warnings:
        return "warnings"
    if act.not_by_authors and by.person in card.authors:
        return "own"
    if act.not_by_authors and by.person in card.requested_by:
        return "requested"
    return ""


def unanswered(cards: Iterable[Card]) -> dict[int, str]:
    """Return those cards that came back, or whose revision began, and of which no version was written since.

    Each with the code of :data:`REFUSALS` that says so. An answer goes with its submission: who withdraws that one
    answers again.
    """
    held = {card.pk: card for card in cards if card.state in EDITABLE}
    if not held:
        return {}
    # Overrides and questions stay in their state and return nothing.
    # What an auditor restored goes on as it was: the restoring says why.
    asks = Q(to_state__in=RETURNED) & ~Q(from_state=F("to_state")) | Q(act__in=["revise", "restore_reported"])
    newest = CardAct.objects.filter(asks, card__in=held).order_by("card_id", "-pk").distinct("card_id")
    return {
        card: "unrevised" if act == "revise" else "unanswered"
        for card, version, act in newest.values_list("card_id", "version", "act")
        if held[card].version == version and act != "restore_reported"
    }


def refused_by_request(act: Act, asked_by: int | None, by: Scope) -> str:
    """Return why an act cannot be done while a request to void the card waits; '' where it can.

    Args:
        asked_by: who asked.
    """
    if act is VOIDS and asked_by == by.person:
        return "void_own"
    return "void_asked" if act.code in DECIDES and act is not VOIDS else ""


def _answer(
    number: int, card: Card | None, act: Act, by: Scope, silent: Mapping[int, str], asked: Mapping[int, int | None],
    seen: int | None,
) -> Moved:  # fmt: skip
    if card is None:
        return Moved(number, "absent")
    refused = refusal(card, act, by, seen) or silent.get(number, "")
    if not refused and number in asked:
        refused = refused_by_request(act, asked[number], by)
    return Moved(number, refused, card.state if refused else str(act.to), card.version)


def _do(cards: Sequence[Card], act: Act, by: Scope, reason: str, batch: int | None) -> None:
    Card.objects.filter(pk__in=[card.pk for card in cards]).update(state=act.to, waits_for="", waits_note="")
    point("registry.moved")
    acts = CardAct.objects.bulk_create(
        CardAct(
            card=card, institution_id=card.institution_id, version=card.version, act=act.code, from_state=card.state,
            to_state=act.to, reason=reason[:400], batch=batch,
        )
        for card in cards
    )  # fmt: skip
    point("registry.acts_written")
    if act.notice:
        tell(act.notice, cards, key=f"act-{acts[0].pk}")
    kind = MOVED[act.code]
    if len(cards) == 1:
        card = cards[0]
        record(kind, subject=(CARD, card.pk), by=by, data={"count": 1}, institution=card.institution_id)
        return
    for institution, count in sorted(Counter(card.institution_id for card in cards).items()):
        record(kind, subject=(CARDS, institution), by=by, data={"count": count}, institution=institution)


def require_act(act: str) -> Act:
    """Return the act of a code that came from outside.

    Raises:
        InputRefused: there is none.
    """
    if act not in ACTS:
        raise InputRefused(f"没有操作“{act}”", f"There is no act “{act}”")
    return ACTS[act]
