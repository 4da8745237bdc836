"""Entering a card: by hand, or by a message of a docking client. Files go by ``bulk``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.models import HospitalView
from tonghu.patients.services import enter_view
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import ENTER
from tonghu.registry.checks import check, rules_key, to_supplement
from tonghu.registry.content import Content
from tonghu.registry.events import CARD, ENTERED, ENTERED_BESIDE
from tonghu.registry.models import Card, CardVersion, Finding, Origin
from tonghu.registry.months import require_month
from tonghu.registry.services.comparing import among, ask_siblings
from tonghu.registry.services.findings import count_open, rows
from tonghu.registry.services.near import Near, near
from tonghu.registry.summary import LONGEST_RECORD, Summary, document, facts, identity


class OnRecord(InputRefused):
    """The stay has a card already.

    Attributes:
        card: its number.
    """

    def __init__(self, card: int) -> None:
        super().__init__(
            "这次住院已有报告卡：同一病案号、同一出院时间只填一张。请打开已有的卡修改",
            "This stay has a card already: one for each record number and discharge time. Open that card and change it",
        )
        self.card = card


class MayBeOnRecord(InputRefused):
    """The stay may have a card under another record number, or of another time of the day.

    Attributes:
        near: the cards, each with the reason.
    """

    def __init__(self, near: Sequence[Near]) -> None:
        super().__init__(
            "这次住院可能已有报告卡，尚未新建：请先打开下面的卡核对；若确是另一次住院，请写明原因再录入",
            "This stay may have a card already, so none was made: look at the card below; if it is another stay, say "
            "why and enter it again",
        )
        self.near = near


@transaction.atomic
def enter_card(
    *,
    institution: Institution,
    content: Content,
    by: Scope,
    archive_month: date | None = None,
    origin: str = Origin.MANUAL,
    apart_from: Collection[int] | None = None,
    because: str = "",
) -> Card:
    """Enter a card of a stay that has none; returns it, a draft with its findings.

    Args:
        archive_month: the month in which the record was archived; without one, the month of the discharge stands in.
        apart_from: the cards :func:`near` it of which somebody says that they are of another stay; None where nobody
            can be asked.
        because: why they are; kept with the card's history.

    Raises:
        OnRecord: the stay has a card.
        MayBeOnRecord: it may have one, and nobody said of that card that it is of another stay.
        InputRefused: what names the stay or the child is missing, or there is no such archive month.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    today = timezone.localdate()
    said = facts(content, today, institution.region_code)
    require_key(content, said)
    month = archived(archive_month, said)
    beside = [] if apart_from is None else near(institution.pk, said, identity(content))
    if any(one.card not in (apart_from or ()) for one in beside):
        raise _on_record(institution.pk, said) or MayBeOnRecord(beside)
    with acting_because(by, because) if beside else nullcontext(by) as acting:
        card = _entered(institution, content, said, origin, month, acting)
        data = {"others": "、".join(f"#{one.card}" for one in beside)} if beside else {}
        act = ENTERED_BESIDE if beside else ENTERED
        record(act, subject=(CARD, card.pk), by=acting, data=data, institution=institution.pk)
    card.refresh_from_db()
    return card


def _entered(
    institution: Institution, content: Content, said: Summary, origin: str, month: dict[str, Any], by: Scope
) -> Card:
    today = timezone.localdate()
    view = view_of(institution.pk, content, said.record_number, by)
    (compared,) = among([(institution.pk, None, said)])
    found = check(content, today, institution.region_code, compared)
    card = Card(
        institution=institution,
        child_id=view.child_id,
        view=view,
        layout=content.layout,
        origin=origin,
        rules_key=rules_key(content.layout, today, institution.region_code),
        compared_at=timezone.now(),
        **month,
        **count_open(found),
        **said.as_columns(),
        to_supplement=len(to_supplement(content, said.scope_group, today)),
    )
    _save_new(card)
    CardVersion.objects.create(
        card=card, institution=institution, number=1, origin=origin, content=contents.seal(content),
        content_key=contents.key(content), changed=content.filled,
    )  # fmt: skip
    Finding.objects.bulk_create(rows(card, found))
    ask_siblings([card], key=f"{card.pk}-1", by=by)
    return card


def require_key(content: Content, said: Summary) -> None:
    """Refuse a content that does not name its stay and its child.

    Raises:
        InputRefused: with all that is missing, or the record number is longer than one can be.
    """
    number = hqms_fields.layout(content.layout).by_name["medical_record_no"].code
    if not said.record_number and len(content.front.get(number, "").strip()) > LONGEST_RECORD:
        raise InputRefused(
            f"病案号最多 {LONGEST_RECORD} 个字符，请核对",
            f"A record number has at most {LONGEST_RECORD} characters: check it",
        )
    lacking = [
        words
        for words, there in (
            (("病案号", "the record number"), said.record_number),
            (("出院日期（可识别的日期）", "the discharge date, readable"), said.discharge_at),
            (("姓名", "the name"), identity(content).patient_name),
        )
        if not there
    ]
    if lacking:
        zh, en = "、".join(zh for zh, _en in lacking), ", ".join(en for _zh, en in lacking)
        raise InputRefused(
            f"还不能建立报告卡，请先填写：{zh}（已填内容保留在草稿中）",
            f"No card can be made yet. Fill in: {en} (what was typed stays in the draft)",
        )


def archived(month: date | None, said: Summary) -> dict[str, Any]:
    """The archive month as columns of a card; without one, the month of the discharge stands in.

    Raises:
        InputRefused: it is to come, or before the first month of case reports.
    """
    assert said.discharge_at is not None
    chosen = (month or timezone.localtime(said.discharge_at).date()).replace(day=1)
    try:
        require_month(chosen)
    except InputRefused as why:
        if month is not None:
            raise
        raise InputRefused(
            f"没有选择归档月，按出院日期：{why.zh}", f"None was chosen, and by the discharge: {why.en}"
        ) from why
    return {"archive_month": chosen, "archive_month_assumed": month is None}


def view_of(
    institution: int, content: Content, record_number: str, by: Scope, *, corrects: int | None = None
) -> HospitalView:
    """Enter what the content says of the child, or change it, and return the hospital's view.

    Args:
        corrects: the number of the view that no other card has: what contradicts it mends it. Elsewhere it is another
            child (``enter_view``).
    """
    said = identity(content)
    kind, number = document(said)
    known = {
        "sex": said.sex, "birth_date": said.birth_date, "ethnicity": said.ethnicity, "nationality": said.nationality,
        "document_number": number, "document_type": kind, "residence": said.residence, "phone": said.phone,
        "residence_code": said.residence_code,
    }  # fmt: skip
    return enter_view(
        institution=institution,
        record_number=record_number,
        patient_name=said.patient_name,
        by=by,
        corrects=corrects,
        **{name: value for name, value in known.items() if value},
    )


def _save_new(card: Card) -> None:
    try:
        with transaction.atomic():
            card.save(force_insert=True)
    except IntegrityError as fault:
        if "one_card_a_stay" not in str(fault):
            raise
        on_record = _on_record(card.institution_id, card)
        assert on_record is not None
        raise on_record from fault


def _on_record(institution: int, said: Summary | Card) -> OnRecord | None:
    assert said.discharge_at is not None
    of_it = Card.objects.filter(
        institution=institution, record_number=said.record_number, discharge_at=said.discharge_at
    )
    held = of_it.values_list("pk", flat=True).first()
    return OnRecord(held) if held else None
