"""The ICCC-3 class of each case, from the pathology codes of the page and the code that brought it into scope."""

from __future__ import annotations

from typing import Final

import polars as pl

from tonghu.hqms.layout import Columns

_MORPHOLOGIES: Final = tuple(f"pathology_{n}_morphology_code" for n in (1, 2, 3))
_ANSWERS: Final = ("iccc3_subgroup", "iccc3_method", "iccc3_certainty")
#: What brings a row into scope and is no tumour: it has no class, no method and no certainty.
NO_TUMOUR: Final = frozenset({"aplastic_anaemia", "itp", "haemophilia", "hlh", "other_blood"})


def classified(decided: pl.DataFrame, data: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """`decided` with subgroup, method and certainty. `data` holds the cells of the same rows.

    Cases repeat: each distinct combination of morphologies and code is classified once.
    """
    from tonghu.tumours.front_page import iccc_from_front_page

    given = [name for name in _MORPHOLOGIES if name in columns.position]
    morphologies = data.select(pl.col(f"c{columns.position[name]}").alias(name) for name in given)
    keys = pl.concat([decided.select("outcome", "scope_code"), morphologies], how="horizontal")
    distinct = keys.unique(maintain_order=True)
    answers: list[tuple[str | None, str | None, str | None]] = []
    for outcome, code, *texts in distinct.iter_rows():
        if outcome in NO_TUMOUR:
            answers.append((None, None, None))
            continue
        answer = iccc_from_front_page(texts, code or "")
        answers.append((answer.subgroup, answer.method, answer.certainty))
    named = pl.DataFrame(answers, schema=dict.fromkeys(_ANSWERS, pl.String), orient="row")
    table = pl.concat([distinct, named], how="horizontal")
    found = keys.join(table, on=keys.columns, how="left", maintain_order="left", nulls_equal=True)
    return decided.with_columns(found.select(_ANSWERS))
