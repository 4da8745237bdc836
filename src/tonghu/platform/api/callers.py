"""Who calls: somebody in their browser, or a docking client with a token; and the scope of a client."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import Final

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from tonghu.platform.accounts.door import Door
from tonghu.platform.api.models import DockingClient, DockingToken
from tonghu.platform.api.problems import Refused
from tonghu.platform.scope.permissions import declared
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

_BEARER: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/=-]{1,200})")


def digest(secret: str) -> bytes:
    """Return what is kept of a token or a secret."""
    return hashlib.sha256(secret.encode()).digest()


def client_of(request: HttpRequest) -> DockingClient | None:
    """Return the docking client whose token the request carries, None where it carries none.

    Raises:
        Refused: the token does not hold, its client does not, or may not call from this address.
    """
    said = request.headers.get("Authorization", "")
    if not said:
        return None
    bearer = _BEARER.fullmatch(said.strip())
    if bearer is None:
        raise Refused("invalid_token")
    with transaction.atomic(), open_scope(system_scope("docking"), savepoint=False):
        token = (
            DockingToken.objects.select_related("client__institution")
            .filter(digest=digest(bearer.group(1)), expires__gt=timezone.now())
            .first()
        )
    if token is None:
        raise Refused("invalid_token")
    check_holds(token.client, request)
    return token.client


def check_holds(client: DockingClient, request: HttpRequest) -> None:
    """Check that a client may call now and from where the request comes.

    Raises:
        Refused: it may not.
    """
    if not client.holds():
        raise Refused("client_ended")
    if not allowed_from(client, Door.of(request).address):
        raise Refused("address_not_allowed")


def allowed_from(client: DockingClient, address: str | None) -> bool:
    """Whether a client may call from an address."""
    if not client.networks:
        return True
    if address is None:
        return False
    seen = ipaddress.ip_address(address)
    mapped = getattr(seen, "ipv4_mapped", None)
    return any((mapped or seen) in ipaddress.ip_network(network) for network in client.networks)


def scope_for_job(client: int, purpose: str, request: str) -> Scope | None:
    """Return the scope of a job that a client asked for, as the client stands now; None where it has ended."""
    with open_scope(system_scope("docking")):
        held = DockingClient.objects.select_related("institution").get(pk=client)
    return scope_of_client(held, purpose=purpose, request=request) if held.holds() else None


def institution_of(client: int) -> int:
    """Return the institution of a client."""
    with open_scope(system_scope("docking")):
        return DockingClient.objects.values_list("institution_id", flat=True).get(pk=client)


def scope_of_client(client: DockingClient, *, purpose: str, request: str = "") -> Scope:
    """Return what a client sees and may: its institution's rows (an authority's: its region's), its own rights.

    A test client has no rights on patients, unless the institution is made up, whatever it was given.
    """
    area = client.institution.area()
    known = declared()
    held = {code for code in client.permissions if code in known}
    if client.environment == DockingClient.Environment.TEST and not client.institution.made_up:
        held = {code for code in held if not known[code].of_patients}
    return Scope(
        client=client.pk,
        institution=None if area else client.institution_id,
        region_from=area[0] if area else None,
        region_to=area[1] if area else None,
        permissions=frozenset(held),
        purpose=purpose,
        request=request,
        label=f"{client.name} · 对接 {client.client_id} · {client.institution.name}",
    )
