"""Recording acts, and reading them again.

:func:`record` writes one event inside the caller's transaction: it stands if and only if the act does. Example::

    record(CASE_RETURNED, subject=("case", case.pk), by=by, data={"note": "出院日期早于入院日期"})
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils.translation import gettext as _

from tonghu.codes.identity import birth_date
from tonghu.errors import InputRefused
from tonghu.platform.audit.access import SHRED
from tonghu.platform.audit.kinds import Kind, kind
from tonghu.platform.audit.models import Event, SubjectKey
from tonghu.platform.crypto.ciphers import SEALERS, Altered
from tonghu.platform.scope.scope import Scope, open_scope

#: (kind, id) of what an event is about; ("", "") for the site itself.
Subject = tuple[str, int | str]
SITE: Final[Subject] = ("", "")
#: A reason with fewer characters says nothing.
SHORTEST_REASON: Final = 2
#: What an identity number looks like; it may stand in `personal` only.
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
#: The same in free text, where people part its groups; what is found counts if a birth date stands in it, so that
#: days and telephone numbers beside each other are no identity number. The look-ahead finds those that overlap, too.
_WRITTEN_IDENTITY = re.compile(r"(?<!\d)(?=((?:\d[\s\-\u2010-\u2015]{0,3}){17}[\dXx])(?!\d))")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]")
#: A mobile number of the mainland in free text, with its country's code or without, and however its groups are parted;
#: in so many parts as people write it, or digit by digit: a list of small numbers is none.
_WRITTEN_MOBILE = re.compile(
    r"(?<!\d)(?:(?:00)?86[\s\-\u2010-\u2015]{0,3})?(?=(1(?:[\s\-\u2010-\u2015]{0,3}\d){10})(?!\d))"
)
_MOBILE = re.compile(r"1[3-9]\d{9}")
_PARTS: Final = frozenset({1, 2, 3, 4, 11})
#: Days, which beside other numbers would make up a telephone number.
_DAY = re.compile(r"(?<!\d)(?:19|20)\d{2}([\s\-./\u2010-\u2015])\d{1,2}\1\d{1,2}(?!\d)")
_SEALER = SEALERS["SM4-GCM"]

SHREDDED = kind(
    "audit.shredded", zh="销毁了日志中 {subject} 的个人信息", en="shredded the personal data of {subject} in the log"
)


def record(
    kind: Kind,
    *,
    subject: Subject,
    by: Scope,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    institution: int | None = None,
) -> None:
    """Record an act of the scope that is open.

    Args:
        kind: what was done.
        subject: what it was done to.
        by: the open scope; its reason goes into the event.
        data: every value that the kind names as data; JSON values without anybody's name or number.
        personal: every value that the kind names as personal.
        institution: in whose book it stands (default: the actor's institution).

    Raises:
        ValueError: other values than the kind names, an identity number in `data`, or `by` is not the open scope.
        KeysMissing: personal data cannot be sealed now.
    """
    data, personal = dict(data or {}), dict(personal or {})
    if set(data) != set(kind.data) or set(personal) != set(kind.personal):
        raise ValueError(
            f"{kind.code} keeps {kind.data} and {kind.personal}, not {sorted(data)} and {sorted(personal)}"
        )
    said = json.dumps(data, ensure_ascii=False)
    if _IDENTITY.search(said):
        raise ValueError(f"{kind.code}: an identity number belongs into personal, not into data")
    of = (subject[0], str(subject[1]))
    with connection.cursor() as cursor:
        # No RETURNING: a piece of the system that records an act may not be one that reads the log.
        cursor.execute(
            "INSERT INTO audit_event (kind, subject_kind, subject_id, institution_id, by_person, data, personal) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [kind.code, *of, institution, by.person, said, _sealed(of, personal) if personal else None],
        )


def record_each(kind: Kind, *, by: Scope, books: Iterable[tuple[int | None, Mapping[str, Any]]]) -> None:
    """Record an act of the open scope that touches several hospitals: a row in the book of each, by one statement.

    Args:
        kind: what was done; it keeps nothing personal and is about no single subject.
        by: the open scope.
        books: each hospital (None: the actor's own) with the data that its row says.

    Raises:
        ValueError: other values than the kind names.
    """
    rows = [(place, dict(data)) for place, data in books]
    if any(set(data) != set(kind.data) for _place, data in rows) or kind.personal:
        raise ValueError(f"{kind.code} keeps {kind.data}, for each of the books")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (kind, subject_kind, subject_id, institution_id, by_person, data) "
            "SELECT %s, '', '', book, %s, said::jsonb FROM unnest(%s::bigint[], %s::text[]) AS line (book, said)",
            [
                kind.code, by.person, [place for place, _data in rows],
                [json.dumps(data, ensure_ascii=False) for _place, data in rows],
            ],
        )  # fmt: skip


def shred(subject: Subject, *, reason: str, by: Scope) -> None:
    """Make the personal data of a subject in the log unreadable for ever; the events stay.

    Raises:
        PermissionDenied: `by` may not.
        InputRefused: no reason is given.
    """
    if not by.may(SHRED):
        raise PermissionDenied(_("Your active post may not shred personal data in the log."))
    with acting_because(by, reason), transaction.atomic():
        SubjectKey.objects.filter(subject_kind=subject[0], subject_id=str(subject[1])).delete()
        record(SHREDDED, subject=subject, by=by)


def acting_because(by: Scope, reason: str) -> AbstractContextManager[Scope]:
    """Open `by` with a reason for the block; history and events keep it.

    Raises:
        InputRefused: the reason is blank, says nothing (fewer than two characters), or holds an identity number or a
            telephone number.
    """
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise InputRefused("请写明原因（至少两个字），原因会留在记录中", "Give the reason; it is kept with the record")
    if _holds_identity(reason):
        raise InputRefused(
            "原因中请不要写证件号：原因会长期留在记录中",
            "Leave identity numbers out of the reason: it is kept with the record for good",
        )
    if _holds_mobile(reason):
        raise InputRefused(
            "原因中请不要写电话号码：原因会长期留在记录中",
            "Leave telephone numbers out of the reason: it is kept with the record for good",
        )
    return open_scope(replace(by, reason=reason[:400]))


def _holds_identity(text: str) -> bool:
    """Whether an identity number stands in a text, full-width or with blanks and hyphens between its digits too."""
    plain = unicodedata.normalize("NFKC", text)
    written = (_BETWEEN.sub("", found[1]) for found in _WRITTEN_IDENTITY.finditer(plain))
    return bool(_IDENTITY.search(plain)) or any(birth_date(number) for number in written)


def _holds_mobile(text: str) -> bool:
    """Whether a mobile number stands in a text, full-width or with blanks and hyphens between its digits too."""
    plain = _DAY.sub("/", unicodedata.normalize("NFKC", text))
    return any(
        _MOBILE.fullmatch(_BETWEEN.sub("", found[1])) and len(re.findall(r"\d+", found[1])) in _PARTS
        for found in _WRITTEN_MOBILE.finditer(plain)
    )


def personal_of(events: Iterable[Event]) -> dict[int, dict[str, Any] | None]:
    """Return the personal data of events by their ids: {} where there is none, None where it was shredded.

    Raises:
        KeysMissing: the site's keys cannot be read now.
    """
    events = list(events)
    wanted = {(event.subject_kind, event.subject_id) for event in events if event.personal is not None}
    held = SubjectKey.objects.filter(subject_kind__in={kind for kind, _number in wanted})
    held = held.filter(subject_id__in={number for _kind, number in wanted})
    keys = {(key.subject_kind, key.subject_id): base64.b64decode(key.secret) for key in held} if wanted else {}
    return {event.pk: _opened(event, keys.get((event.subject_kind, event.subject_id))) for event in events}


def _opened(event: Event, key: bytes | None) -> dict[str, Any] | None:
    if event.personal is None:
        return {}
    if key is None:
        return None
    try:
        plain = _SEALER.open(key, bytes(event.personal), _bound((event.subject_kind, event.subject_id)))
    except Altered:
        return None  # sealed under an earlier key that was shredded
    held: dict[str, Any] = json.loads(plain)
    return held


def _sealed(of: tuple[str, str], personal: dict[str, Any]) -> bytes:
    return _SEALER.seal(_key(of), json.dumps(personal, ensure_ascii=False).encode(), _bound(of))


def _key(of: tuple[str, str]) -> bytes:
    """The subject's key, made with its first personal datum; of two writers at once the first one's stands."""
    held = SubjectKey.objects.filter(subject_kind=of[0], subject_id=of[1])
    found = held.first()
    if found is None:
        fresh = base64.b64encode(secrets.token_bytes(_SEALER.key_size)).decode()
        SubjectKey.objects.bulk_create(
            [SubjectKey(subject_kind=of[0], subject_id=of[1], secret=fresh)], ignore_conflicts=True
        )
        found = held.get()
    return base64.b64decode(found.secret)


def _bound(of: tuple[str, str]) -> bytes:
    return f"audit_event.personal\0{of[0]}\0{of[1]}".encode()
