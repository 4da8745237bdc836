"""Rows whose cells do not stand under their own headers: listed where a code in scope stands anywhere in them.

A row with more or fewer cells than the header cannot be screened like others: its age and its diagnoses may be read
from the wrong columns. No such row may be lost, so one with a code in scope in any cell waits for a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from tonghu.codes.text import GUARDS, halfwidth
from tonghu.hqms.prefilter import Bounds
from tonghu.hqms.screen import DECIDED, UNDETERMINED

_CODE = re.compile(r"\s*[A-Za-z][0-9]{2}([.xX0-9+*].*)?\s*", re.ASCII | re.DOTALL)


def added(
    decided: pl.DataFrame, rows: pl.Series, data: pl.DataFrame, ragged: Collection[int], bounds: Bounds
) -> pl.DataFrame:
    """`decided` (columns of DECIDED and `at`) with the `ragged` rows that it lacks and that hold a code in scope.

    Their group is `undetermined`; slot and age are not known.
    """
    wanted = set(ragged) - set(decided["row"])
    found = []
    for at in rows.is_in(list(wanted)).arg_true() if wanted else ():
        code = next((cell for cell in data.row(at) if cell and _is_in_scope(cell, bounds)), None)
        if code is not None:
            found.append({"row": rows[at], "scope_group": UNDETERMINED, "scope_code": code, "at": at})
    if not found:
        return decided
    extra = pl.DataFrame(found, schema={**DECIDED, "at": decided.schema["at"]})
    return pl.concat([decided, extra.select(decided.columns)]).sort("at")


def _is_in_scope(cell: str, bounds: Bounds) -> bool:
    return _CODE.fullmatch(halfwidth(cell).strip(GUARDS)) is not None and bounds.matches(cell)
