"""What the API says of regions and institutions."""

from __future__ import annotations

from datetime import date

from ninja import Schema
from pydantic import Field


class RegionOut(Schema):
    """A region while it had one code, one name and one parent."""

    code: str
    name: str
    level: int = Field(description="0 nation, 1 province, 2 city, 3 county")
    parent_code: str
    valid_from: date | None
    valid_to: date | None = Field(description="Exclusive; None while it holds.")


class RegionWhole(RegionOut):
    """A region with where it lies and what became of its code."""

    full_name: str = Field(description="As an address begins: 四川省成都市武侯区")
    now: list[str] = Field(description="Codes that stand for it today: its own, or what took its place.")


class InstitutionOut(Schema):
    """A hospital, primary-care institution or authority."""

    id: int
    code: str
    name: str
    kind: str = Field(description="hospital, primary_care, authority")
    department: str = Field(description="An authority's line of government; empty for others.")
    region_code: str
    type: str
    level: int | None
    grade: str
    valid_from: date | None
    valid_to: date | None = Field(description="Exclusive; None while it is open.")
    made_up: bool


class InstitutionPage(Schema):
    """A page of institutions, by region, then id."""

    items: list[InstitutionOut]
    next: str | None = Field(description="Give it as `after` for the next page; None on the last.")
