"""A file sealed piece by piece, so that neither writing nor reading ever holds more than one piece in memory.

Each file has a key of its own. A piece is bound to its file, its place in it and whether it is the last: pieces cannot
be swapped, left out, repeated, cut off or moved to another file without the reader seeing it. The algorithms are those
of :mod:`tonghu.platform.crypto.ciphers`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from tonghu.platform.crypto.ciphers import NONCE, SEALERS, TAG, Altered
from tonghu.platform.files.kinds import LOOK

PIECE: Final = 1 << 20
MARK: Final = b"TONGHU-SEALED-1\n"


def new_key(algorithm: str) -> bytes:
    """Return a fresh key for one file."""
    return os.urandom(SEALERS[algorithm].key_size)


def _bound(place: str, number: int, last: bool) -> bytes:
    return place.encode() + number.to_bytes(8, "big") + (b"\x01" if last else b"\x00")


class Sealing:
    """Writes a file sealed. Feed it with :meth:`write`, end it with :meth:`finish`.

    Attributes:
        size: bytes of plaintext so far.
        head, tail: the first and last :data:`LOOK` bytes, for telling its kind.
    """

    def __init__(self, out: BinaryIO, *, key: bytes, algorithm: str, place: str) -> None:
        self._out, self._key, self._sealer, self._place = out, key, SEALERS[algorithm], place
        self._held = bytearray()
        self._number = 0
        self._hash = hashlib.sha256()
        self.size = 0
        self.head = b""
        self.tail = b""
        out.write(MARK)

    def write(self, data: bytes) -> None:
        """Take more plaintext; pieces that are full, and not the last, are written."""
        self.size += len(data)
        self._hash.update(data)
        if len(self.head) < LOOK:
            self.head += data[: LOOK - len(self.head)]
        self.tail = (self.tail + data[-LOOK:])[-LOOK:]
        self._held += data
        while len(self._held) > PIECE:  # the last piece is known only at the end, so one is held back
            self._piece(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def finish(self) -> str:
        """Write the last piece through to the disk and return the SHA-256 of the plaintext, in hexadecimal."""
        self._piece(bytes(self._held), last=True)
        self._held.clear()
        self._out.flush()
        os.fsync(self._out.fileno())
        return self._hash.hexdigest()

    def _piece(self, plain: bytes, *, last: bool) -> None:
        self._out.write(self._sealer.seal(self._key, plain, _bound(self._place, self._number, last)))
        self._number += 1


def opened(path: Path, *, key: bytes, algorithm: str, place: str) -> Iterator[bytes]:
    """Yield the plaintext of a sealed file piece by piece.

    Raises:
        Altered: it is not what was written: changed, cut off, lengthened, another file's, or sealed with another key.
        FileNotFoundError: it is gone.
    """
    sealer = SEALERS[algorithm]
    with path.open("rb") as stream:
        if stream.read(len(MARK)) != MARK:
            raise Altered
        number, piece = 0, stream.read(PIECE + NONCE + TAG)
        while True:
            after = stream.read(PIECE + NONCE + TAG)
            yield sealer.open(key, piece, _bound(place, number, not after))
            if not after:
                return
            number, piece = number + 1, after
