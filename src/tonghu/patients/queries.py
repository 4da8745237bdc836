"""Every read about a child, under the open scope."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from django.db.models import Q, QuerySet

from tonghu.codes.text import halfwidth
from tonghu.patients.models import DOCUMENT, DOCUMENT_TAIL, TAIL_LENGTH, Child, HospitalView, NameToken
from tonghu.platform.crypto.hashing import keyed_hashes
from tonghu.platform.scope.scope import Scope

#: What one page of a search shows.
FOUND_AT_ONCE = 20
#: Prefixes shorter than this would find half the country.
SHORTEST_PINYIN = 2


@dataclass(frozen=True, slots=True)
class Found:
    """One child of a search: the views that the reader may see, the nearest match first."""

    group: int
    views: tuple[HospitalView, ...]


def search(text: str, *, by: Scope, limit: int = FOUND_AT_ONCE) -> list[Found]:
    """Find children by name, pinyin, initials, document number, its last four characters, or record number.

    Names and pinyin match from their beginning; everything else as a whole. Every condition is an equality or a range,
    and a hospital's own reader asks its own rows only, so that each is one walk along an index.

    Args:
        text: as typed; full-width characters and blanks within do not matter.
        by: the open scope; it tells which index serves.
        limit: children at most.
    """
    wanted = "".join(halfwidth(text).split())
    if not wanted:
        return []
    found: dict[int, list[HospitalView]] = {}
    for views in _ways(wanted, by):
        for view in views.select_related("child", "institution")[: limit * 2]:
            group = found.setdefault(view.child.group, [])
            if view not in group:
                group.append(view)
        if len(found) >= limit:
            break
    return [Found(group, tuple(views)) for group, views in islice(found.items(), limit)]


def of_group(child: Child) -> QuerySet[HospitalView]:
    """Return every view of the child and of those merged with it that the reader may see, the latest first."""
    same = Child.objects.filter(Q(pk=child.group) | Q(one_with=child.group))
    return HospitalView.objects.filter(child__in=same).select_related("institution").order_by("-updated_at")


def _ways(wanted: str, by: Scope) -> list[QuerySet[HospitalView]]:
    """The searches that the text allows, the surest first."""
    own = HospitalView.objects.all()
    if by.institution is not None:
        own = own.filter(institution=by.institution)
    if not wanted.isascii():
        return [_by_name(NameToken.Kind.NAME, wanted, by)]
    ways = [own.filter(record_number=wanted).order_by("id")]
    if any(character.isdigit() for character in wanted):
        if len(wanted) == TAIL_LENGTH:
            ways.append(own.filter(document_tail__in=keyed_hashes(wanted, DOCUMENT_TAIL)).order_by("id"))
        ways.append(own.filter(document_key__in=keyed_hashes(wanted, DOCUMENT)).order_by("id"))
    if wanted.isalpha() and len(wanted) >= SHORTEST_PINYIN:
        spelt = wanted.lower()
        ways.append(_by_name(NameToken.Kind.INITIALS, spelt, by, whole=True))
        ways.append(_by_name(NameToken.Kind.PINYIN, spelt, by))
    return ways


def _by_name(kind: int, token: str, by: Scope, *, whole: bool = False) -> QuerySet[HospitalView]:
    """Views one of whose tokens is `token`, or begins with it: a range, since LIKE uses no index under row security."""
    match = Q(token=token) if whole else Q(token__gte=token, token__lt=f"{token}\U0010ffff")
    tokens = NameToken.objects.filter(match, kind=kind)
    if by.institution is not None:
        tokens = tokens.filter(institution=by.institution)
    nearest = tokens.order_by("token", "view").values("view")
    return HospitalView.objects.filter(pk__in=nearest[: FOUND_AT_ONCE * 2]).order_by("name_sort", "id")
