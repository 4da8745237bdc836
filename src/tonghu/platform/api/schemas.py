"""Shapes that several operations share: days, codes, numbers of rows, problems."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


def _iso(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said):
        raise PydanticCustomError("date_parsing", "a day is written as 2026-11-15")
    if not isinstance(said, str | date | None):
        raise PydanticCustomError("date_type", "a day is a text")
    return said


#: A number of a row. Larger ones do not exist, so they are refused before the database is asked.
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
#: Six digits of GB/T 2260.
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="Six digits of GB/T 2260.", examples=["510100"])]
#: A day as ``2026-11-15`` and in no other way: pydantic alone takes numbers for seconds since 1970.
Day = Annotated[date, BeforeValidator(_iso)]
#: Where a list goes on; what it says is nobody's business but ours.
Cursor = Annotated[str, Field(max_length=2000, description="`next` of the page before; empty for the first page.")]
PageSize = Annotated[int, Field(ge=1, le=200, description="Rows on a page.")]


class Strict(Schema):
    """What is sent to us: a field that we do not know is refused, never passed over."""

    model_config = ConfigDict(extra="forbid")


class ProblemItem(Schema):
    """One thing that is wrong with what was sent."""

    code: str
    message: str
    pointer: str | None = Field(None, description="JSON Pointer into the body, as a URI fragment.")
    parameter: str | None = Field(None, description="Name of the parameter of path or query.")
    value: Any = Field(None, description="Only where it cannot be part of anybody's identity.")


class Problem(Schema):
    """RFC 9457. `title`, `detail` and `message` are in the caller's language."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[ProblemItem] = Field(default_factory=list)


class Named(Schema):
    """A code with its name in the caller's language."""

    code: str
    name: str
