"""Children, as the API reads them. Every child that is shown is logged, by whom and for what."""

from __future__ import annotations

from typing import Annotated

from django.http import Http404
from ninja import Router
from pydantic import Field

from tonghu.patients import queries
from tonghu.patients.access import READ
from tonghu.patients.models import HospitalView
from tonghu.patients.queries import Hit
from tonghu.patients.schemas import ChildOut, FoundOut
from tonghu.platform.api.gate import Request, requires
from tonghu.platform.api.schemas import RowId
from tonghu.platform.audit.acts import log_list, log_read
from tonghu.platform.crypto.masks import mask_id

router = Router(tags=["Children"])
#: For what a child was looked at, as the log says it.
PURPOSE = "接口查询"


@router.get("/children", response=list[FoundOut], summary="Find children")
@requires(READ)
def search(
    request: Request,
    q: Annotated[
        str,
        Field(
            min_length=1, max_length=60,
            description="Name, pinyin or initials (from their beginning), record number, or document number or its "
            "last four characters (whole).",
        ),
    ],
    limit: Annotated[int, Field(ge=1, le=20)] = 20,
) -> list[dict[str, object]]:  # fmt: skip
    """The children in scope who fit best; whoever means a certain one searches by record number."""
    found = queries.search(q, by=request.scope, limit=limit)
    log_list(((view.child, view.institution) for one in found for view in one.views), PURPOSE, by=request.scope)
    return [{"id": one.group, "views": [_hit(view) for view in one.views]} for one in found]


@router.get("/children/{id}", response=ChildOut, summary="One child")
@requires(READ)
def child(request: Request, id: RowId) -> dict[str, object]:
    """A child with what every hospital in scope knows of it. The look is logged."""
    found = queries.find_child(id)
    if found is None:
        raise Http404
    views = list(queries.of_group(found))
    for one, place in sorted({(view.child_id, view.institution_id) for view in views}):
        log_read(one, PURPOSE, by=request.scope, institution=place)
    return {"id": found.group, "same": queries.together(found), "views": [_view(view) for view in views]}


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "id": hit.child,
        "institution": {"id": hit.institution, "name": hit.institution_name},
        "record_number": hit.record_number,
        "name": hit.patient_name,
        "sex": {"code": hit.sex, "name": HospitalView(sex=hit.sex).sex_label()} if hit.sex else None,
        "birth_date": hit.birth_date,
        "by_former_name": hit.former,
    }


def _view(view: HospitalView) -> dict[str, object]:
    return {
        "institution": {"id": view.institution_id, "name": view.institution.name},
        "record_number": view.record_number,
        "name": view.patient_name,
        "sex": {"code": view.sex, "name": view.sex_label()} if view.sex else None,
        "birth_date": view.birth_date,
        "document_type": {"code": view.document_type, "name": str(view.get_document_type_display())}
        if view.document_type
        else None,
        "document": mask_id(view.document_number or ""),
        "residence_code": view.residence_code,
        "updated_at": view.updated_at,
    }
