"""Entering a child at a desk: nothing that is on record is written over, and what looks like a mistake is asked first.

Imports go by ``services.enter_view``, which may change what it finds; a clerk who enters a child means a new one.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tonghu.codes.pinyin import sort_key
from tonghu.errors import InputRefused
from tonghu.patients.access import ENTER
from tonghu.patients.identity import which_child
from tonghu.patients.models import Child, HospitalView
from tonghu.patients.queries import together
from tonghu.patients.services import create_view, enter_view
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope


class OnRecord(InputRefused):
    """What is entered meets a child of the own hospital.

    Attributes:
        met: the view that it meets.
        doubt: the question that it leaves; entered again with it, somebody has checked. Empty: there is no other way
            than to change what was typed.
    """

    def __init__(self, zh: str, en: str, *, met: HospitalView, doubt: str = "") -> None:
        super().__init__(zh, en)
        self.met = met
        self.doubt = doubt


@transaction.atomic
def enter_child(
    *, institution: int, record_number: str, patient_name: str, by: Scope, checked: str = "", **known: Any
) -> HospitalView:
    """Enter a child under a record number that the hospital has not given out yet; returns the view.

    Args:
        checked: the ``doubt`` of the refusal before, where somebody has checked and the entry is right.
        known: further fields of :class:`~tonghu.patients.models.HospitalView`.

    Raises:
        OnRecord: the record number is taken; or, unless checked, the document is a child's who has another name or
            birth date here, or a child of this name and birth date has another record number here.
        InputRefused: outside the scope, or without a name.
    """
    check_may(by, ENTER)
    document = known.get("document_number") or ""
    # Whatever is refused below takes back what this writes. Asked first: of two clerks at once, the second waits here.
    child = which_child(institution=institution, record_number=record_number, document_number=document)
    here = HospitalView.objects.filter(institution=institution).select_related("child").order_by("pk")
    gone, here = here.exclude(taken_back=None), here.filter(taken_back=None)
    if taken := here.filter(record_number=record_number).first():
        raise _taken(taken)
    if gone.filter(record_number=record_number).exists():  # an undone import brought it: the same child, or another
        return enter_view(
            institution=institution, record_number=record_number, patient_name=patient_name, by=by, **known
        )
    name, born = " ".join(patient_name.split()), known.get("birth_date")
    met = Child.objects.filter(pk=child).first() if document else None  # not seen where it is made just now
    of_child = list(here.filter(child__in=together(met))) if met else []
    # The document decides; whether the child is somebody else's namesake is asked only where it is new here.
    doubt = _another(of_child, name, born) if of_child else _namesake(here, name, born)
    if doubt is not None and doubt.doubt != checked:
        raise doubt
    return create_view(
        child=child, institution=institution, record_number=record_number, patient_name=name, by=by, **known
    )


def _taken(met: HospitalView) -> OnRecord:
    return OnRecord(
        f"病案号 {met.record_number} 已登记：{_who_zh(met)}。是同一名患儿请打开修改，不是请更正病案号",
        f"Record number {met.record_number} is taken by {_who_en(met)}. The same child? Open it and change it. "
        "Another? Correct the record number",
        met=met,
    )


def _another(of_child: list[HospitalView], name: str, born: date | None) -> OnRecord | None:
    """The document is that of a child whom none of the hospital's own views calls so, or says to be born then."""
    if any(one.patient_name == name and (born is None or one.birth_date in (born, None)) for one in of_child):
        return None
    met = of_child[0]
    return OnRecord(
        f"这个证件号码在本院登记的是：{_who_zh(met)}，病案号 {met.record_number}。仍是同一名患儿请在下面勾选，"
        "不是请更正证件号码",
        f"Under this document number this hospital has {_who_en(met)}, record number {met.record_number}. Still the "
        "same child? Tick so below. Another? Correct the document number",
        met=met,
        doubt=f"document:{met.pk}:{name}:{born}",
    )


def _namesake(here: QuerySet[HospitalView], name: str, born: date | None) -> OnRecord | None:
    """A child of this name was born that day, and has another record number."""
    if born is None:
        return None
    met = here.filter(name_sort=sort_key(name), patient_name=name, birth_date=born).first()
    if met is None:
        return None
    return OnRecord(
        f"本院已有同名、同出生日期的患儿：{_who_zh(met)}，病案号 {met.record_number}。"
        "是同一名患儿请打开核对，不要重复登记；确实要另外登记请在下面勾选",
        f"This hospital has a child of this name and birth date: {_who_en(met)}, record number {met.record_number}. "
        "The same child? Open it, and enter nothing twice. Tick below to enter another nevertheless",
        met=met,
        doubt=f"namesake:{met.pk}:{name}:{born}",
    )


def _who_zh(view: HospitalView) -> str:
    return f"{view.patient_name}，出生日期 {view.birth_date or '不详'}"


def _who_en(view: HospitalView) -> str:
    return f"{view.patient_name}, born {view.birth_date or 'on a day not known'}"
