"""The three addresses for machines: ``/healthz``, ``/readyz``, ``/metrics``. They need no session and no scope."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse

from tonghu.platform.operations import health, metrics


def healthz(_request: HttpRequest) -> HttpResponse:
    """Whether the process answers at all; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether the site can do its work: 200, or 503 with the parts that are missing. Details only for operators."""
    checks = health.checks()
    ready = all(check.passed for check in checks)
    body = {"ready": ready, "checks": {c.name: c.as_dict(details=_is_operator(request)) for c in checks}}
    return JsonResponse(body, status=200 if ready else 503, json_dumps_params={"ensure_ascii": False})


def figures(request: HttpRequest) -> HttpResponse:
    """The figures for Prometheus, for operators only; for everyone else there is no such address."""
    if not _is_operator(request):
        return HttpResponse(status=404)
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_operator(request: HttpRequest) -> bool:
    """With ``TONGHU_METRICS_TOKEN`` who bears it; without, a program on this machine that came through no proxy."""
    token = os.environ.get("TONGHU_METRICS_TOKEN", "")
    if token:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {token}".encode())
    if any(name in request.headers for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


PROBES: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": figures,
}
