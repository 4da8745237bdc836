"""A file on its way into the vault: sealed under a fresh key while it comes, without a row until it is stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

from tonghu.errors import InputRefused
from tonghu.platform.crypto.keys import keyring
from tonghu.platform.files import vault
from tonghu.platform.files.kinds import kind_of
from tonghu.platform.files.sealed import Sealing, new_key, opened


def megabytes(size: int) -> str:
    """A size in words: ``20 MB``, ``1.5 MB``, ``12 kB``."""
    for unit, name in ((1 << 20, "MB"), (1 << 10, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} B"


def too_large(limit: int) -> InputRefused:
    """The refusal of a file that is larger than `limit` bytes."""
    said = megabytes(limit)
    return InputRefused(
        f"文件超过上限 {said}：请拆分后分次上传，或压缩为 zip",
        f"The file is larger than {said}: upload it in parts, or as a zip",
    )


class Incoming:
    """Takes plaintext, keeps ciphertext.

    Attributes:
        place, algorithm, key: what is needed to open it again.
        sha256: of the plaintext, once it is complete.
    """

    def __init__(self) -> None:
        self.place = vault.new_place()
        self.algorithm = keyring().writer("seal").algorithm
        self.key = new_key(self.algorithm)
        self.sha256 = ""
        self._kept = False
        with vault.disk_in_words():
            path = vault.incoming(self.place)
            self._out: BinaryIO = path.open("xb")
            path.chmod(0o600)
            self._sealing = Sealing(self._out, key=self.key, algorithm=self.algorithm, place=self.place)

    @property
    def size(self) -> int:
        """Bytes of plaintext so far."""
        return self._sealing.size

    @property
    def kind(self) -> str:
        """What it is by its content."""
        return kind_of(self._sealing.head, self._sealing.tail)

    def write(self, data: bytes) -> None:
        """Take more.

        Raises:
            InputRefused: the disk is full.
        """
        with vault.disk_in_words():
            self._sealing.write(data)

    def finish(self) -> None:
        """Complete it; it is on the disk afterwards.

        Raises:
            InputRefused: the disk is full; nothing of it stays.
        """
        try:
            with vault.disk_in_words():
                self.sha256 = self._sealing.finish()
                self._out.close()
                vault.settle(self.place)
        except InputRefused:
            self.discard()
            raise

    def plain(self) -> Iterator[bytes]:
        """Yield the plaintext of a complete file piece by piece."""
        return opened(vault.path_of(self.place), key=self.key, algorithm=self.algorithm, place=self.place)

    def keep(self) -> None:
        """A row names it now: it is not discarded any more."""
        self._kept = True

    def discard(self) -> None:
        """Remove it, unless it is kept."""
        if not self._kept:
            with contextlib.suppress(OSError):
                self._out.close()
            vault.remove(self.place)
