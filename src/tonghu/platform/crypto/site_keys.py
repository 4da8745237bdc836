"""The keys of a site and its database: made together, held against each other at every start."""

from __future__ import annotations

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from tonghu.platform.crypto import keys
from tonghu.platform.crypto.keys import Key, Keyring, KeysMissing
from tonghu.platform.crypto.models import KeyRecord

_LOCK = 0x746F6E67_6B657973  # two starts at once: one makes the keys, the other finds them


def prepare(using: str = "owner") -> None:
    """Make the keys of a new site, note new ones in the database, and hold all against what it was written with.

    Raises:
        KeysMissing: a key that the database was written with is missing or another one; it names the numbers.
    """
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        known = KeyRecord.objects.using(using)
        if not known.exists() and not settings.KEY_COMMAND and not keys.key_file().exists():
            keys.write(keys.fresh_keyring())
        ring = keys.present()
        compare(ring, using)
        noted = set(known.values_list("number", flat=True))
        known.bulk_create(_record(key) for key in ring.keys if key.number not in noted)


def compare(ring: Keyring, using: str = "default") -> None:
    """Hold keys against those that the database was written with.

    Raises:
        KeysMissing: one is missing or another one.
    """
    wrong = [
        record.number
        for record in KeyRecord.objects.using(using).filter(forgotten_at=None).order_by("number")
        if (key := ring.get(record.number)) is None or key.fingerprint() != record.fingerprint
    ]
    if wrong:
        said = "、".join(map(str, wrong))
        raise KeysMissing(
            f"密钥 {said} 缺失或不是写入本库时的密钥：请从密钥备份中放回 keys/fields.json",
            f"Key {said.replace('、', ', ')} is missing or not the one that this database was written with: "
            "put keys/fields.json back from the backup of the keys",
        )


def add(use: keys.Use, algorithm: str | None = None, using: str = "owner") -> Key:
    """Add a key to the site's file; it writes after :data:`~tonghu.platform.crypto.keys.LEAD`.

    Raises:
        InputRefused: the algorithm is unknown.
        KeysMissing: the keys are missing, or come from a command (add it there).
    """
    _own_file()
    ring = keys.present().with_new(use, algorithm=algorithm)
    keys.write(ring)
    prepare(using)
    return ring.keys[-1]


def forget(number: int, using: str = "owner") -> None:
    """Take a key out of the file for ever. The caller has made sure that nothing is sealed or hashed with it.

    Raises:
        KeysMissing: the keys are missing, come from a command, or this one still writes.
    """
    _own_file()
    ring = keys.present()
    key = ring.get(number)
    if key is None or ring.writer(key.use) == key:
        raise KeysMissing(f"密钥 {number} 不存在或正在使用", f"Key {number} does not exist or is the one that writes")
    KeyRecord.objects.using(using).filter(number=number).update(forgotten_at=timezone.now())
    keys.write(ring.without(number))


def _own_file() -> None:
    if settings.KEY_COMMAND:
        raise KeysMissing(
            "密钥来自 TONGHU_KEY_COMMAND，请在密钥系统中增减",
            "The keys come from TONGHU_KEY_COMMAND: change them there",
        )


def _record(key: Key) -> KeyRecord:
    return KeyRecord(number=key.number, use=key.use, algorithm=key.algorithm, fingerprint=key.fingerprint())
