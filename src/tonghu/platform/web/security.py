"""What a browser may do with our pages: nothing but what they bring themselves.

No inline script and no inline style, so no nonce: text that slips through as HTML cannot run. Nothing is loaded from
another host, and nothing frames us.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # data: small pictures in Tabler's style sheet (ticks, arrows)
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)
#: No page uses any of these.
PERMISSIONS: Final = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"


class SecurityHeadersMiddleware:
    """Adds the content security policy and its companions to every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cache-Control" not in response.headers and not request.path.startswith("/static/"):
            # Pages name people: neither a proxy nor the browser's back button after log-out may keep them.
            response.headers["Cache-Control"] = "no-store, private"
        return response
