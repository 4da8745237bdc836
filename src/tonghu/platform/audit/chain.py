"""The chain over the log: each link is a keyed hash over an event and the link before it.

Events are written by everybody at once and linked afterwards, a batch at a time, under one advisory lock that only
linkers take: writers never wait. The hash is keyed (HMAC-SM3) with the site's key, which the database does not hold, so
that even its owner cannot alter an event and make the chain fit again. The chain's head is also kept in a file outside
the database (``audit/head-<database>.json``), so that cutting off its end shows; where that file is gone too, nothing
proves the end, and a check says that. Backups hold the head of their moment, and any head that was noted elsewhere may
be asked for (``verify(noted=...)``).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from tonghu.platform.audit.events import SITE, record
from tonghu.platform.audit.kinds import kind
from tonghu.platform.crypto.ciphers import HASHERS
from tonghu.platform.crypto.keys import Key, keyring, source
from tonghu.platform.scope.scope import open_scope, system_scope

BATCH: Final = 1000
#: A linker looks this many events back for ones whose transactions ended late; a full look comes with every check.
LOOK_BACK: Final = 20_000
START: Final = b"tonghu audit chain"
_LOCK: Final = 0x746F6E67_61756474
_COLUMNS: Final = (
    "event.id::text, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), kind, subject_kind, subject_id, "
    "institution_id::text, by_person::text, by_post::text, by_institution::text, by_region_from, by_region_to, "
    "who, purpose, reason, request, data::text, encode(personal, 'hex')"
)


@dataclass(frozen=True, slots=True)
class Head:
    """One link by its number and its hash (hexadecimal), as ``8:0002…`` where somebody notes it."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def of(cls, noted: str) -> Head:
        """Return what somebody noted.

        Raises:
            ValueError: it is no head.
        """
        seq, hashed = noted.strip().split(":")
        return cls(int(seq), bytes.fromhex(hashed).hex())


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold.

    Attributes:
        seq: the link.
        event: the event's id, where it is known.
        what: ``altered``, ``removed``, ``link_missing``, ``cut``, ``head_missing`` or ``key_missing``.
    """

    seq: int
    event: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: how many links hold, the first break, how many events wait to be linked, and the last link
    that holds, to be noted elsewhere."""

    links: int
    broken: Break | None
    waiting: int
    head: Head | None = field(default=None, compare=False)


def link(using: str = "default", *, everything: bool = False) -> int:
    """Link what is not linked yet, and return how many events that were.

    Args:
        everything: look at all events, not only at the last :data:`LOOK_BACK`.

    Raises:
        KeysMissing: the site's keys cannot be read now; nothing is lost, the next run links.
    """
    done = 0
    while batch := _link_batch(using, everything):
        done += batch
    return done


def _link_batch(using: str, everything: bool) -> int:
    key = keyring().writer("hash")
    with open_scope(system_scope("chain"), using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT seq, hash FROM audit_link ORDER BY seq DESC LIMIT 1")
        seq, before = cursor.fetchone() or (0, START)
        cursor.execute("SELECT coalesce(max(event_id), 0) FROM audit_link")
        after = 0 if everything else max(0, cursor.fetchone()[0] - LOOK_BACK)
        cursor.execute(
            f"SELECT {_COLUMNS} FROM audit_event AS event WHERE event.id > %s AND NOT EXISTS "  # noqa: S608 -- constants
            "(SELECT 1 FROM audit_link WHERE event_id = event.id) ORDER BY event.id LIMIT %s",
            [after, BATCH],
        )
        links = []
        for event in cursor.fetchall():
            seq, before = seq + 1, _hash(key, seq + 1, bytes(before), event)
            links.append((seq, int(event[0]), before))
        if links:
            whole = _holds_head(using, first=seq == len(links))
            cursor.executemany("INSERT INTO audit_link (seq, event_id, hash) VALUES (%s, %s, %s)", links)
            if whole:  # else the kept head, or that there is none, is the evidence that the end was cut off: it stays
                transaction.on_commit(partial(_write_head, seq, before.hex()), using=using)
    return len(links)


def verify(using: str = "default", *, noted: Head | None = None) -> Verdict:
    """Check the whole chain; an alteration, removal, exchange or cut shows as the first break.

    Args:
        noted: a link that the chain had once, as somebody noted it or a backup holds it.

    Raises:
        KeysMissing: the site's keys cannot be read now.
    """
    kept = _read_head()
    known = {head.seq: head for head in (noted, kept) if head}
    with open_scope(system_scope("chain"), using):
        count, broken, found, last = _walk(using, known.keys())
        if broken is None:
            gone = [head for head in (noted, kept) if head and found.get(head.seq) != head.hash]
            if gone:
                broken = Break(min(head.seq for head in gone), None, "cut")
            elif kept is None and count:
                broken = Break(count, None, "head_missing")
        with connections[using].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM audit_event AS event "
                "WHERE NOT EXISTS (SELECT 1 FROM audit_link WHERE event_id = event.id)"
            )
            waiting = int(cursor.fetchone()[0])
    return Verdict(count, broken, waiting, Head(count, last.hex()) if count else None)


