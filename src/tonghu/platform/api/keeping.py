"""Who answers for a docking client: who issued it or renewed its secret last, as long as a post of theirs lets them.

When that post ends, whoever held it still knows the secret. Until somebody in charge renews it, which makes them the
keeper, the client gets tokens only while its institution has a docking engineer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.reach import in_scope
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.accounts.sign_in import current_posts, posts_in_effect, scope_of_post
from tonghu.platform.api.access import ISSUE
from tonghu.platform.api.models import DockingClient
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import open_scope, system_scope

#: Whose docking it is while a client has lost its keeper.
ENGINEER: Final = "docking_engineer"
_KEEPERS: Final = tuple(role.code for role in ROLES.values() if ISSUE in role.permissions)
LEFT: Final = declare(
    "api.keeper_left", group="accounts",
    zh="第 {client} 号对接凭证的经办人已离任，但仍知道密钥：请更换密钥（或终止凭证）。"
    "更换之前，本单位没有在任的接口对接工程师时不再发放令牌",
    en="Whoever kept the docking client number {client} has left the post but knows the secret: renew it, or end the "
    "client. Until then it gets no token while your institution has no docking engineer",
    mail=Mail.AT_ONCE,
)  # fmt: skip


def keeper_left(clients: Iterable[DockingClient]) -> set[int]:
    """Return the numbers of those whose keeper holds no post any more from which they could issue them."""
    kept: dict[int, list[DockingClient]] = {}
    for one in clients:
        if one.kept_by_id is not None:
            kept.setdefault(one.kept_by_id, []).append(one)
    left: set[int] = set()
    with open_scope(system_scope("login"), savepoint=False):
        for person, theirs in kept.items():
            reach = [scope_of_post(post, purpose="docking") for post in current_posts(person) if post.role in _KEEPERS]
            left |= {one.pk for one in theirs if not any(in_scope(one.institution, scope) for scope in reach)}
    return left


def rests(client: DockingClient) -> bool:
    """Whether a client gets no tokens: its keeper has left, and its institution has no docking engineer."""
    return bool(keeper_left([client])) and not _holders(client.institution_id, (ENGINEER,))


def tell() -> int:
    """Tell whoever may renew or end a client that its keeper has left; each once. Returns how many notices are new."""
    with open_scope(system_scope("docking"), savepoint=False):
        now = timezone.now()
        current = list(DockingClient.objects.select_related("institution").filter(valid__contains=now))
    gone = keeper_left(current)
    left = [one for one in current if one.pk in gone]
    last = _last_posts(left)
    return sum(
        len(
            notify(
                LEFT,
                to=_holders(one.institution_id, _KEEPERS),
                data={"client": one.pk},
                url=reverse("docking:client", args=[one.pk]),
                # Who comes back and leaves again leaves another post: that is told anew, renewed or not.
                key=f"client-{one.pk}:{one.kept_by_id}:{one.renewed_at or one.issued_at:%Y%m%dT%H%M%S.%f}"
                f":{last.get(one.pk, 0)}",
            )
        )
        for one in left
    )


def _last_posts(clients: Iterable[DockingClient]) -> dict[int, int]:
    """The newest post, by client, from which the keeper could issue it; not one that is still to begin. One that was
    ended on its first day has no days left and counts."""
    last: dict[int, int] = {}
    with open_scope(system_scope("login"), savepoint=False):
        for one in clients:
            posts = Post.objects.filter(person=one.kept_by_id, role__in=_KEEPERS)
            begun = posts.filter(Q(valid__startswith__isnull=True) | Q(valid__startswith__lte=timezone.localdate()))
            reached = (
                post.pk
                for post in begun.select_related("institution").order_by("-pk")
                if in_scope(one.institution, scope_of_post(post, purpose="docking"))
            )
            last[one.pk] = next(reached, 0)
    return last


def _holders(institution: int, roles: Iterable[str]) -> list[int]:
    """Who can act from one of the roles at an institution today."""
    with open_scope(system_scope("login"), savepoint=False):
        posts = posts_in_effect().filter(institution=institution, role__in=list(roles))
        return sorted(set(posts.values_list("person_id", flat=True)))
