"""The resolver's keys of documents, made anew when the key of hashes changes (``tonghu.platform.crypto.rotation``)."""

from __future__ import annotations

from typing import Final

from django.db import connections, transaction
from django.db.utils import IntegrityError

from tonghu.patients.models import DOCUMENT, DocumentKey
from tonghu.platform.crypto.hashing import hash_with
from tonghu.platform.crypto.keys import Key

PLACE: Final = "patients_documentkey.key"


def rehash(using: str, key: Key, batch: int, after: int | None) -> tuple[int, int | None]:
    """Make a batch of the documents' keys anew; returns how many rows changed, and the last one that was looked at.

    While keys change a number may stand twice, under the older key and the newer: then the older row goes, if both name
    one child. Two that name different children are left for a person, and the older key with them.
    """
    changed = 0
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT id FROM patients_documentkey WHERE substring(key from 1 for 2) <> %s AND id > %s "
            "ORDER BY id LIMIT %s",
            [key.number.to_bytes(2, "big"), after or 0, batch],
        )
        old = [row[0] for row in cursor.fetchall()]
    for row in DocumentKey.objects.using(using).filter(pk__in=old):
        changed += _rehashed(using, row, hash_with(key, row.number, DOCUMENT))
    return changed, max(old, default=None)


def _rehashed(using: str, row: DocumentKey, fresh: bytes) -> int:
    keys = DocumentKey.objects.using(using)
    try:
        with transaction.atomic(using=using):
            return keys.filter(pk=row.pk).update(key=fresh)
    except IntegrityError:
        if not keys.filter(key=fresh, child=row.child_id).exists():
            return 0
        return keys.filter(pk=row.pk).delete()[0]
