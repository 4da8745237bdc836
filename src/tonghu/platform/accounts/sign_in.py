"""From a session, or from a post that a job was asked from, to the scope that it reads with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.platform.scope.wording import labelled

#: Keys of the session: the post that the person acts from; whether a one-time code was given at log-in.
POST, SECOND_FACTOR = "post", "second_factor"


def posts_in_effect(on: date | None = None) -> QuerySet[Post]:
    """Return the posts from which somebody can act on a day (default: today in China): the one place that says which.

    A post that stands in for another holds only while that one does, none outlives its institution, and those of a
    suspended account are without effect.
    """
    day = on or timezone.localdate()
    return Post.objects.filter(
        Q(deputy_for__isnull=True) | Q(deputy_for__valid__contains=day),
        person__is_active=True,
        valid__contains=day,
        institution__valid__contains=day,
    )


def current_posts(person: int, on: date | None = None) -> list[Post]:
    """Return the posts from which a person can act on a day (default: today in China), with their institutions."""
    held = posts_in_effect(on).filter(person=person)
    return list(held.select_related("person", "institution").order_by("id"))


def scope_of_post(post: Post, *, purpose: str, request: str = "") -> Scope:
    """Return what a post sees and may: its institution's rows, or for an authority those of its region."""
    area = post.institution.area()
    return Scope(
        person=post.person_id,
        post=post.pk,
        institution=None if area else post.institution_id,
        region_from=area[0] if area else None,
        region_to=area[1] if area else None,
        permissions=post.described.permissions,
        purpose=purpose,
        request=request,
        label=labelled(post.person.name, post.described.zh, post.institution.name),
    )


def scope_for_job(*, person: int, post: int, purpose: str, request: str = "") -> Scope | None:
    """Return the scope of a job asked by a person from a post, as that post stands now; None where it has ended."""
    with open_scope(system_scope("login")):
        held = next((one for one in current_posts(person) if one.pk == post), None)
    return scope_of_post(held, purpose=purpose, request=request) if held else None


def open_request(request: HttpRequest) -> Scope:
    """Return the scope of a request; `request.post` and `request.posts` are filled on the way.

    Strangers, and people none of whose posts holds today, get a scope that sees nothing.
    """
    number = getattr(request, "request_id", "")
    purpose = f"{request.method} {request.path}"[:200]
    with open_scope(system_scope("login"), savepoint=False):
        person = request.user if isinstance(request.user, Person) else None
        posts = current_posts(person.pk) if person else []
    post = chosen(posts, request.session.get(POST), second_factor=bool(request.session.get(SECOND_FACTOR)))
    request.posts, request.post = posts, post  # type: ignore[attr-defined]
    if post:
        return scope_of_post(post, purpose=purpose, request=number)
    if person:
        return Scope(person=person.pk, purpose=purpose, request=number, label=person.name)
    return Scope(purpose=purpose, request=number)


def chosen(posts: Iterable[Post], wanted: object, *, second_factor: bool) -> Post | None:
    """Return the post that the person acts from: the one wanted, or the only one.

    None where the wanted one holds no more, or where it needs a one-time code that was not given.
    """
    usable = [post for post in posts if second_factor or not post.described.second_factor]
    if wanted is None and len(usable) == 1:
        return usable[0]
    return next((post for post in usable if post.pk == wanted), None)
