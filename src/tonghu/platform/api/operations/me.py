"""Who calls: the post or the client, the institution, and every right with its effect."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.utils.translation import get_language
from ninja import Router, Schema
from pydantic import Field

from tonghu.platform.api.gate import Request, identified
from tonghu.platform.api.schemas import Named
from tonghu.platform.scope.permissions import permission

router = Router(tags=["Caller"])


class Right(Schema):
    """A right and its effect, in the caller's language."""

    code: str
    name: str
    effect: str
    of_patients: bool = Field(description="It shows or changes data of patients.")


class Place(Schema):
    """An institution or authority."""

    id: int
    code: str
    name: str
    region_code: str
    made_up: bool


class PostOut(Schema):
    """The post from which somebody acts."""

    id: int
    role: Named


class ClientOut(Schema):
    """A docking client."""

    id: int
    client_id: str
    name: str
    environment: Literal["test", "live"]
    valid_until: datetime | None


class Me(Schema):
    """The caller."""

    kind: Literal["person", "client"]
    language: str
    name: str
    post: PostOut | None = Field(description="None for a client, and before a post is chosen.")
    client: ClientOut | None
    institution: Place | None = Field(description="Whose rows are seen; an authority's region below it.")
    region_from: str | None = Field(description="Range of region codes that is seen, from here …")
    region_to: str | None = Field(description="… to before here; None for an institution's own rows.")
    permissions: list[Right]


@router.get("/me", response=Me, summary="Who calls, and with which rights")
@identified
def me(request: Request) -> dict[str, object]:
    """What the credentials stand for, so that a system can see at its start what it may do."""
    scope, client = request.scope, request.docking
    post = None if client else request.post  # whatever else the same browser is logged in as
    place = client.institution if client else post.institution if post else None
    rights = [permission(code) for code in sorted(scope.permissions)]
    return {
        "kind": "client" if client else "person",
        "language": get_language() or "",
        "name": client.name if client else str(request.user),
        "post": post and {"id": post.pk, "role": {"code": post.role, "name": post.described.name}},
        "client": {
            "id": client.pk, "client_id": client.client_id, "name": client.name, "environment": client.environment,
            "valid_until": client.valid.upper,
        } if client else None,
        "institution": place,
        "region_from": scope.region_from,
        "region_to": scope.region_to,
        "permissions": rights,
    }  # fmt: skip
