"""Where a request knocks from, and the books kept at the door: what happened, and how often it has failed of late."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.models import LogInEvent, LogInGuard, Person
from tonghu.platform.crypto.hashing import keyed_hash


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


def locked_until(username: str, door: Door) -> datetime | None:
    """Return until when this name, or this address, has to wait; None where it need not. Tries at one name take turns.

    Names that nobody has are counted and locked alike, so that a lock tells nothing.
    """
    _take_turns(_NAME, _key("name", username))
    now = timezone.now()
    held = LogInGuard.objects.filter(key__in=_keys(username, door))
    return max((one.locked_until for one in held if one.locked_until and one.locked_until > now), default=None)


def count_failure(username: str, person: Person | None, door: Door) -> None:
    """Count a wrong password or code, and lock the name after too many in a row."""
    keys = _keys(username, door)
    for kind, key in zip((_NAME, _ADDRESS), keys, strict=False):
        _take_turns(kind, key)
    now = timezone.now()
    limits = zip(keys, (rules.number("failures"), rules.number("address_failures")), strict=False)
    for order, (key, limit) in enumerate(limits):
        held = LogInGuard.objects.filter(key=key).first() or LogInGuard(key=key, last=now)
        fresh = now - held.last > rules.span("window_minutes") or (held.locked_until and held.locked_until <= now)
        held.failures = 1 if fresh else held.failures + 1
        held.last, held.locked_until = now, None
        if held.failures >= limit:
            held.locked_until = now + rules.span("lock_minutes")
            if order == 0:
                note(LogInEvent.Kind.LOCKED, person, door)  # told by a job, so that it costs a known name no more
        held.save()


def forget_failures(username: str) -> None:
    """Begin to count anew for a name: somebody got in, or an administrator lifted the lock."""
    key = _key("name", username)
    _take_turns(_NAME, key)
    LogInGuard.objects.filter(key=key).delete()


def tidy() -> None:
    """Let go of counts that no longer count; under the scope ``login``."""
    before = timezone.now() - rules.span("window_minutes") - rules.span("lock_minutes")
    # Whoever is just being counted is left for the next time: this holds several rows, and may wait for none.
    over = LogInGuard.objects.select_for_update(skip_locked=True).filter(last__lt=before)
    LogInGuard.objects.filter(key__in=list(over.values_list("key", flat=True))).delete()


def is_locked(username: str) -> bool:
    """Whether a name is locked now; under the scope ``login``."""
    return LogInGuard.objects.filter(key=_key("name", username), locked_until__gt=timezone.now()).exists()


#: First keys of the advisory locks at the door.
_NAME: Final = 4_520
_ADDRESS: Final = 4_521


def _take_turns(kind: int, key: str) -> None:
    """Wait until no other try at this name, or count of this address, is under way; held until the transaction ends.

    A lock that needs no row, so that the first tries take turns too. The name's comes first and is held while the
    password is checked; the address's comes after it, for the moment of counting, or a whole hospital behind one
    address would log in one by one. In that one order nobody waits in a ring.
    """
    number = int(key[:8], 16) - 2**31  # two names of one number only wait for each other
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, number])


def _keys(username: str, door: Door) -> list[str]:
    return [_key("name", username), *([_key("address", door.address)] if door.address else [])]


def _key(kind: str, said: str) -> str:
    return keyed_hash(said, f"log-in {kind}").hex()
