"""Reads of people, posts and what happened at the door, under the open scope."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from tonghu.codes.pinyin import initials, readings
from tonghu.platform.accounts.models import LogInEvent, Person, Post
from tonghu.platform.scope.scope import Scope


def people() -> QuerySet[Person]:
    """Return the people whom the open scope sees, with their posts that have not ended."""
    day = timezone.localdate()
    lasting = Post.objects.filter(Q(valid__endswith__isnull=True) | Q(valid__endswith__gt=day))
    return Person.objects.select_related("institution").prefetch_related(
        Prefetch("posts", lasting.select_related("institution").order_by("valid"), to_attr="lasting_posts")
    )


def called(rows: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Narrow to those whose name holds a text or is spelled so from its beginning, or whose user name begins so."""
    wanted = Q(name__icontains=text) | Q(username__istartswith=text)
    spelled = _spelled(rows, "".join(text.split()).lower()) if text.isascii() else []
    return rows.filter(wanted | Q(name__in=spelled) if spelled else wanted)


def _spelled(rows: QuerySet[Person], letters: str) -> list[str]:
    """The names that are read so, or whose initials are. Only those are read at all that may begin with the letter: the
    first characters of a nation's names are a few hundred."""
    if not letters.isalpha():
        return []
    plain = rows.select_related(None).prefetch_related(None).order_by()
    firsts = plain.annotate(first=Left("name", 1)).values_list("first", flat=True).distinct()
    begin = [one for one in firsts if any("".join(heard)[:1] == letters[0] for heard in readings(one))]
    if not begin:
        return []
    names = plain.annotate(first=Left("name", 1)).filter(first__in=begin).values_list("name", flat=True).distinct()
    return [
        name
        for name in names
        if any("".join(heard).startswith(letters) or initials(heard).startswith(letters) for heard in readings(name))
    ]


def posts_in_words(person: Any) -> str:
    """The posts of one of :func:`people`; where they are only if that is not the institution of the account."""
    return "；".join(
        post.described.name + ("" if post.institution == person.institution else f"（{post.institution.name}）")
        for post in person.lasting_posts
    )


def posts_of(person: Person) -> QuerySet[Post]:
    """Return every post of somebody that the open scope sees, the latest first."""
    return (
        Post.objects.filter(person=person)
        .select_related("institution", "appointed_by", "deputy_for__person")
        .order_by("-valid")
    )


def events_of(person: Person) -> QuerySet[LogInEvent]:
    """Return what happened at the door with somebody, the latest first."""
    return LogInEvent.objects.filter(person=person).select_related("done_by").order_by("-at")


def state_of(post: Post, on: date | None = None) -> str:
    """Return ``current``, ``future``, ``past`` or ``withdrawn``."""
    day = on or timezone.localdate()
    if post.valid.isempty:
        return "withdrawn"
    if post.valid.lower and post.valid.lower > day:
        return "future"
    return "past" if post.valid.upper and post.valid.upper <= day else "current"


def institutions_in_scope(by: Scope) -> QuerySet[Any]:
    """Return the institutions in the scope of `by` that exist today, by region and name."""
    place: Any = Post._meta.get_field("institution").related_model
    found: QuerySet[Any] = place.objects.filter(valid__contains=timezone.localdate()).order_by("region_code", "name")
    if by.region_from is not None:
        return found.filter(region_code__gte=by.region_from, region_code__lt=by.region_to)
    return found.filter(pk=by.institution)
