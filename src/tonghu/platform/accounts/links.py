"""One-time links, by which a person sets their first password or a new one: dated, for once, kept as hash."""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts import second_factor
from tonghu.platform.accounts.access import PROVISION, REGISTER, SECURE, check_may
from tonghu.platform.accounts.door import Door
from tonghu.platform.accounts.models import LogInEvent, OneTimeLink, Person, Session
from tonghu.platform.accounts.reach import check_watches_not, in_scope
from tonghu.platform.scope.scope import Scope, open_scope, system_scope


@transaction.atomic
def issue_link(*, person: Person, by: Scope, without_second_factor: bool = False) -> str:
    """Return a fresh token for somebody's link, to be shown once; links before hold no more.

    Who registers people issues the first link; a reset, once there is a password, is for who keeps log-ins safe.

    Args:
        without_second_factor: the telephone is lost: one-time codes are set up anew.

    Raises:
        PermissionDenied: `by` may not. InputRefused: beyond their scope, themselves, whoever watches them,
            or a suspended account.
    """
    first = not person.has_usable_password()
    check_may(by, *((REGISTER,) if first else ()), SECURE, PROVISION)
    if not in_scope(person.institution, by):
        raise InputRefused("该人员不在您的范围内", "The person is not in your scope")
    if by.person == person.pk:
        raise InputRefused("不能为自己重置登录，请由他人办理", "Nobody resets their own log-in: ask another")
    check_watches_not(person, by)
    if not person.is_active:
        raise InputRefused("该账号已停用，请先恢复", "The account is suspended: resume it first")
    token = secrets.token_urlsafe(32)
    with open_scope(system_scope("login", by)):
        OneTimeLink.objects.filter(person=person, used_at__isnull=True).delete()
        OneTimeLink.objects.create(
            person=person,
            purpose=OneTimeLink.Purpose.ACTIVATE if first else OneTimeLink.Purpose.RESET,
            digest=_digest(token),
            without_second_factor=without_second_factor,
            expires=timezone.now() + rules.span("activation_days" if first else "reset_hours"),
            issued_by_id=by.person,
        )
        books.note(LogInEvent.Kind.LINK_ISSUED, person, Door(), done_by=by.person)
    return token


def find_link(token: str) -> OneTimeLink | None:
    """Return the link of a token while it holds; None for one that is used, over, or was never issued."""
    with open_scope(system_scope("login")):
        return (
            OneTimeLink.objects.select_related("person")
            .filter(digest=_digest(token), used_at__isnull=True, expires__gt=timezone.now(), person__is_active=True)
            .first()
        )


def refuse_maker(link: OneTimeLink, *, reader: Scope, door: Door) -> bool:
    """Whether the reader is who issued the link: they set nobody's password. That they tried is noted and told."""
    if reader.person is None or reader.person != link.issued_by_id:
        return False
    books.keep()
    with open_scope(system_scope("login", reader)):
        books.note(LogInEvent.Kind.LINK_REFUSED, link.person, door, done_by=reader.person)
    return True


@transaction.atomic
def use_link(*, token: str, password: str, door: Door) -> Person | None:
    """Set a password by a link and use it up; None where it does not hold any more. Every device is signed out.

    Raises:
        ValidationError: the password is not good enough; the link still holds.
    """
    with open_scope(system_scope("login")):
        link = OneTimeLink.objects.select_for_update().filter(digest=_digest(token), used_at__isnull=True).first()
        if link is None or link.expires <= timezone.now() or not link.person.is_active:
            return None
        person = link.person
        validate_password(password, person)
        link.used_at = timezone.now()
        link.save(update_fields=["used_at"])
        person.set_password(password)
        person.save(update_fields=["password"])
        if link.without_second_factor:
            second_factor.drop(person)
        Session.objects.filter(person=person).delete()
        books.forget_failures(person.username)
        books.note(LogInEvent.Kind.LINK_USED, person, door)
        return person


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
