"""Which language a reader gets, and the catalogues that hold it.

Chinese first: without a choice the site speaks Chinese, whatever the browser says about itself, since browsers in
hospitals are often installed in English. The choice is a cookie; log-in sets it from what the person chose.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class LanguageMiddleware:
    """Answers in the language of the cookie, else in Chinese."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = chosen(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def chosen(request: HttpRequest) -> str:
    """The reader's language: one of ``settings.LANGUAGES``."""
    said = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return said if said in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def compile_catalogues(folders: list[Path]) -> list[Path]:
    """Compile every message catalogue that is newer than its binary; returns those that were compiled.

    Runs at start, in every process: a half-written binary is never seen, since it is renamed into place. An
    installation that may not be written to keeps the binaries that it was installed with.
    """
    stale = []
    for catalogue in (file for folder in folders for file in sorted(folder.glob("*/LC_MESSAGES/*.po"))):
        binary = catalogue.with_suffix(".mo")
        if binary.exists() and binary.stat().st_mtime_ns >= catalogue.stat().st_mtime_ns:
            continue
        if binary.exists() and not os.access(catalogue.parent, os.W_OK):
            continue
        stale.append(catalogue)
        _compile(catalogue, binary)
    return stale


def _compile(catalogue: Path, binary: Path) -> None:
    import polib  # only when something changed: start-up stays short

    fresh = binary.with_name(f"{binary.name}.{os.getpid()}")
    polib.pofile(str(catalogue)).save_as_mofile(str(fresh))
    fresh.replace(binary)
