"""Sealing: bytes in, bytes out, bound to a place so that nothing can be moved to another one.

A sealed value is ``0x01``, two bytes of key number, nonce, ciphertext, tag. The place (``table.column``, or whatever
names where it belongs) and the key's number are authenticated with it.
"""

from __future__ import annotations

from tonghu.errors import InputRefused
from tonghu.platform.crypto.ciphers import SEALERS, Altered
from tonghu.platform.crypto.keys import Key, keyring, source

FORMAT = b"\x01"
HEAD = 3


class CannotOpen(InputRefused):
    """A sealed value does not open: altered, moved from another place, or its key is gone."""


def seal(plain: bytes, place: str) -> bytes:
    """Seal `plain` with the key that writes now.

    Raises:
        KeysMissing: no key can be read.
    """
    return seal_with(keyring().writer("seal"), plain, place)


def seal_with(key: Key, plain: bytes, place: str) -> bytes:
    """Seal with a certain key."""
    head = FORMAT + key.number.to_bytes(2, "big")
    return head + SEALERS[key.algorithm].seal(key.secret, plain, head + place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """Open what was sealed for the same place.

    Raises:
        CannotOpen: it was altered or moved, or its key is not among the site's.
        KeysMissing: no key can be read.
    """
    number = key_number(sealed, place)
    key = keyring().get(number) or source().ring(now=True).get(number)
    if key is None or key.use != "seal":
        raise CannotOpen(
            f"{place}：密钥 {number} 不在密钥文件中，请从密钥备份中放回",
            f"{place}: key {number} is not in the key file; put it back from the backup of the keys",
        )
    try:
        return SEALERS[key.algorithm].open(key.secret, sealed[HEAD:], sealed[:HEAD] + place.encode())
    except Altered:
        raise CannotOpen(
            f"{place}：密文已被改动或移动，不能解密（密钥 {number}）",
            f"{place}: the sealed value was altered or moved and does not open (key {number})",
        ) from None


def key_number(sealed: bytes, place: str = "?") -> int:
    """Return the number of the key that a value is sealed with.

    Raises:
        CannotOpen: it is not a sealed value.
    """
    if len(sealed) < HEAD or sealed[:1] != FORMAT:
        raise CannotOpen(f"{place}：不是密文", f"{place}: this is not a sealed value")
    return int.from_bytes(sealed[1:HEAD], "big")
