"""Made-up hospitals, authorities and people for the tests. Nobody here exists.

Rows are made under the system scope ``provisioning``, as a new site's are. Example::

    clerk = made_up.post("entry_clerk", at=made_up.hospital("H1", "510104"))
    with made_up.acting(clerk) as scope:
        ...
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from django.test import Client
from psycopg.types.range import Range

from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.accounts.sign_in import POST as CHOSEN
from tonghu.platform.accounts.sign_in import SECOND_FACTOR, scope_of_post
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

ALWAYS: Range[date] = Range(None, None)
_numbers = itertools.count(1)


def hospital(code: str | None = None, region: str = "510104", **more: Any) -> Institution:
    """A hospital in a county (default: one of Chengdu)."""
    code = code or f"TEST{next(_numbers):05d}"
    with open_scope(system_scope("provisioning")):
        return Institution.objects.create(
            **{
                "code": code, "name": f"虚构医院 {code}", "kind": "hospital", "region_code": region, "valid": ALWAYS,
                "made_up": True, **more,
            }
        )  # fmt: skip


def authority(department: str = "health", region: str = "510000", **more: Any) -> Institution:
    """An authority of a department in charge of a region; ``centre`` of ``000000`` is the national centre."""
    code = f"TESTA{next(_numbers):05d}"
    return hospital(code, region, kind="authority", department=department, name=f"虚构部门 {code}", **more)


def person(
    at: Institution | None = None, *, username: str | None = None, name: str = "虚构人员", **more: Any
) -> Person:
    """Somebody without a post, kept by an institution (default: a new hospital)."""
    at = at or hospital()
    with open_scope(system_scope("provisioning")):
        return Person.objects.create(
            username=username or f"person{next(_numbers)}", name=name, institution=at, made_up=True, **more
        )


def post(
    role: str = "entry_clerk",
    at: Institution | None = None,
    *,
    holder: Person | None = None,
    valid: Range[date] = ALWAYS,
    **more: Any,
) -> Post:
    """A post of a role, held by a new person unless `holder` is given."""
    at = at or hospital()
    holder = holder or person(at)
    with open_scope(system_scope("provisioning")):
        return Post.objects.create(person=holder, institution=at, role=role, valid=valid, **more)


def scope_at(held: Post, *more_permissions: str, purpose: str = "test") -> Scope:
    """The scope of a post, with further permissions where a room tests one that no role holds yet."""
    scope = scope_of_post(held, purpose=purpose)
    return replace(scope, permissions=scope.permissions | set(more_permissions))


@contextmanager
def acting(held: Post, *more_permissions: str) -> Iterator[Scope]:
    """Open the scope of a post for a block."""
    with open_scope(scope_at(held, *more_permissions)) as scope:
        yield scope


def browser(held: Post | None = None) -> Client:
    """A browser in which the holder of a post has logged in with a one-time code and acts from it; or a stranger."""
    client = Client()
    if held is not None:
        with open_scope(system_scope("login")):
            client.force_login(held.person)
        session = client.session
        session[CHOSEN], session[SECOND_FACTOR] = held.pk, True
        session.save()
    return client
