"""The form of a backup file: named sections in one encrypted stream.

After a short head come pieces of up to 1 MiB, each sealed by AES-256-GCM under a key of this file alone (HKDF of the
backup key and the head's salt). A piece's nonce is its number and whether it is the last, so that a file that was cut,
put together anew or altered in one bit does not open (the STREAM construction). Inside, a section is its name, then
blocks with their length, then a block of length 0.
"""

from __future__ import annotations

import base64
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tonghu.errors import InputRefused

MAGIC: Final = b"TONGHU-BACKUP-1\n"
PIECE: Final = 1 << 20
_TAG: Final = 16
_SALT: Final = 32


def make_key(place: Path) -> None:
    """Write a fresh backup key, readable by its owner only; an existing one is left alone."""
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")


def read_key(place: Path) -> bytes:
    """Return the 32 bytes of a backup key.

    Raises:
        InputRefused: the file is missing or holds no key.
    """
    try:
        key = base64.b64decode(place.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise InputRefused(
            f"读不到备份密钥：{place}（在别处的，用 --key 指明）",
            f"The backup key cannot be read: {place}; name another with --key",
        )
    return key


class Writer:
    """Writes sections; :meth:`close` seals the end, without which the file does not open."""

    def __init__(self, out: BinaryIO, key: bytes) -> None:
        self._out = out
        salt = secrets.token_bytes(_SALT)
        self._head = MAGIC + salt
        self._cipher = _cipher(key, salt)
        self._number = 0
        self._held = bytearray()
        out.write(self._head)

    def section(self, name: str) -> None:
        """Begin a section."""
        self._block(name.encode())

    def write(self, data: bytes) -> None:
        """Add to the section."""
        if data:
            self._block(data)

    def end_section(self) -> None:
        """End the section."""
        self._block(b"")

    def close(self) -> None:
        """Seal the last piece."""
        self._seal(bytes(self._held), last=True)

    def _block(self, data: bytes) -> None:
        self._held += struct.pack(">I", len(data)) + data
        while len(self._held) > PIECE:
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def _seal(self, plain: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), plain, self._head))
        self._number += 1


class Reader:
    """Reads what :class:`Writer` wrote, in order.

    Raises:
        InputRefused: from every method, when the file is no backup, was altered or cut, or the key is another.
    """

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        self._source = source
        self._head = source.read(len(MAGIC) + _SALT)
        if not self._head.startswith(MAGIC) or len(self._head) != len(MAGIC) + _SALT:
            raise InputRefused("这不是童护的备份文件", "This is not a backup of Tonghu")
        self._cipher = _cipher(key, self._head[len(MAGIC) :])
        self._number = 0
        self._ended = False
        self._held = bytearray()
        self._ahead = source.read(PIECE + _TAG)

    def section(self) -> str | None:
        """Return the name of the next section, or None at the end."""
        if not self._held and self._ended:
            return None
        block = self._block()
        return block.decode() if block is not None else None

    def blocks(self) -> Iterator[bytes]:
        """Yield the section's blocks."""
        while True:
            block = self._block()
            if block is None:
                raise _damaged(self._number)
            if not block:
                return
            yield block

    def _block(self) -> bytes | None:
        head = self._take(4)
        if head is None:
            return None
        taken = self._take(struct.unpack(">I", head)[0])
        if taken is None:
            raise _damaged(self._number)
        return taken

    def _take(self, count: int) -> bytes | None:
        while len(self._held) < count and not self._ended:
            self._open()
        if len(self._held) < count:
            return None
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def _open(self) -> None:
        piece, self._ahead = self._ahead, self._source.read(PIECE + _TAG)
        self._ended = not self._ahead
        try:
            self._held += self._cipher.decrypt(_nonce(self._number, self._ended), piece, self._head)
        except InvalidTag:
            raise _damaged(self._number) from None
        self._number += 1


def _damaged(number: int) -> InputRefused:
    if number == 0:
        return InputRefused(
            "备份打不开：密钥不对，或文件已损坏", "The backup does not open: another key, or the file is damaged"
        )
    return InputRefused(
        f"备份文件不完整或已被改动（第 {number + 1} 兆字节处），请用另一份备份",
        f"The backup is cut or was altered (at megabyte {number + 1}): use another one",
    )


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"tonghu backup").derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return bytes([last]) + number.to_bytes(11, "big")
