"""Reads of people, posts and what happened at the door, under the open scope."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from tonghu.platform.accounts.models import LogInEvent, Person, Post
from tonghu.platform.scope.scope import Scope


def people() -> QuerySet[Person]:
    """Return the people whom the open scope sees, with their posts that have not ended."""
    day = timezone.localdate()
    lasting = Post.objects.filter(Q(valid__endswith__isnull=True) | Q(valid__endswith__gt=day))
    return Person.objects.select_related("institution").prefetch_related(
        Prefetch("posts", lasting.select_related("institution").order_by("valid"), to_attr="lasting_posts")
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
