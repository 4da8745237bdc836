"""Where the bytes come from: the user's file, or the one data file inside the user's archive; and its hash."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Input:
    """A stream of bytes that can be opened again and again. Nothing is ever unpacked to disk."""

    path: Path
    size: int
    """Bytes of the data itself (inflated, when it is a member of an archive)."""
    member: str | None = None
    """Name inside the archive, None for a plain file."""
    shown: str = ""
    """Name for messages, where it is not the file name."""

    @property
    def name(self) -> str:
        """File name for messages; a member is named with its archive."""
        return self.shown or self.path.name

    def open(self) -> IO[bytes]:
        """A new reader at the first byte. The caller closes it."""
        if self.member is None:
            return self.path.open("rb")
        archive = zipfile.ZipFile(self.path)
        try:
            stream = archive.open(self.member)
        finally:
            # The member keeps the underlying file open for as long as it is read itself.
            archive.close()
        return stream


class FileHash:
    """SHA-256 of a file, worked out in a thread of its own beside the reading (hashing releases the GIL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._digest: str | None = None
        self._error: OSError | None = None

    def start(self) -> None:
        """Begin, unless begun before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sha256", daemon=True)
            self._thread.start()

    def hexdigest(self) -> str:
        """The digest as 64 hexadecimal digits; waits until it is there. Raises the OSError that reading met."""
        self.start()
        assert self._thread is not None
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._digest is not None
        return self._digest

    def _run(self) -> None:
        buffer = bytearray(1 << 20)
        view = memoryview(buffer)
        digest = hashlib.sha256()
        try:
            with self._path.open("rb", buffering=0) as stream:
                while count := stream.readinto(buffer):
                    digest.update(view[:count])
        except OSError as error:
            self._error = error
        self._digest = digest.hexdigest()
