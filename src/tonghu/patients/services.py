"""Every write about a child: entering what a hospital knows, merging and undoing, letting another hospital see.

All of them act under the open scope of `by`; row-level security is the wall behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from psycopg.types.range import TimestamptzRange

from tonghu.codes.pinyin import initials, readings, sort_key
from tonghu.errors import InputRefused
from tonghu.patients.models import DOCUMENT, Child, Grant, HospitalView, NameToken
from tonghu.platform.crypto.hashing import keyed_hashes

#: What ``resolver.sql`` says when it refuses, and what the user is told.
REFUSALS = {
    "TH002": ("您的岗位不能对这名患儿做这件事", "Your post may not do this with this child"),
    "TH003": ("请填写证件号码或病案号", "A document number or a record number is needed"),
    "TH004": ("已经是这样，无需重复操作", "It is so already"),
}


def which_child(*, institution: int, record_number: str = "", document_number: str = "") -> int:
    """Return the id of the child with this document, or with this record number at this hospital; make it if need be.

    Args:
        institution: id of the hospital that asks; must be in the open scope.
        record_number: the hospital's own number of the child, empty where unknown.
        document_number: the number of the identity document, empty where unknown. It decides where both are known.

    Raises:
        InputRefused: neither is given, or the scope does not enter children there.
    """
    documents = keyed_hashes(document_number, DOCUMENT) if document_number else None
    return _ask("SELECT resolver.child(%s, %s, %s)", [documents, institution, record_number or None])


@transaction.atomic
def enter_view(*, institution: int, record_number: str, patient_name: str, **known: Any) -> HospitalView:
    """Enter or change what a hospital knows of a child under one of its record numbers; returns the view.

    Args:
        known: further fields of :class:`~tonghu.patients.models.HospitalView`; those not given stay as they are.

    Raises:
        InputRefused: outside the scope, or the document says another child than the one entered under this number.
    """
    document = known.get("document_number") or ""
    child = which_child(institution=institution, record_number=record_number, document_number=document)
    held = (
        HospitalView.objects.select_for_update().filter(institution_id=institution, record_number=record_number).first()
    )
    if held and held.child_id != child:
        raise InputRefused(
            f"病案号 {record_number} 已登记为另一名患儿（证件号码不同）：请核对病案号与证件号码",
            f"Record number {record_number} stands for another child (the documents differ): check both numbers",
        )
    fields = {"patient_name": patient_name, "name_sort": sort_key(patient_name), **known}
    if held is None:
        held = HospitalView.objects.create(
            child_id=child, institution_id=institution, record_number=record_number, **fields
        )
        write_tokens([held])
        return held
    renamed = held.patient_name != patient_name
    changed = [name for name, value in fields.items() if getattr(held, name) != value]
    if changed:
        for name in changed:
            setattr(held, name, fields[name])
        hashes = ["document_key", "document_tail"] if "document_number" in changed else []
        held.save(update_fields=[*changed, *hashes, "updated_at"])
    if renamed:
        NameToken.objects.filter(view=held).delete()
        write_tokens([held])
    return held


def write_tokens(views: Iterable[HospitalView]) -> None:
    """Write the ways in which the names of new views may be typed."""
    NameToken.objects.bulk_create(
        NameToken(kind=kind, token=token, institution_id=view.institution_id, child_id=view.child_id, view=view)
        for view in views
        for kind, token in name_tokens(view.patient_name)
    )


def name_tokens(name: str) -> set[tuple[int, str]]:
    """Return kind and token of every way in which a name may be typed: characters, joined syllables, initials."""
    heard = readings(name)
    return (
        {(NameToken.Kind.NAME, "".join(name.split()))}
        | {(NameToken.Kind.PINYIN, "".join(syllables)) for syllables in heard if syllables}
        | {(NameToken.Kind.INITIALS, initials(syllables)) for syllables in heard if syllables}
    )


@transaction.atomic
def merge(*, kept: Child, merged: Child, reason: str) -> int:
    """Say that two children are one; returns the act's id. Nothing of either side is rewritten.

    Raises:
        InputRefused: no reason, already one, or one of them is outside the scope.
    """
    return _ask("SELECT resolver.merge(%s, %s, %s)", [kept.pk, merged.pk, _reason(reason)])


@transaction.atomic
def undo_merge(*, act: int, reason: str) -> int:
    """Take a merge back, by another act; both sides are as if never merged. Returns the act's id.

    Raises:
        InputRefused: no reason, already taken back, or one of the two is outside the scope.
    """
    return _ask("SELECT resolver.undo_merge(%s, %s)", [act, _reason(reason)])


@transaction.atomic
def let_see(
    *, child: Child, institution: int, given_by: int, ground: str, start: datetime, end: datetime, reference: str = ""
) -> Grant:
    """Let another hospital see a child from `start` until `end` (exclusive).

    Raises:
        InputRefused: the times are the wrong way round, or the child is outside the scope of the giver.
    """
    if end <= start:
        raise InputRefused("截止时间应晚于开始时间", "The end must come after the beginning")
    try:
        with transaction.atomic():
            return Grant.objects.create(
                child=child, institution_id=institution, given_by_id=given_by, ground=ground, reference=reference,
                valid=TimestamptzRange(start, end),
            )  # fmt: skip
    except DatabaseError as fault:
        raise _refusal(fault) from fault


def _reason(reason: str) -> str:
    if not reason.strip():
        raise InputRefused("请写明理由", "A reason is needed")
    return reason.strip()


def _ask(query: str, arguments: list[Any]) -> int:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, arguments)
            answer: int = cursor.fetchone()[0]
    except DatabaseError as fault:
        raise _refusal(fault) from fault
    return answer


def _refusal(fault: DatabaseError) -> Exception:
    """The refusal that a fault of the database stands for; the fault itself where it stands for none."""
    state = getattr(fault.__cause__, "sqlstate", "")
    said: Mapping[str, tuple[str, str]] = {**REFUSALS, "42501": REFUSALS["TH002"]}
    return InputRefused(*said[state]) if state in said else fault
