"""Institutions at region codes that have ended: listed with what took its place, and moved there.

A hospital follows its region by the authority in whose range the new code lies. An authority does not: whom it is in
charge of would change with it, so it is closed, or given another region by an authority over both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.network import naming
from tonghu.network.access import MANAGE
from tonghu.network.models import Institution, Region
from tonghu.network.queries import became
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope


@dataclass(frozen=True, slots=True)
class Place:
    """A code that took a region's place, with its full name; `here`: the reader is in charge of it."""

    code: str
    name: str
    here: bool


@dataclass(frozen=True, slots=True)
class Left:
    """An institution that its region has left behind: what the region was called, and what took its place."""

    institution: Institution
    was: str
    now: tuple[Place, ...]
    keeps: bool  # the reader is in charge of the code that has ended

    @property
    def choices(self) -> tuple[Place, ...]:
        """Where the reader may move it; none for an authority."""
        return () if self.is_authority else tuple(one for one in self.now if one.here)

    @property
    def proposed(self) -> Place | None:
        """Where it goes without a choice: the one code that took the place of its own, where the reader may."""
        return self.choices[0] if len(self.now) == 1 and self.choices else None

    @property
    def is_authority(self) -> bool:
        """Whether it is an authority, which does not follow by itself."""
        return self.institution.kind == Institution.Kind.AUTHORITY


def left_behind() -> QuerySet[Institution]:
    """Return the institutions of today whose region code named something once and names nothing today."""
    today = timezone.localdate()
    meanings = Region.objects.filter(code=OuterRef("region_code"))
    return Institution.objects.filter(
        Exists(meanings), ~Exists(meanings.filter(valid__contains=today)), valid__contains=today
    )


def to_follow(by: Scope) -> list[Left]:
    """Return those that concern `by`: its range covers the code that has ended, or one that took its place."""
    if not by.may(MANAGE) or by.region_from is None:
        return []
    rows = list(left_behind().order_by("region_code", "name_pinyin", "pk"))
    became_of: dict[str, tuple[str, tuple[Place, ...]]] = {}
    for code in dict.fromkeys(one.region_code for one in rows):
        now = tuple(Place(new, naming.full_name(new), _covers(by, new)) for new in became(code))
        if _covers(by, code) or any(place.here for place in now):
            became_of[code] = (naming.full_name(code), now)
    return [
        Left(one, *became_of[one.region_code], keeps=_covers(by, one.region_code))
        for one in rows
        if one.region_code in became_of
    ]


def became_of(institution: Institution) -> tuple[str, ...] | None:
    """Return the codes that took the place of an institution's region; None while the region is in force."""
    return became(institution.region_code) if left_behind().filter(pk=institution.pk).exists() else None


@transaction.atomic
def follow(*, moves: Mapping[int, str], by: Scope) -> int:
    """Move institutions from a code that has ended to one that took its place: all of `moves`, or none.

    What was the case on a past day stays in the history of each institution.

    Args:
        moves: institution's number → the new code.

    Returns:
        how many were moved.

    Raises:
        PermissionDenied: `by` may not. InputRefused: one of them is an authority, is not in the range of `by`, does
            not lie at a code that has ended (any more), or the code did not take its place.
    """
    check_may(by, MANAGE)
    held = {one.pk: one for one in Institution.objects.select_for_update().filter(pk__in=moves).order_by("pk")}
    ended = set(left_behind().filter(pk__in=moves).values_list("pk", flat=True))
    for pk, code in moves.items():
        one = held.get(pk)
        if one is None or not _covers(by, code):  # the policies of updates do not let `by` at it
            raise InputRefused("该机构不在您的辖区内", "The institution is not in your region")
        if pk not in ended:
            raise InputRefused(
                f"{one.name}的区划代码 {one.region_code} 现行有效，无需迁移",
                f"{one.name} lies at {one.region_code}, which is in force: there is nothing to move",
            )
        if one.kind == Institution.Kind.AUTHORITY:
            raise InputRefused(
                f"{one.name}是主管部门，不随区划迁移：请停用，或由两地共同的上级修改其区划",
                f"{one.name} is an authority and does not follow: close it, or an authority over both gives it another",
            )
        now = became(one.region_code)
        if code not in now:
            raise InputRefused(
                f"{one.name}的区划代码 {one.region_code} 现为 {'、'.join(now) or '（未知）'}，不是 {code}",
                f"The code {one.region_code} of {one.name} is {', '.join(now) or '(not known)'} now, not {code}",
            )
        one.region_code = code
        one.save(update_fields=["region_code"])
    return len(moves)


def _covers(by: Scope, code: str) -> bool:
    return by.region_from is not None and by.region_to is not None and by.region_from <= code < by.region_to
