"""Regions and institutions, as the API reads them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpResponse
from ninja import Router
from pydantic import Field

from tonghu.network import queries
from tonghu.network.models import Institution
from tonghu.network.region_range import NATION
from tonghu.network.schemas import InstitutionPage, RegionOut, RegionWhole
from tonghu.platform.api.gate import Request, identified
from tonghu.platform.api.schemas import Cursor, Day, PageSize, RegionCode
from tonghu.platform.components.keyset import cut

router = Router(tags=["Network"])
_KEEP = "private, max-age=300"
_REGION = ("code", "name", "level", "parent_code", "valid")
_INSTITUTION = (
    "id", "code", "name", "kind", "department", "region_code", "type", "level", "grade", "valid", "made_up",
)  # fmt: skip
On = Annotated[Day | None, Field(description="As of this day; today without it.")]
Kind = Literal["hospital", "primary_care", "authority"]


@router.get("/regions", response=list[RegionOut], summary="Regions below one")
@identified
def below(request: Request, response: HttpResponse, parent: RegionCode = NATION, on: On = None) -> list[dict[str, Any]]:
    """The regions directly below `parent` (the provinces without it), by code."""
    response["Cache-Control"] = _KEEP
    return [_dated(row) for row in queries.children(parent, on).values(*_REGION)]


@router.get("/regions/{code}", response=RegionWhole, summary="One region")
@identified
def region(request: Request, response: HttpResponse, code: RegionCode, on: On = None) -> dict[str, Any]:
    """What a code named on a day; without `on` also one that names nothing any more, as it was last."""
    found = queries.region(code, on)
    if found is None and on is None:
        found = next(reversed(queries.region_history(code)), None)
    if found is None:
        raise Http404
    response["Cache-Control"] = _KEEP
    last_day = found.valid.lower if found.valid.upper else None
    return {
        **_dated({name: getattr(found, name) for name in _REGION}),
        "full_name": queries.full_name(code, on or last_day),
        "now": queries.became(code),
    }


@router.get("/institutions", response=InstitutionPage, summary="Institutions")
@identified
def institutions(
    request: Request,
    q: Annotated[str, Field(max_length=100, description="Part of the name, its pinyin, or a code.")] = "",
    region: RegionCode = NATION,
    kind: Kind | None = None,
    after: Cursor = "",
    limit: PageSize = 50,
) -> dict[str, Any]:
    """Institutions in a region, those that are closed too; page by page."""
    rows = queries.lying_in(Institution.objects.all(), region)
    if q.strip():
        rows = queries.called(rows, q.strip())
    if kind:
        rows = rows.filter(kind=kind)
    page = cut(rows.values(*_INSTITUTION), order="region_code", key="id", size=limit, after=after)
    return {"items": list(map(_dated, page.rows)), "next": page.after or None}


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    valid = row.pop("valid")
    return {**row, "valid_from": valid.lower, "valid_to": valid.upper}
