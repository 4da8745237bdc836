"""Where a request knocks from, and the books kept at the door: what happened, and how often it has failed of late.

What is counted stands, whatever becomes of the request: see :func:`stands`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.models import LogInEvent, LogInGuard, Person
from tonghu.platform.crypto.hashing import keyed_hash, keyed_hashes


@dataclass(frozen=True, slots=True)
class Door:
    """Network address and browser of a request."""

    address: str | None = None
    agent: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Door:
        """Read them; behind a proxy that ends TLS the address is the one that the proxy saw."""
        said = request.META.get("REMOTE_ADDR", "")
        if settings.HTTPS:
            said = request.headers.get("X-Forwarded-For", said).rpartition(",")[2].strip()
        try:
            address = str(ipaddress.ip_address(said))
        except ValueError:
            address = None
        return cls(address, request.headers.get("User-Agent", "")[:200])


def note(kind: LogInEvent.Kind, person: Person | None, door: Door, *, done_by: int | None = None) -> None:
    """Write down what happened; under the scope ``login``."""
    LogInEvent.objects.create(person=person, kind=kind, address=door.address, agent=door.agent, done_by_id=done_by)


#: Whether the request that is being answered has counted a failure, or noted what must not be lost.
_STANDS: ContextVar[bool] = ContextVar("stands", default=False)


def stands() -> bool:
    """Whether the request has written something here that an error of the same request must not take back.

    A try that failed writes nothing else, so the middleware lets all of it stand: whoever makes the page fail after a
    wrong password has been counted for it.
    """
    return _STANDS.get()


def begin() -> None:
    """A request begins: nothing has been counted for it."""
    _STANDS.set(False)


def keep() -> None:
    """What this request has written so far, and writes from here on, stands."""
    _STANDS.set(True)


def locked_until(username: str, door: Door) -> datetime | None:
    """Return until when this name, or this address, has to wait; None where it need not. Tries at one name take turns.

    Names that nobody has are counted and locked alike, so that a lock tells nothing.
    """
    counted = _counted(username, door)
    _take_turns(_NAME, counted[0].keys)
    now = timezone.now()
    held = LogInGuard.objects.filter(key__in=[key for one in counted for key in one.keys])
    return max((one.locked_until for one in held if one.locked_until and one.locked_until > now), default=None)


def count_failure(username: str, person: Person | None, door: Door) -> None:
    """Count a wrong password or code, and lock the name after too many in a row."""
    keep()
    counted = _counted(username, door)
    for one in counted:
        _take_turns(one.lock, one.keys)
    now = timezone.now()
    for one in counted:
        # While keys change, a count may stand under any; one that has begun goes on where it stands.
        held = LogInGuard.objects.filter(key__in=one.keys).first() or LogInGuard(key=one.fresh, last=now)
        fresh = now - held.last > rules.span("window_minutes") or (held.locked_until and held.locked_until <= now)
        held.failures = 1 if fresh else held.failures + 1
        held.last, held.locked_until = now, None
        if held.failures >= rules.number(one.limit):
            held.locked_until = now + rules.span("lock_minutes")
            if one.lock == _NAME:
                note(LogInEvent.Kind.LOCKED, person, door)  # told by a job, so that it costs a known name no more
        held.save()


def forget_failures(username: str) -> None:
    """Begin to count anew for a name: somebody got in, or an administrator lifted the lock."""
    keys = keys_of("name", username)
    _take_turns(_NAME, keys)
    LogInGuard.objects.filter(key__in=keys).delete()


def tidy() -> None:
    """Let go of counts that no longer count; under the scope ``login``."""
    before = timezone.now() - rules.span("window_minutes") - rules.span("lock_minutes")
    # Whoever is just being counted is left for the next time: this holds several rows, and may wait for none.
    over = LogInGuard.objects.select_for_update(skip_locked=True).filter(last__lt=before)
    LogInGuard.objects.filter(key__in=list(over.values_list("key", flat=True))).delete()


def is_locked(username: str) -> bool:
    """Whether a name is locked now; under the scope ``login``."""
    return LogInGuard.objects.filter(key__in=keys_of("name", username), locked_until__gt=timezone.now()).exists()


#: First keys of the advisory locks at the door.
_NAME: Final = 4_520
_ADDRESS: Final = 4_521


def _take_turns(kind: int, keys: Sequence[str]) -> None:
    """Wait until no other try at this name, or count of this address, is under way; held until the transaction ends.

    A lock that needs no row, so that the first tries take turns too. The name's comes first and is held while the
    password is checked; the address's comes after it, for the moment of counting, or a whole hospital behind one
    address would log in one by one. In that one order nobody waits in a ring.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, turn_of(keys)])


def turn_of(keys: Sequence[str]) -> int:
    """Return the number to take turns by, of 32 bits. Two names of one number only wait for each other.

    By the oldest key of hashes, which all processes know while keys change; by the end of the hash, since all begin
    with the key's own number.
    """
    return int(keys[0][-8:], 16) - 2**31


def keys_of(kind: str, said: str) -> list[str]:
    """Return the keys under which a name's or an address's count may stand, the oldest first."""
    return [one.hex() for one in keyed_hashes(said, f"log-in {kind}")]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a try is counted for: kind of lock, where its count may stand, where a fresh one is written, limit."""

    lock: int
    keys: list[str]
    fresh: str
    limit: str

    @classmethod
    def of(cls, lock: int, kind: str, said: str, limit: str) -> _Counted:
        return cls(lock, keys_of(kind, said), keyed_hash(said, f"log-in {kind}").hex(), limit)


def _counted(username: str, door: Door) -> list[_Counted]:
    by_name = _Counted.of(_NAME, "name", username, "failures")
    if door.address is None:
        return [by_name]
    return [by_name, _Counted.of(_ADDRESS, "address", door.address, "address_failures")]
