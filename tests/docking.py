"""Made-up docking clients for the tests, and a browser or client that calls the API. Nobody here exists."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from tonghu.network.models import Institution
from tonghu.platform.api.callers import digest
from tonghu.platform.api.models import DockingClient, DockingToken
from tonghu.platform.scope.scope import open_scope, system_scope

SECRET = "made-up-secret"


def client(at: Institution, *permissions: str, **more: Any) -> DockingClient:
    """A docking client of an institution, live and without addresses unless said otherwise."""
    now = timezone.now()
    values: dict[str, Any] = {
        "client_id": f"tonghu-{secrets.token_hex(8)}", "secret_digest": digest(SECRET), "name": "虚构 HIS",
        "environment": "live", "valid": TimestamptzRange(now - timedelta(days=1), now + timedelta(days=1)),
    }  # fmt: skip
    with open_scope(system_scope("migration")):
        return DockingClient.objects.create(institution=at, permissions=list(permissions), **values | more)


def token(of: DockingClient, lasts: timedelta = timedelta(minutes=5)) -> str:
    """A token of a client."""
    plain = secrets.token_urlsafe(32)
    with open_scope(system_scope("docking")):
        DockingToken.objects.create(client=of, digest=digest(plain), expires=timezone.now() + lasts)
    return plain


def system(of: DockingClient | None = None, **more: Any) -> Client:
    """Something that calls the API with a client's token; without one a stranger."""
    headers = {"Authorization": f"Bearer {token(of)}"} if of is not None else {}
    return Client(headers=headers, **more)
