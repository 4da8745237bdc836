"""How far an appointer reaches: the institutions in their scope, the roles on their list, the line they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from django.db.models import Q
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import PROVISION
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.accounts.roles import BELOW_HEALTH, CENTRE, HEALTH, ROLES, Role
from tonghu.platform.scope.scope import Scope

#: Who watches whom at one place: the watched neither appoint and end, nor suspend and reset the watcher.
WATCHER: Final = "audit_admin"
WATCHED: Final = "security_admin"


class Place(Protocol):
    """What of ``network.Institution`` the platform reads."""

    pk: int
    name: str
    region_code: str

    @property
    def place(self) -> str:
        """Its kind, or the department of an authority."""


def in_scope(institution: Place, by: Scope) -> bool:
    """Whether rows of the institution lie in the scope of `by`; the database decides the same by ``IN_SCOPE``."""
    if by.may(PROVISION):
        return True
    if by.region_from is not None and by.region_to is not None:
        return by.region_from <= institution.region_code < by.region_to
    return institution.pk == by.institution


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Posts of a place that are given by others.

    Attributes:
        givers: who gives them.
        where: ``above`` where only those of a place above do, ``line`` where only those of its own line do.
        roles: what they give.
    """

    givers: tuple[Role, ...]
    where: Literal["above", "line", ""]
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a post may give at a place, in the order of the page of roles, and who gives the other posts there."""

    given: tuple[Role, ...]
    others: tuple[Elsewhere, ...]


def offer(by: Scope, institution: Place) -> Offer:
    """Return what `by` may give at an institution, by the same notion that :func:`check_appoints` refuses by."""
    own = _own(by)
    held = [role for role in ROLES.values() if institution.place in role.places]
    given = tuple(role for role in held if _refusal(own, role, institution) is None)
    others: dict[tuple[tuple[Role, ...], Literal["above", "line", ""]], tuple[Role, ...]] = {}
    for role in held:
        if role not in given:
            givers = tuple(giver for giver in ROLES.values() if _may_give(giver, role, institution))
            line: Literal["line", ""] = "" if institution.place in BELOW_HEALTH else "line"
            key = (givers, "above" if role.code == WATCHER else line)
            others[key] = (*others.get(key, ()), role)
    return Offer(given, tuple(Elsewhere(*key, roles) for key, roles in others.items()))


def _may_give(giver: Role, role: Role, institution: Place) -> bool:
    """Whether somebody of a role, at some place, gives another at this one."""
    return role.code in giver.appoints and any(_same_line(line, institution.place) for line in giver.places)


def appoints(by: Scope, role: str, institution: Place) -> bool:
    """Whether the role is one that `by` appoints to, at this institution."""
    return _why_not(by, role, institution) is None


def check_appoints(by: Scope, role: str, institution: Place) -> None:
    """Check it.

    Raises:
        InputRefused: and says why not.
    """
    refused = _why_not(by, role, institution)
    if refused:
        raise refused


def watches(person: Person, by: Scope) -> bool:
    """Whether the person watches the open post: they hold, or will, the post of its own place that watches it."""
    if by.post is None:
        return False
    lasting = Q(valid__endswith__isnull=True) | Q(valid__endswith__gt=timezone.localdate())
    held = Post.objects.filter(lasting, person=person, role=WATCHER, valid__isempty=False)
    return held.filter(institution__posts__pk=by.post, institution__posts__role=WATCHED).exists()


def check_watches_not(person: Person, by: Scope) -> None:
    """Check that nobody closes or opens the account, or resets the log-in, of whoever watches them.

    Raises:
        InputRefused: and says who does.
    """
    if watches(person, by):
        raise InputRefused(
            "本单位的审计管理员监督安全管理员，其账号须由上级单位的安全管理员（没有上级的由网站运行人员）停用、恢复或重置登录",
            "The audit administrator watches the security administrator of the same place: one above, or where "
            "there is none whoever runs the site, suspends, resumes or resets their account",
        )


def _own(by: Scope) -> Post | None:
    """The post that acts, with its place."""
    return Post.objects.select_related("institution").get(pk=by.post) if by.post is not None else None


def _why_not(by: Scope, role: str, institution: Place) -> InputRefused | None:
    return None if by.may(PROVISION) else _refusal(_own(by), ROLES[role], institution)


def _refusal(own: Post | None, role: Role, institution: Place) -> InputRefused | None:
    """Why the post does not give this role there: what is offered and what is refused both ask here."""
    if own is None:
        return InputRefused("请先选择岗位", "Choose a post first")
    if role.code not in own.described.appoints:
        return InputRefused(
            f"“{own.described.zh}”不能任免“{role.zh}”",
            f"The post “{own.described.en}” does not appoint or end “{role.en}”",
        )
    if not _same_line(own.institution.place, institution.place):
        return InputRefused(
            f"“{institution.name}”属于另一条线，由该部门自己任免",
            f"“{institution.name}” belongs to another line, which appoints its own people",
        )
    if role.code == WATCHER and own.role == WATCHED and own.institution_id == institution.pk:
        return InputRefused(
            "本单位的审计管理员监督安全管理员，须由上级单位的安全管理员任免",
            "The audit administrator watches the security administrator of the same place: one above appoints them",
        )
    return None


def _same_line(line: str, place: str) -> bool:
    """Whether who stands in a line of government appoints at such a place."""
    return place == line or (line in (HEALTH, CENTRE) and place in BELOW_HEALTH)
