"""Where the bytes come from: the user's file, or the one data file inside the user's archive."""

from __future__ import annotations

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
