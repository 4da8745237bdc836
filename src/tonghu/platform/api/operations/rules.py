"""One front page against the rule book: the same rules as for files, asked in process, nothing kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from tonghu.errors import InputRefused
from tonghu.hqms import record
from tonghu.platform.api.access import CHECK
from tonghu.platform.api.gate import Request, requires
from tonghu.platform.api.problems import chinese
from tonghu.platform.api.schemas import Day, RegionCode, Strict

router = Router(tags=["Rules"])
#: How far back a day may lie: rules of each day asked are held ready, and there is room for a few.
OLDEST = timedelta(days=400)
Cell = Annotated[str, Field(max_length=2000)]
FieldCode = Annotated[str, Field(min_length=1, max_length=20)]


class FrontPage(Strict):
    """A front page as texts, by the field codes of its layout; a field that is absent is empty."""

    layout: Literal["2012", "2020"] = Field(description="`2012`: P900, P5 …; `2020`: A01, A12C …")
    on: Day | None = Field(None, description="The day whose rules hold; today without it, 400 days back at most.")
    region: RegionCode | None = Field(None, description="Where stricter rules of a province or city hold as well.")
    record: dict[FieldCode, Cell] = Field(
        max_length=2000, examples=[{"P900": "510100001", "P4": "made-up", "P5": "2", "P6": "2019-02-30"}]
    )


class FindingOut(Schema):
    """What one rule finds."""

    rule: str
    level: Literal["error", "warning", "confirm"]
    field: str = Field(description="Field code in the layout; empty where the finding is about no single field.")
    fact: str = Field(description="Name of the fact in the rules, the same in both layouts.")
    message: str = Field(description="In the caller's language.")
    message_zh: str
    message_en: str


class MissingOut(Schema):
    """A field that rules wait for: with it they would find something, or find nothing."""

    field: str
    fact: str
    rules: list[str]


class Checked(Schema):
    """Findings by field, then rule."""

    layout: str
    on: date
    findings: list[FindingOut]
    missing: list[MissingOut]


@router.post("/rules/check", response=Checked, summary="Check one front page")
@requires(CHECK)
def check(request: Request, page: FrontPage) -> dict[str, object]:
    """Ask every rule about one front page. Nothing is stored, so calling it again is harmless.

    Rules that compare a stay with others, or that wait for lists of a batch, do not answer here.
    """
    today = timezone.localdate()
    on = page.on or today
    if not today - OLDEST <= on <= today:
        raise InputRefused(
            f"on 应在 {today - OLDEST} 至 {today} 之间", f"on must lie between {today - OLDEST} and {today}"
        )
    found = record.check(page.record, page.layout, on, page.region)
    return {
        "layout": page.layout,
        "on": on,
        "findings": [
            {
                "rule": one.rule, "level": one.level, "field": one.column, "fact": one.fact,
                "message": one.message_zh if chinese() else one.message_en,
                "message_zh": one.message_zh, "message_en": one.message_en,
            }
            for one in found
        ],
        "missing": [
            {"field": one.column, "fact": one.fact, "rules": one.rules}
            for one in record.missing(page.record, page.layout, on, page.region)
        ],
    }  # fmt: skip
