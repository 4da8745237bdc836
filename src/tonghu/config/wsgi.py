"""The web server's entry."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tonghu.config.settings")
_django = get_wsgi_application()

from tonghu.platform.operations.content_type import settle  # noqa: E402 -- after the settings are known


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request; what Django could not even begin to read is put right first, and refused by it."""
    settle(environ)
    return _django(environ, start_response)
