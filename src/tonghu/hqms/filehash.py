"""The SHA-256 of the user's file. Imports next to nothing, so that hashing can begin while the rest is imported."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: Bytes hashed at a time, in two milliseconds.
BLOCK: Final = 4 << 20


class FileHash:
    """SHA-256 of a file, worked out in a thread of its own (hashing releases the GIL), or where somebody has to wait.

    Three busy threads on two processors are in each other's way: while a file is read, its hash is best worked out by
    the thread that reads, whenever that is ahead of the one that looks at what was read (:meth:`borrowed`).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._free = threading.Event()
        self._free.set()
        self._busy = threading.Lock()
        self._stream: io.FileIO | None = None
        self._sum = hashlib.sha256()
        self._error: OSError | None = None
        self._done = False

    def start(self) -> None:
        """Begin, unless begun before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sha256", daemon=True)
            self._thread.start()

    @contextmanager
    def borrowed(self) -> Iterator[Callable[[], bool]]:
        """Meanwhile the thread rests, and who waits may call what is given: it hashes a little and says whether there
        was anything to hash."""
        self._free.clear()
        try:
            yield self._step
        finally:
            self._free.set()

    def hexdigest(self) -> str:
        """The digest as 64 hexadecimal digits; waits until it is there. Raises the OSError that reading met."""
        self.start()
        assert self._thread is not None
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._sum.hexdigest()

    def _run(self) -> None:
        while self._free.wait() and self._step():
            pass

    def _step(self) -> bool:
        with self._busy:
            if self._done:
                return False
            try:
                if self._stream is None:
                    self._stream = self._path.open("rb", buffering=0)
                block = self._stream.read(BLOCK)
            except OSError as error:
                self._error, block = error, b""
            self._sum.update(block)
            if not block:
                self._done = True
                if self._stream is not None:
                    self._stream.close()
            return not self._done
