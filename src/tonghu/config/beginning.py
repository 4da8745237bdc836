"""The beginning of a site on which nobody is yet: the regions, the first place, and its three administrators.

Everything else is done on the pages by those three. What happens here is done by whoever runs the machine, in the
system's scope ``provisioning``; the history of the rows and an event of the log say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from tonghu.codes import regions
from tonghu.errors import InputRefused
from tonghu.network.catalogues import departments
from tonghu.network.events import BEGUN, INSTITUTION
from tonghu.network.models import Institution
from tonghu.network.services import load_regions, register_institution
from tonghu.platform.accounts import links
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.accounts.reach import WATCHER
from tonghu.platform.accounts.roles import ADMINISTRATORS, CARE, CENTRE, HEALTH, ROLES
from tonghu.platform.accounts.services import appoint, register_person, suspend
from tonghu.platform.audit.events import record
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

#: Where administrators are held, so what a site may be begun for: a line of government, or a single hospital.
LINES: Final = (CENTRE, HEALTH)
#: Who is there first: one person each, since nobody holds two of these.
FIRST: Final = ("system_admin", "security_admin", "audit_admin")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who becomes an administrator: name, user name, and an e-mail address or ''."""

    name: str
    username: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What one of them gets: the token of the one-time link by which they set their password."""

    person: Person
    role: str
    token: str


def renew_regions() -> None:
    """Bring the site's regions to those that this version ships with; nothing changes where they are the same."""
    by = _by()
    with open_scope(by):
        load_regions(spells=regions.spells(), by=by)


def nobody_yet() -> bool:
    """Whether the site holds no person at all."""
    with open_scope(_by()):
        return not Person.objects.exists()


def begin(*, place: str, code: str, name: str, region_code: str, people: Mapping[str, Named]) -> Sequence[Link]:
    """Make a site's first place, or a further line's, with its administrators; all of it or nothing.

    An authority that is registered already, under the same code and name, gets its administrators. Where a place that
    was begun has lost one, that one is followed: of its own audit administrator nobody else on the site disposes.

    Args:
        place: ``centre``, ``health``, ``hospital`` or ``primary_care``.
        people: who holds each of :data:`FIRST` that nobody holds.

    Raises:
        InputRefused: somebody is there already who does this on the pages, or a value does not fit.
    """
    by = _by()
    if len({(one.name, one.email) for one in people.values()}) < len(people):
        raise InputRefused(
            "系统、安全、审计三名管理员应为三个不同的人：请分别指定，并写明各自的邮箱以区分同名者",
            "The system, security and audit administrators are three people: name each, with e-mail where names agree",
        )
    with transaction.atomic(), open_scope(by):
        vacant = _vacant(place, code.strip())
        if set(people) != set(vacant):
            raise _not_these(people, vacant)
        at = _place(place, code.strip(), name.strip(), region_code.strip(), by)
        made = [_administrator(role, people[role], at, by) for role in vacant]
        record(
            BEGUN, subject=(INSTITUTION, at.pk), by=by, institution=at.pk,
            data={"code": at.code, "administrators": [one.person.username for one in made]},
        )  # fmt: skip
    return made


def link_anew(username: str) -> Link:
    """Issue an administrator's first link again, when the one before is lost or over.

    An audit administrator also gets one that resets password and one-time codes: at the top of a line nobody on the
    pages may give it, since they watch the security administrator.

    Raises:
        InputRefused: nobody has this name, they are no administrator, or another one who has a password already.
    """
    by = _by()
    with transaction.atomic(), open_scope(by):
        person = _called(username)
        post = person.posts.filter(role__in=ADMINISTRATORS, valid__contains=timezone.localdate()).first()
        if post is None:
            raise InputRefused(
                f"“{username}”不是管理员：请由其单位的系统管理员在“人员”页发出链接",
                f"“{username}” is no administrator: the system administrator issues their link on the page People",
            )
        reset = person.has_usable_password()
        if reset and post.role != WATCHER:
            raise InputRefused(
                f"“{username}”已激活：忘记密码或丢失手机时，由另一名安全管理员在“人员”页重置",
                f"“{username}” is in use: another security administrator resets the log-in on the page People",
            )
        return Link(person, post.role, links.issue_link(person=person, by=by, without_second_factor=reset))


