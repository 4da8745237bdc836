"""Reads of regions and institutions. Both may be read in every scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from tonghu.network.models import Institution, InstitutionCode, Region
from tonghu.network.region_range import NATION, covered
from tonghu.platform.scope.scope import Scope

#: The list of regions, in the code picker; and names that stand between a province and its counties, said by nobody.
REGIONS: Final = "regions"
BETWEEN: Final = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
#: So many institutions are looked through one by one; the same number as in ``patients/search.sql``.
FEW: Final = 40


def region(code: str, on: date | None = None) -> Region | None:
    """Return what a code named on a day (default: today), None where it named nothing."""
    return Region.objects.filter(code=code, valid__contains=on or timezone.localdate()).first()


def region_history(code: str) -> list[Region]:
    """Return everything that a code has named, oldest first."""
    return list(Region.objects.filter(code=code).order_by("valid"))


def became(code: str) -> tuple[str, ...]:
    """Return the codes that stand for a code today: itself while it lives, else what took its place, step by step.

    Empty where that is not known.
    """
    today, found, open_ends, seen = timezone.localdate(), [], [code], {code}
    while open_ends:
        at = open_ends.pop(0)
        last = Region.objects.filter(code=at).order_by("-valid").first()
        if last is None:
            continue
        if last.valid.upper is None or last.valid.upper > today:
            found.append(at)
            continue
        fresh = [new for new in last.replaced_by if new not in seen]
        seen.update(fresh)
        open_ends.extend(fresh)
    return tuple(found)


def children(code: str, on: date | None = None) -> QuerySet[Region]:
    """Return the regions directly under one on a day, by code."""
    return Region.objects.filter(parent_code=code, valid__contains=on or timezone.localdate()).order_by("code")


def ancestors(code: str, on: date | None = None) -> list[Region]:
    """Return the regions above one on a day, the nation first."""
    above = [NATION, f"{code[:2]}0000", f"{code[:4]}00"]
    wanted = [one for one in dict.fromkeys(above) if one != code]
    found = {
        one.code: one for one in Region.objects.filter(code__in=wanted, valid__contains=on or timezone.localdate())
    }
    return [found[one] for one in wanted if one in found]


def full_name(code: str, on: date | None = None) -> str:
    """Return the name on a day as an address begins, ``四川省成都市武侯区``; the code where unknown.

    Pages say what a region is called to their reader: :func:`tonghu.network.naming.full_name`.
    """
    at = region(code, on)
    if at is None:
        return code
    above = [one for one in ancestors(code, on) if one.code != NATION]
    return "".join(one.name for one in [*above, at] if one.name not in BETWEEN)


def called(rows: QuerySet[Institution], text: str) -> QuerySet[Institution]:
    """Return those of `rows` whose name holds the text, whose pinyin begins with it, or one of whose codes it is."""
    coded = InstitutionCode.objects.filter(code__iexact=text)
    return rows.filter(
        Q(name__icontains=text)
        | Q(name_pinyin__startswith=text.lower())
        | Q(code__iexact=text)
        | Q(pk__in=coded.values("institution"))
    )


def lying_in(rows: QuerySet[Institution], code: str) -> QuerySet[Institution]:
    """Return those of `rows` that lie in a region.

    Raises:
        ValueError: `code` is not six digits.
    """
    low, high = covered(code)
    return rows.filter(region_code__gte=low, region_code__lt=high)


def few_reached(by: Scope) -> list[int] | None:
    """Return the institutions of an authority's region where they are few (:data:`FEW`); None for many, and elsewhere.

    A list that names them is found by the indexes of institutions: row security says them too, but no plan can tell how
    few. Among many, the next row of one of them is never far along the index of all.
    """
    if by.institution is not None or by.region_from is None:
        return None
    reached = Institution.objects.filter(region_code__gte=by.region_from, region_code__lt=by.region_to)
    few = list(reached.values_list("pk", flat=True)[: FEW + 1])
    return few if len(few) <= FEW else None


@dataclass(frozen=True, slots=True)
class RegionLine:
    """One line of a code's life, for the page: what it named, from when until when, and what took its place."""

    region: Region
    successors: tuple[Region | str, ...]


def region_life(code: str) -> Iterator[RegionLine]:
    """Yield what a code named over time; successors as regions where they are in the tree."""
    for line in region_history(code):
        names = {one.code: one for one in Region.objects.filter(code__in=line.replaced_by).order_by("valid")}
        yield RegionLine(line, tuple(names.get(new, new) for new in line.replaced_by))