def _walk(using: str, wanted: Collection[int]) -> tuple[int, Break | None, dict[int, str], bytes]:
    """How many links hold, the first that does not, the hashes of those `wanted`, and that of the last that holds."""
    before, count = START, 0
    found: dict[int, str] = {}
    for seq, event_id, held, event in _rows(using):
        what = ""
        if seq != count + 1:
            return count, Break(count + 1, None, "link_missing"), found, before
        if event[0] is None:
            what = "removed"
        elif (key := _key(int.from_bytes(held[:2], "big"))) is None:
            what = "key_missing"
        elif not hmac.compare_digest(_hash(key, seq, before, event), held):
            what = "altered"
        if what:
            return count, Break(seq, event_id, what), found, before
        before, count = held, seq
        if seq in wanted:
            found[seq] = held.hex()
    return count, None, found, before


def _key(number: int) -> Key | None:
    return keyring().get(number) or source().ring(now=True).get(number)


def _holds_head(using: str, *, first: bool) -> bool:
    """Whether the database still has the link that the file outside it names; where there is no file, whether the chain
    only begins (`first`)."""
    kept = _read_head()
    if kept is None:
        return first
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT hash FROM audit_link WHERE seq = %s", [kept.seq])
        held = cursor.fetchone()
    return held is not None and bytes(held[0]).hex() == kept.hash


def _rows(using: str) -> Iterator[tuple[int, int, bytes, tuple[Any, ...]]]:
    with connections[using].chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT link.seq, link.event_id, link.hash, {_COLUMNS} FROM audit_link AS link "  # noqa: S608 -- constants
            "LEFT JOIN audit_event AS event ON event.id = link.event_id ORDER BY link.seq"
        )
        for seq, event_id, held, *event in cursor:
            yield seq, event_id, bytes(held), tuple(event)


def _hash(key: Key, seq: int, before: bytes, event: tuple[Any, ...]) -> bytes:
    said = json.dumps([seq, before.hex(), *event], ensure_ascii=False, separators=(",", ":")).encode()
    return key.number.to_bytes(2, "big") + HASHERS[key.algorithm].hash(key.secret, said)


def head_file() -> Path:
    """Return the file that keeps the chain's head outside the database."""
    return Path(settings.SITE) / "audit" / f"head-{connections['default'].settings_dict['NAME']}.json"


def accept_end(using: str = "default") -> Path | None:
    """Go on from the chain as it stands, after a restore from a backup that is older than the kept head, or without it.

    Returns the file that the kept head was put aside in, the head's own file where there was none to put aside; None
    where nothing of the chain's end is missing.

    The kept head is not deleted but put aside under its number, as the evidence of what was lost.
    """
    verdict = verify(using)
    broken, place = verdict.broken, head_file()
    if broken is None or broken.what not in ("cut", "head_missing"):
        return None
    aside = place.rename(place.with_suffix(f".until-{broken.seq}.json")) if place.exists() else place
    if verdict.head:
        _write_head(verdict.head.seq, verdict.head.hash)
    return aside


CHECKED = kind(
    "audit.checked",
    zh="检查了日志的防篡改链：{links} 条校验记录，完整",
    en="checked the chain of the log: {links} links, whole",
    data=("links",),
)
BROKEN = kind(
    "audit.chain_broken",
    zh="检查了日志的防篡改链：断于第 {seq} 条校验记录",
    en="checked the chain of the log: broken at link {seq}",
    data=("links", "seq", "event", "what"),
)


def check(using: str = "default", *, noted: Head | None = None) -> Verdict:
    """Link what waits, check the whole chain, and record what was found, so that the page of the log can say it.

    Args:
        noted: as for :func:`verify`.

    Raises:
        KeysMissing: the site's keys cannot be read now.
    """
    link(using, everything=True)
    verdict = verify(using, noted=noted)
    broken = verdict.broken
    with open_scope(system_scope("chain"), using) as scope:
        if broken is None:
            record(CHECKED, subject=SITE, by=scope, data={"links": verdict.links})
        else:
            said = {"links": verdict.links, "seq": broken.seq, "event": broken.event, "what": broken.what}
            record(BROKEN, subject=SITE, by=scope, data=said)
    return verdict


def _write_head(seq: int, hashed: str) -> None:
    place = head_file()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _read_head()
    if kept and kept.seq >= seq:
        return  # another linker was quicker to come here
    fresh = place.with_suffix(f".{seq}")
    fresh.write_text(json.dumps({"seq": seq, "hash": hashed, "at": timezone.now().isoformat()}), encoding="utf-8")
    fresh.replace(place)


def _read_head() -> Head | None:
    """The head that the file keeps; None where it is gone or damaged."""
    try:
        held: dict[str, Any] = json.loads(head_file().read_text(encoding="utf-8"))
        return Head(int(held["seq"]), str(held["hash"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