def close_watcher(username: str, reason: str) -> Person:
    """Suspend an audit administrator who is gone, so that :func:`begin` may have somebody follow.

    Raises:
        InputRefused: nobody has this name, they are no audit administrator, or no reason.
    """
    by = _by()
    with transaction.atomic(), open_scope(by):
        person = _called(username)
        if not person.posts.filter(role=WATCHER, valid__contains=timezone.localdate()).exists():
            raise InputRefused(
                f"“{username}”不是在任的审计管理员：请由安全管理员在“人员”页停用",
                f"“{username}” is no audit administrator: the security administrator suspends them on the page People",
            )
        suspend(person=person, reason=reason, by=by)
    return person


def _called(username: str) -> Person:
    person = Person.objects.filter(username=username.strip().lower()).select_related("institution").first()
    if person is None:
        raise InputRefused(f"没有用户“{username}”", f"There is no user “{username}”")
    return person


def _by() -> Scope:
    return replace(system_scope("provisioning"), reason="tonghu site")


def _vacant(place: str, code: str) -> tuple[str, ...]:
    """The administrators that are to be made: all, where nobody is there; else those that a begun place has lost.

    Raises:
        InputRefused: all are there, for a hospital anybody at all: the rest is done on the pages.
    """
    if place in CARE:
        found = Person.objects.exists()
        zh, en = "本站点", "The site"
    else:
        # A line's first administrators are made here, since nobody of another line appoints them.
        found = Post.objects.filter(role__in=ADMINISTRATORS, institution__department=place).exists()
        zh, en = f"“{departments()[place].zh}”条线", f"The line “{departments()[place].en}”"
    if not found:
        return FIRST
    posts = Post.objects.filter(institution__code=code, role__in=FIRST)
    held = posts.filter(valid__contains=timezone.localdate(), person__is_active=True).values_list("role", flat=True)
    vacant = tuple(role for role in FIRST if role not in set(held))
    if vacant and posts.exists():
        return vacant
    raise InputRefused(
        f"{zh}已有管理员，未作改动：新机构和人员由系统管理员在网页“机构”“人员”中登记，岗位由安全管理员授予；"
        "激活链接过期用 ./run tonghu site link 用户名",
        f"{en} has its administrators, nothing was changed: the system administrator registers institutions and "
        "people on the pages, the security administrator gives posts; ./run tonghu site link NAME renews a link",
    )


def _not_these(people: Mapping[str, Named], vacant: Sequence[str]) -> InputRefused:
    missing, surplus = [role for role in vacant if role not in people], [role for role in people if role not in vacant]
    roles = [ROLES[role] for role in missing or surplus]
    zh, en = "、".join(role.zh for role in roles), ", ".join(role.en.lower() for role in roles)
    if missing:
        return InputRefused(f"还需指定{zh}（--system、--security、--audit）", f"Name the {en} as well")
    return InputRefused(f"{zh}已有人在任，请去掉该选项", f"There is somebody already: leave out the {en}")


def _place(place: str, code: str, name: str, region_code: str, by: Scope) -> Institution:
    there = Institution.objects.filter(code=code).first()
    if there is None:
        authority = place not in CARE
        return register_institution(
            code=code, name=name, kind="authority" if authority else place, department=place if authority else "",
            region_code=region_code, by=by,
        )  # fmt: skip
    if (there.place, there.name, there.region_code) != (place, name, region_code):
        raise InputRefused(
            f"编码 {code} 已登记为“{there.name}”（{there.region_code}）：名称、种类、区划应与其一致，或换一个编码",
            f"The code {code} is “{there.name}” ({there.region_code}): give its name, kind and region, or another code",
        )
    return there


def _administrator(role: str, one: Named, at: Institution, by: Scope) -> Link:
    if len(one.name) > 60:
        raise InputRefused("姓名不能超过 60 个字符", "A name has at most 60 characters")
    if one.email:
        try:
            validate_email(one.email)
        except ValidationError:
            raise InputRefused(
                f"{ROLES[role].zh}的邮箱“{one.email}”不正确，应如 name@example.org",
                f"The e-mail “{one.email}” of the {ROLES[role].en.lower()} is none, such as name@example.org",
            ) from None
    person = register_person(username=one.username, name=one.name, institution=at, by=by, email=one.email)
    appoint(person=person, role=role, institution=at, starts=timezone.localdate(), by=by)
    return Link(person, role, links.issue_link(person=person, by=by))
