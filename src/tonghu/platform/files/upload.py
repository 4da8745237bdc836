"""Uploads go from the request straight into the vault, sealed on the way: never whole in memory, never plain on a disk.

A view that takes files says so, and what for::

    @requires(IMPORT)
    @takes_files("discharge_upload")
    def upload(request: Request) -> HttpResponse: ...

Nothing else of the site reads a file out of a request (``FILE_UPLOAD_HANDLERS`` is empty): ``middleware.py`` installs
:class:`SealingHandler` once it is known that the sender may open such a view. A file that is larger than its purpose
allows is let go by; ``request.FILES`` then lacks it, and :func:`uploaded` says why.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.files.incoming import Incoming, too_large
from tonghu.platform.files.names import clean_name
from tonghu.platform.files.purposes import NAMES, purpose

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(purpose_name: str) -> Callable[[View], View]:
    """Let a view take files of a purpose; every other view refuses a body with files unread.

    Raises:
        KeyError: there is no such purpose.
    """
    if purpose_name not in NAMES:
        raise KeyError(purpose_name)

    def says(view: View) -> View:
        view.takes_files = purpose_name  # type: ignore[attr-defined]  # functools.wraps hands it on to what wraps it
        return view

    return says


def purpose_of(view: Any) -> str | None:
    """Return what a view takes files for, None where it takes none."""
    said: str | None = getattr(view, "takes_files", None)
    return said


class ReceivedFile(UploadedFile):  # type: ignore[type-arg]  # generic in its stubs alone
    """An upload that lies sealed in the vault, until it is stored under a purpose or the request ends."""

    def __init__(self, incoming: Incoming, *, name: str, content_type: str, field: str) -> None:
        super().__init__(
            file=io.BytesIO(), name=clean_name(name), content_type=content_type, size=incoming.size, charset=None
        )
        self.field_name = field
        self.incoming = incoming

    def chunks(self, chunk_size: int | None = None) -> Any:  # noqa: ARG002 -- Django's signature; pieces are as sealed
        """Yield the plaintext piece by piece."""
        return self.incoming.plain()

    def read(self, num_bytes: int | None = None) -> bytes:  # noqa: ARG002 -- as above
        """Refuse: the file may be larger than memory.

        Raises:
            TypeError: always.
        """
        raise TypeError("an upload is read by chunks(), or stored and opened with open_plain()")

    def close(self) -> None:
        self.incoming.discard()


class SealingHandler(FileUploadHandler):
    """Seals what comes in, up to the limit of a purpose."""

    chunk_size = 1 << 16

    def __init__(self, request: HttpRequest, purpose_name: str) -> None:
        super().__init__(request)
        self.limit = purpose(purpose_name, timezone.localdate()).limit

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.incoming = Incoming()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 -- Django's signature
        """Seal one piece of the upload.

        Raises:
            SkipFile: it is too large, or the disk is full; what follows is read and let go by.
        """
        try:
            if self.incoming.size + len(raw_data) > self.limit:
                raise too_large(self.limit)
            self.incoming.write(raw_data)
        except InputRefused as why:
            self.incoming.discard()
            self.request.upload_refused = why  # type: ignore[union-attr]
            raise SkipFile from None

    def file_complete(self, file_size: int) -> ReceivedFile | None:  # noqa: ARG002 -- Django's signature
        """Return the sealed upload; None where the disk was full at the last moment."""
        try:
            self.incoming.finish()
        except InputRefused as why:
            self.request.upload_refused = why  # type: ignore[union-attr]
            return None
        return ReceivedFile(
            self.incoming,
            name=self.file_name or "",
            content_type=self.content_type or "",
            field=self.field_name or "",
        )

    def upload_interrupted(self) -> None:
        """The browser went away in the middle: nothing of it stays."""
        if hasattr(self, "incoming"):
            self.incoming.discard()


def uploaded(request: HttpRequest, field: str) -> ReceivedFile:
    """Return the upload of a form's field, for :func:`tonghu.platform.files.services.store`.

    Raises:
        InputRefused: nothing was chosen, or it was let go by because of its size or a full disk.
    """
    received = request.FILES.get(field)
    if isinstance(received, ReceivedFile):
        return received
    refused: InputRefused | None = getattr(request, "upload_refused", None)
    raise refused or InputRefused("请选择要上传的文件", "Choose the file to upload")
