"""Decides what of a request's body is read: before anybody reads it, and after it is known who sends it to which page.

Its ``process_view`` stands before that of the CSRF check, which would read the whole body to look for its token. The
API has limits of its own (``platform/api/middleware.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import let_in
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.accounts.middleware import API
from tonghu.platform.files.incoming import megabytes
from tonghu.platform.files.purposes import largest_body
from tonghu.platform.files.upload import SealingHandler, purpose_of
from tonghu.platform.operations.content_type import REFUSED

_WITHOUT_BODY: Final = ("GET", "HEAD", "OPTIONS")
NO_FILES: Final = InputRefused(
    "这个页面不接收文件：没有读取，也没有保存。请到相应的上传页面选择文件",
    "This page takes no files: nothing was read, nothing kept. Choose the file on the page that asks for it",
)


class BodyMiddleware:
    """Refuses bodies that are too large or hold files, unread; installs the sealing where files are taken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, _args: Any, _kwargs: Any) -> HttpResponseBase | None:
        """Answer where the body is not taken; None where it is.

        Raises:
            PermissionDenied: the page takes files, and not from this post. SuspiciousOperation: no number for a length,
                or text in something else than UTF-8.
        """
        if request.path_info.startswith(API):
            return None
        if REFUSED in request.META:
            raise SuspiciousOperation("a content type that cannot be read, or text that is not UTF-8")
        if request.method in _WITHOUT_BODY:
            return None
        files = purpose_of(view)
        if files is not None and (elsewhere := let_in(request, view)):
            return elsewhere
        limit = largest_body(timezone.localdate(), files=files, stranger=request.scope.person is None)
        if _length(request) > limit:
            return _refused(request, 413, too_large(limit))
        if files is not None:
            request.upload_handlers = [SealingHandler(request, files)]
        elif request.content_type == "multipart/form-data":
            request.upload_handlers = [seen := NoFiles(request)]
            _ = request.POST  # within the limit of a form, and in memory alone
            if seen.met_a_file:
                return _refused(request, 415, NO_FILES)
        return None


class NoFiles(FileUploadHandler):
    """Lets go by what a form brings along as a file, and remembers that there was one."""

    met_a_file = False

    def new_file(self, *_args: Any, **_kwargs: Any) -> None:
        """Leave the file.

        Raises:
            SkipFile: always.
        """
        self.met_a_file = True
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never asked: no file is begun."""

    def file_complete(self, file_size: int) -> None:
        """Never asked."""


def too_large(limit: int) -> InputRefused:
    """The refusal of a body of more than `limit` bytes."""
    return InputRefused(
        f"提交的内容超过这个页面的上限 {megabytes(limit)}：没有读取，也没有保存。请减少内容后重试",
        f"What was sent is larger than this page takes, {megabytes(limit)}: nothing was read, nothing kept. Send less",
    )


def _length(request: HttpRequest) -> int:
    """The length of the body as the request says it; a body without one is not read by Django.

    Raises:
        SuspiciousOperation: it is no number; answered with 400.
    """
    said = request.META.get("CONTENT_LENGTH") or "0"
    if not (said.isascii() and said.isdecimal() and len(said) < 16):
        raise SuspiciousOperation("a Content-Length that is no number")
    return int(said)


def _refused(request: HttpRequest, status: int, why: InputRefused) -> HttpResponse:
    return render(request, "files/body_refused.html", {"why": in_words(why)}, status=status)
