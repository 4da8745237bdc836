"""The SHA-256 of the user's file. Imports next to nothing, so that hashing can begin while the rest is imported."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Final

# Hashing so much takes longer than a busy interpreter lets other threads wait.
BLOCK: Final = 16 << 20


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
        buffer = bytearray(BLOCK)
        view = memoryview(buffer)
        digest = hashlib.sha256()
        try:
            with self._path.open("rb", buffering=0) as stream:
                while count := stream.readinto(buffer):
                    digest.update(view[:count])
        except OSError as error:
            self._error = error
        self._digest = digest.hexdigest()
