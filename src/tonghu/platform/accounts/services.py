"""Every write on people and posts: register, appoint, end, deputise, move, suspend.

Row-level security stands behind all of it: a post outside the appointer's scope, or one for themselves, is refused by
the database too. Days are China's; the last day of a post is the last on which it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg.types.range import Range

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import APPOINT, PROVISION, REGISTER, SECURE, check_may
from tonghu.platform.accounts.models import LogInEvent, Person, Post, Session
from tonghu.platform.accounts.reach import Place, appoints, check_appoints, check_watches_not, in_scope
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.platform.stale import merged

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


@transaction.atomic
def register_person(
    *,
    username: str,
    name: str,
    institution: Place,
    by: Scope,
    email: str = "",
    language: str = "zh-hans",
    made_up: bool = False,
) -> Person:
    """Register somebody whose account an institution keeps. They get no post, and no password before activation.

    Raises:
        PermissionDenied: `by` may not. InputRefused: outside their scope, or the user name is taken or unfit.
    """
    check_may(by, REGISTER, PROVISION)
    username = username.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise InputRefused(
            "用户名应为 3 至 40 位小写字母、数字、点、横线或下划线，以字母或数字开头",
            "A user name has 3 to 40 small letters, digits, dots, dashes or underscores and begins with no mark",
        )
    if not name.strip():
        raise InputRefused("请填写姓名", "A name is needed")
    _check_in_scope(institution, by)
    person = Person(
        username=username, name=name.strip(), email=email.strip(), institution_id=institution.pk, language=language,
        made_up=made_up,
    )  # fmt: skip
    person.set_unusable_password()
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        raise InputRefused(
            f"用户名“{username}”已被使用，请换一个", f"The user name “{username}” is taken, choose another"
        ) from None
    return person


@transaction.atomic
def appoint(
    *, person: Person, role: str, institution: Place, starts: date, by: Scope, ends: date | None = None
) -> Post:
    """Give somebody a post from a day on, until the end of another day or without end.

    Raises:
        PermissionDenied: `by` may not appoint. InputRefused: they would appoint themselves, beyond their scope, their
            line or their list of roles; the place has no such post; the days do not fit; the post is held already; or
            it would join two things that one person never holds at once.
    """
    check_may(by, APPOINT, PROVISION)
    _check_role(role, institution)
    _check_in_scope(institution, by)
    check_appoints(by, role, institution)
    return _insert(
        Post(
            person=person, institution_id=institution.pk, role=role, valid=_days(starts, ends, by),
            appointed_by_id=by.person,
        ),
        by,
    )  # fmt: skip


@transaction.atomic
def name_deputy(*, post: Post, person: Person, starts: date, ends: date, by: Scope) -> Post:
    """Let somebody stand in for the holder of a post from a day until the end of another, within the post's own days.

    Raises:
        PermissionDenied, InputRefused: as :func:`appoint`; and a deputy has no deputy, nobody deputises for themselves.
    """
    check_may(by, APPOINT, PROVISION)
    if post.deputy_for_id:
        raise InputRefused("代理岗位不能再指定代理人，请为原岗位指定", "A deputy has no deputy: name one for the post")
    if person.pk == post.person_id:
        raise InputRefused("代理人不能是岗位本人", "Nobody stands in for themselves")
    _check_in_scope(post.institution, by)
    check_appoints(by, post.role, post.institution)
    days = _days(starts, ends, by)
    # Locked: the post may be ending, or the same deputy be named, at the same moment.
    post.valid = Post.objects.select_for_update().get(pk=post.pk).valid
    lower, upper = post.valid.lower, post.valid.upper
    if post.valid.isempty or (lower and starts < lower) or (upper and ends >= upper):
        raise InputRefused("代理期应在原岗位的任期之内", "The deputy's days must lie within those of the post")
    if post.deputies.filter(person_id=person.pk, valid__overlap=days).exists():
        raise InputRefused("该人员在此期间已是代理人", "This person stands in already in that time")
    return _insert(
        Post(
            person=person, institution_id=post.institution_id, role=post.role, valid=days, deputy_for=post,
            appointed_by_id=by.person,
        ),
        by,
    )  # fmt: skip


@transaction.atomic
def end_post(*, post: Post, last_day: date, reason: str, by: Scope, shown: Mapping[str, str] | None = None) -> Post:
    """End a post with a day, at the earliest yesterday, which ends it at once; its deputies end with it (``ends.sql``).

    Args:
        shown: which ``last_day`` whoever ends it saw; None where nothing was shown.

    Raises:
        PermissionDenied: `by` may not appoint. ChangedMeanwhile: somebody else set another day since.
            InputRefused: beyond their scope or list, their own post, no reason, or
            a day that is over or after the post's own end.
    """
    check_may(by, APPOINT, PROVISION)
    if not reason.strip():
        raise InputRefused("请写明终止原因", "Say why the post ends")
    _check_in_scope(post.institution, by)
    check_appoints(by, post.role, post.institution)
    _check_other(post.person_id, by)
    found = Post.objects.select_for_update().filter(pk=post.pk).first()
    if found is None:  # the policies of updates do not let `by` at it
        raise InputRefused("该单位不在您的范围内", "The institution is not in your scope")
    merged(held={"last_day": found.last_day}, shown=shown, wanted={"last_day": last_day})
    post.valid = found.valid
    if last_day < timezone.localdate() - timedelta(days=1):
        raise InputRefused("终止日期不能早于昨天：已发生的任职不能改写", "A post cannot end before yesterday")
    if post.valid.isempty or (post.valid.upper and last_day >= post.valid.upper):
        raise InputRefused("该岗位届时已经终止", "The post will have ended by then")
    with open_scope(replace(by, reason=reason.strip())):
        post.valid = _until(post.valid, last_day)
        post.save(update_fields=["valid"])  # the database ends the deputies: one of them may be `by`, who sees no row
    return post


@transaction.atomic
def move_person(
    *, person: Person, to: Place, last_day: date, reason: str, by: Scope, shown: Mapping[str, str] | None = None
) -> Person:
    """Move somebody's account to another institution; every post elsewhere in the scope of `by` ends with a day.

    Args:
        shown: which institution (``to``) whoever moves them saw; None where nothing was shown.

    Raises:
        PermissionDenied: `by` may not. ChangedMeanwhile: somebody else moved them since.
            InputRefused: either institution is beyond their scope, the person is there already, has a post elsewhere
            that is not for `by` to end, or as :func:`end_post`.
    """
    check_may(by, REGISTER, PROVISION)
    _check_in_scope(person.institution, by)
    _check_in_scope(to, by)
    found = Person.objects.select_for_update(of=("self",)).select_related("institution").filter(pk=person.pk).first()
    merged(held={"to": found and found.institution}, shown=shown, wanted={"to": to})
    if found is not None and found.institution_id == to.pk:
        raise InputRefused(
            f"{found.name} 已经在 {to.name}，无需调动",
            f"{found.name} is at {to.name} already: there is nothing to move",
        )
    lasting = [post for post in posts_after(person, last_day) if post.institution_id != to.pk]
    if barred := [post for post in lasting if not may_end(post, by)]:
        named = [(post.institution.name, post.described) for post in barred]
        raise InputRefused(
            f"{person.name} 还担任{'、'.join(f'{place} {role.zh}' for place, role in named)}，这些岗位不由您任免："
            "请先由有权任免的人终止岗位，再来调动",
            f"{person.name} still holds {', '.join(f'{role.en} at {place}' for place, role in named)}, which you may "
            "not end: have it ended by somebody who appoints there, then move the person",
        )
    for post in lasting:
        end_post(post=post, last_day=last_day, reason=reason, by=by)
    with open_scope(replace(by, reason=reason.strip())):
        person.institution_id = to.pk
        person.save(update_fields=["institution"])
    return person


@transaction.atomic
def suspend(*, person: Person, reason: str, by: Scope) -> None:
    """Close somebody's account at once: signed out everywhere, no log-in, every post without effect.

    Raises:
        PermissionDenied: `by` may not. InputRefused: beyond their scope, themselves, whoever watches them, or
            no reason.
    """
    _set_active(person, by, active=False, reason=reason)
    with open_scope(system_scope("login", by)):
        Session.objects.filter(person=person).delete()
        LogInEvent.objects.create(person=person, kind=LogInEvent.Kind.SUSPENDED, done_by_id=by.person)


@transaction.atomic
def resume(*, person: Person, reason: str, by: Scope) -> None:
    """Open a suspended account again.

    Raises:
        PermissionDenied: `by` may not. InputRefused: beyond their scope, themselves, whoever watches them, or
            no reason.
    """
    _set_active(person, by, active=True, reason=reason)
    with open_scope(system_scope("login", by)):
        LogInEvent.objects.create(person=person, kind=LogInEvent.Kind.RESUMED, done_by_id=by.person)


def posts_after(person: Person, day: date) -> list[Post]:
    """Return the posts that somebody holds after a day; also those that have still to begin: nobody arrives at a place
    that they left.
    """
    after = Q(valid__endswith__isnull=True) | Q(valid__endswith__gt=day + timedelta(days=1))
    return list(person.posts.filter(after, valid__isempty=False).select_related("institution").order_by("pk"))


def may_end(post: Post, by: Scope) -> bool:
    """Whether `by` may end this post or name a deputy for it."""
    return (
        (by.may(APPOINT) or by.may(PROVISION))
        and in_scope(post.institution, by)
        and appoints(by, post.role, post.institution)
        and post.person_id != by.person
    )


def _set_active(person: Person, by: Scope, *, active: bool, reason: str) -> None:
    check_may(by, SECURE, PROVISION)
    if not reason.strip():
        raise InputRefused("请写明原因", "Say why")
    _check_in_scope(person.institution, by)
    _check_other(person.pk, by)
    check_watches_not(person, by)
    with open_scope(replace(by, reason=reason.strip())):
        person.is_active = active
        person.save(update_fields=["is_active"])


def _check_role(role: str, institution: Place) -> None:
    if role not in ROLES:
        raise InputRefused(f"没有角色“{role}”", f"There is no role “{role}”")
    if institution.place not in ROLES[role].places:
        raise InputRefused(
            f"“{institution.name}”不设“{ROLES[role].zh}”", f"“{institution.name}” has no post “{ROLES[role].en}”"
        )


def _check_in_scope(institution: Place, by: Scope) -> None:
    if not in_scope(institution, by):
        raise InputRefused("该单位不在您的范围内", "The institution is not in your scope")


def _check_other(person: int, by: Scope) -> None:
    if by.person is not None and person == by.person:
        raise InputRefused("不能任免或停用自己，请由他人办理", "Nobody appoints or suspends themselves: ask another")


def _days(starts: date, ends: date | None, by: Scope) -> Range[date]:
    if starts < timezone.localdate() and not by.may(PROVISION):
        raise InputRefused("开始日期不能早于今天", "A post cannot begin before today")
    if ends is not None and ends < starts:
        raise InputRefused("结束日期早于开始日期", "The last day is before the first")
    return Range(starts, ends + timedelta(days=1) if ends else None)


def _until(valid: Range[date], last_day: date) -> Range[date]:
    upper = last_day + timedelta(days=1)
    if valid.isempty or (valid.lower and valid.lower >= upper):
        return Range(empty=True)
    return Range(valid.lower, min(upper, valid.upper) if valid.upper else upper)


def _insert(post: Post, by: Scope) -> Post:
    _check_other(post.person_id, by)
    if not post.person.is_active:
        raise InputRefused("该账号已停用，请先恢复", "The account is suspended: resume it first")
    try:
        with transaction.atomic():
            post.save()
    except IntegrityError as refused:
        if "post_administrators_apart" in str(refused):
            raise InputRefused(
                "系统、安全、审计管理员三者分离，也不能同时担任业务岗位：该人员在此期间已有不相容的岗位",
                "System, security and audit administrators stand apart, also from posts of the trade: this person "
                "holds one that does not go with it in that time",
            ) from None
        if "post_once_at_a_time" in str(refused):
            raise InputRefused("该人员在此期间已任同一岗位", "This person holds the same post in that time") from None
        raise
    return post
