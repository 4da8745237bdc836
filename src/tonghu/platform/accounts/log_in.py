"""Logging in, step by step: password, one-time code, in. And what somebody does about their own log-in.

Nothing here tells whether a user name exists: unknown names cost a hash, are counted, noted and locked like known ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts import second_factor
from tonghu.platform.accounts.access import SECURE, check_may
from tonghu.platform.accounts.door import Door
from tonghu.platform.accounts.models import LogInEvent, OneTimeLink, Person, Session
from tonghu.platform.accounts.reach import in_scope
from tonghu.platform.accounts.sessions import ADDRESS, AGENT, SEEN, STARTED, SessionStore, digest
from tonghu.platform.accounts.sign_in import POST, SECOND_FACTOR, current_posts
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try: the person, or None with until when to wait (None: it was just wrong)."""

    person: Person | None = None
    wait_until: datetime | None = None


def try_password(*, username: str, password: str, door: Door) -> Answer:
    """Check user name and password."""
    username = username.strip().lower()[:150]
    with open_scope(system_scope("login")):
        if wait := books.locked_until(username, door):
            return Answer(wait_until=wait)
        person = Person.objects.select_related("institution").filter(username=username).first()
        if person is None:
            make_password(password)  # the time that checking a password takes
            right = False
        else:
            right = person.check_password(password) and person.is_active
        if right:
            return Answer(person=person)
        books.note(LogInEvent.Kind.WRONG_PASSWORD, person, door)
        books.count_failure(username, person, door)
        return Answer(wait_until=books.locked_until(username, door))


def try_code(*, person: Person, code: str, door: Door) -> Answer:
    """Check a one-time code, or a recovery code in its place."""
    with open_scope(system_scope("login")):
        if wait := books.locked_until(person.username, door):
            return Answer(wait_until=wait)
        if second_factor.check(person, code):
            return Answer(person=person)
        if second_factor.use_recovery_code(person, code):
            books.note(LogInEvent.Kind.RECOVERY_USED, person, door)
            return Answer(person=person)
        books.note(LogInEvent.Kind.WRONG_CODE, person, door)
        books.count_failure(person.username, person, door)
        return Answer(wait_until=books.locked_until(person.username, door))


def second_step(person: Person) -> str:
    """What comes after the password: ``code``, ``enrol`` (a post asks for codes, none are set up), or ``""``."""
    with open_scope(system_scope("login")):
        if second_factor.enrolled(person):
            return "code"
        return "enrol" if any(post.described.second_factor for post in current_posts(person.pk)) else ""


@transaction.atomic
def enter(request: HttpRequest, person: Person, *, second_factor_given: bool) -> int:
    """Log somebody in: a fresh session under a fresh key. Returns how many tries failed since they last got in."""
    door, now = Door.of(request), timezone.now().isoformat()
    with open_scope(system_scope("login")):
        failed = _failed_since_last(person)
        request.session.flush()
        login(request, person, backend=_BACKEND)
        request.session.update(
            {STARTED: now, SEEN: now, ADDRESS: door.address, AGENT: door.agent, SECOND_FACTOR: second_factor_given}
        )
        books.forget_failures(person.username)
        books.note(LogInEvent.Kind.LOGGED_IN, person, door)
        books.tidy()
        SessionStore.clear_expired()
    return failed


def note_second_factor(request: HttpRequest) -> None:
    """Remember that the one-time code was given in this session too; its key changes."""
    request.session.cycle_key()
    request.session[SECOND_FACTOR] = True


def choose_post(request: HttpRequest, post: int) -> None:
    """Act from another post from now on. Forms still open in another tab are refused: their token holds no more.

    Raises:
        InputRefused: not a post that this person holds today.
    """
    from django.middleware.csrf import rotate_token

    if post not in {held.pk for held in request.posts}:  # type: ignore[attr-defined]
        raise InputRefused("您今天没有这一岗位", "You do not hold this post today")
    request.session[POST] = post
    rotate_token(request)


def change_password(*, request: HttpRequest, person: Person, old: str, new: str) -> bool:
    """Set somebody's own new password; other devices are signed out, links end. False where the old one is wrong.

    Raises:
        ValidationError: the new one is not good enough.
    """
    door = Door.of(request)
    with open_scope(system_scope("login", request.scope)):  # type: ignore[attr-defined]
        if not confirm_password(person=person, password=old, door=door):
            return False
        validate_password(new, person)
        person.set_password(new)
        person.save(update_fields=["password"])
        update_session_auth_hash(request, person)
        _others(request, person).delete()
        OneTimeLink.objects.filter(person=person, used_at__isnull=True).delete()
        books.note(LogInEvent.Kind.PASSWORD_SET, person, door)
    return True


def confirm_password(*, person: Person, password: str, door: Door) -> bool:
    """Whether somebody who is in knows their password; wrong ones count like those at the door."""
    with open_scope(system_scope("login")):
        if books.locked_until(person.username, door):
            return False
        if person.check_password(password):
            return True
        books.note(LogInEvent.Kind.WRONG_PASSWORD, person, door)
        books.count_failure(person.username, person, door)
        return False


def devices(person: Person) -> list[Session]:
    """Return where somebody is logged in, the last seen first."""
    with open_scope(system_scope("login")):
        return list(Session.objects.filter(person=person, expire_date__gt=timezone.now()).order_by("-seen"))


def end_device(*, person: Person, key: str, door: Door) -> bool:
    """Sign one of somebody's own devices out, by the hash that the list shows; False where there is none."""
    with open_scope(system_scope("login")):
        ended, _rows = Session.objects.filter(person=person, pk=key).delete()
        if ended:
            books.note(LogInEvent.Kind.DEVICE_ENDED, person, door)
        return bool(ended)


def end_other_devices(*, request: HttpRequest, person: Person) -> int:
    """Sign every other device of somebody's own out; returns how many."""
    with open_scope(system_scope("login")):
        ended, _rows = _others(request, person).delete()
        if ended:
            books.note(LogInEvent.Kind.DEVICE_ENDED, person, Door.of(request))
        return ended


def _others(request: HttpRequest, person: Person) -> QuerySet[Session]:
    return Session.objects.filter(person=person).exclude(pk=digest(request.session.session_key or ""))


@transaction.atomic
def unlock(*, person: Person, by: Scope) -> None:
    """Lift the lock of somebody's user name.

    Raises:
        PermissionDenied: `by` may not. InputRefused: beyond their scope, or their own.
    """
    check_may(by, SECURE)
    if not in_scope(person.institution, by) or by.person == person.pk:
        raise InputRefused("该人员不在您的范围内，或是您本人", "The person is not in your scope, or yourself")
    with open_scope(system_scope("login", by)):
        books.forget_failures(person.username)
        books.note(LogInEvent.Kind.UNLOCKED, person, Door(), done_by=by.person)


def _failed_since_last(person: Person) -> int:
    events = LogInEvent.objects.filter(person=person)
    last = events.filter(kind=LogInEvent.Kind.LOGGED_IN).order_by("-at").first()
    failed = events.filter(kind__in=(LogInEvent.Kind.WRONG_PASSWORD, LogInEvent.Kind.WRONG_CODE))
    return failed.filter(at__gt=last.at).count() if last else 0
