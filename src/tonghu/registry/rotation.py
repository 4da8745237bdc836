"""Keys of contents, made anew when the key of hashes changes (``tonghu.platform.crypto.rotation``)."""

from __future__ import annotations

from typing import Final

from django.db import connections

from tonghu.platform.crypto.keys import Key
from tonghu.registry.content import key_with, open_
from tonghu.registry.models import CardVersion

PLACE: Final = "registry_cardversion.content_key"


def rehash(using: str, key: Key, batch: int, after: int | None) -> tuple[int, int | None]:
    """Make a batch of the keys of contents anew; returns how many rows changed, and the last one that was looked at."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registry_cardversion WHERE substring(content_key from 1 for 2) <> %s AND id > %s "
            "ORDER BY id LIMIT %s",
            [key.number.to_bytes(2, "big"), after or 0, batch],
        )
        old = [row[0] for row in cursor.fetchall()]
    versions = CardVersion.objects.using(using).filter(pk__in=old)
    changed = sum(versions.filter(pk=one.pk).update(content_key=key_with(key, open_(one.content))) for one in versions)
    return changed, max(old, default=None)
