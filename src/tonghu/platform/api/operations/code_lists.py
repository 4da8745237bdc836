"""The code tables of the discharge front page."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from tonghu.codes import tables
from tonghu.codes.bad_code import BadCode
from tonghu.platform.api.gate import Request, identified
from tonghu.platform.api.problems import chinese

router = Router(tags=["Codes"])
#: They change with a version of the program only.
_KEEP = "private, max-age=3600"


class CodeTable(Schema):
    """A code table with its version and how well it is known."""

    id: str
    name: str = Field(description="In the caller's language.")
    name_zh: str
    name_en: str
    version: str
    valid_from: date | None
    valid_to: date | None = Field(description="Exclusive; None: as far as known, always.")
    source: str
    verified: bool = Field(description="Read in the official text. Values are held against verified tables only.")
    count: int


class CodeEntry(Schema):
    """One value."""

    code: str
    also: str | None = Field(description="Another spelling of the same code.")
    name: str = Field(description="In the caller's language.")
    name_zh: str
    name_en: str
    verified: bool


class CodeTableWhole(CodeTable):
    """A code table with its values."""

    entries: list[CodeEntry]


@router.get("/code-tables", response=list[CodeTable], summary="Code tables")
@identified
def all_tables(request: Request, response: HttpResponse) -> list[dict[str, object]]:
    """Every code table of the front page, without its values."""
    response["Cache-Control"] = _KEEP
    return [_described(tables.table(one)) for one in tables.table_ids()]


@router.get("/code-tables/{id}", response=CodeTableWhole, summary="One code table")
@identified
def one_table(request: Request, response: HttpResponse, id: str) -> dict[str, object]:
    """A code table with every value."""
    try:
        found = tables.table(id)
    except BadCode as unknown:
        raise Http404 from unknown
    response["Cache-Control"] = _KEEP
    entries = [
        {
            "code": entry.code, "also": entry.also, "name": _name(entry.name_zh, entry.name_en),
            "name_zh": entry.name_zh, "name_en": entry.name_en, "verified": entry.verified,
        }
        for entry in found.entries
    ]  # fmt: skip
    return {**_described(found), "entries": entries}


def _described(table: tables.CodeTable) -> dict[str, object]:
    return {
        "id": table.id, "name": _name(table.name_zh, table.name_en), "name_zh": table.name_zh,
        "name_en": table.name_en, "version": table.version, "valid_from": table.valid_from,
        "valid_to": table.valid_to, "source": table.source, "verified": table.verified, "count": len(table.entries),
    }  # fmt: skip


def _name(zh: str, en: str) -> str:
    return zh if chinese() or not en else en
