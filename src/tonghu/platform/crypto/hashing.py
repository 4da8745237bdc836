"""Keyed hashes: finding a number without keeping it readable.

A hash is two bytes of key number and 16 bytes of HMAC over the purpose and the text, so that one number hashes
differently for every purpose, and nobody without the key can try numbers out. While keys change, a value may stand
under the old key or the new one: search for any of :func:`keyed_hashes`, write :func:`keyed_hash`, and lock on
``keyed_hashes(...)[0]`` where the same text must not be entered twice at once.
"""

from __future__ import annotations

import unicodedata

from tonghu.platform.crypto.ciphers import HASHERS
from tonghu.platform.crypto.keys import Key, keyring

LENGTH = 16


def keyed_hash(text: str, purpose: str) -> bytes:
    """Return the hash to write. Ways of writing one text alike: full width or half, capital or small, blanks around it.

    Raises:
        KeysMissing: no key can be read.
    """
    return hash_with(keyring().writer("hash"), text, purpose)


def keyed_hashes(text: str, purpose: str) -> list[bytes]:
    """Return every hash under which the text may stand, the oldest key's first.

    Raises:
        KeysMissing: no key can be read.
    """
    return [hash_with(key, text, purpose) for key in keyring().of("hash")]


def hash_with(key: Key, text: str, purpose: str) -> bytes:
    """Return the hash under a certain key."""
    said = f"{purpose}\0{unicodedata.normalize('NFKC', text).strip().upper()}".encode()
    return key.number.to_bytes(2, "big") + HASHERS[key.algorithm].hash(key.secret, said)[:LENGTH]
