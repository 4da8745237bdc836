"""What the API says of children: what each hospital knows, documents masked."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Schema
from pydantic import Field

from tonghu.platform.api.schemas import Named


class Hospital(Schema):
    """The hospital whose view it is."""

    id: int
    name: str


class HitOut(Schema):
    """One hospital's view that fits a search."""

    id: int = Field(description="The child, as this hospital entered it.")
    institution: Hospital
    record_number: str
    name: str
    sex: Named | None
    birth_date: date | None
    by_former_name: bool = Field(description="Found by a name that the child had before.")


class FoundOut(Schema):
    """One child, and the views of it that fit."""

    id: int = Field(description="Of the child; those merged with it have the same.")
    views: list[HitOut]


class ViewOut(Schema):
    """What one hospital knows of a child under one of its record numbers."""

    institution: Hospital
    record_number: str
    name: str
    sex: Named | None
    birth_date: date | None
    document_type: Named | None
    document: str = Field(description="Masked; the whole number is shown on the site alone, with a reason.")
    residence_code: str = Field(description="Region code of the residence.")
    updated_at: datetime


class ChildOut(Schema):
    """A child: every view that the caller may see, the latest first."""

    id: int
    same: list[int] = Field(description="Ids that stand for this child, because they were merged.")
    views: list[ViewOut]
