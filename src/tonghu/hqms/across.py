"""What the other rows of the same file say about a row: the facts behind HQ034, HQ035, HQ041 and HQ042.

Stays belong to one record when organisation code and medical record number are the same. Only a few columns of each
row are kept for this, so rows can be judged and forgotten as they come.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

ROW = "row"
RECORD = ("org_code", "medical_record_no")
#: The facts of each row that are kept until all rows are known.
KEPT = (
    *RECORD,
    "patient_name",
    "sex",
    "birth_date",
    "admission_datetime",
    "discharge_datetime",
    "admission_count",
)
_NUMBER = "record_number"
#: Sex codes that say nothing: unknown and not stated.
_SEX_UNSTATED = ("0", "9")

_NEEDS: Mapping[str, str] = {
    "stays_with_same_discharge_key": "discharge_datetime",
    "stays_with_same_admission_number": "admission_count",
    "names_for_record": "patient_name",
    "sexes_for_record": "sex",
    "birth_dates_for_record": "birth_date",
}


def kept(table: pl.DataFrame) -> pl.DataFrame:
    """The columns of a typed table that the comparison needs, as far as the file has them."""
    return table.select(ROW, *(name for name in KEPT if name in table.columns))


def supplied(columns: set[str]) -> tuple[str, ...]:
    """Which facts can be told from a file with these facts."""
    if not set(RECORD) <= columns:
        return ()
    found = [fact for fact, need in _NEEDS.items() if need in columns]
    if {"admission_datetime", "discharge_datetime"} <= columns:
        found.append("last_discharge_before")
    return tuple(found)


def among(stays: pl.DataFrame) -> pl.DataFrame:
    """`stays` (as :func:`kept` leaves them, all rows together) with the facts that compare them.

    A fact is null where a part of its key is missing.
    """
    facts = supplied(set(stays.columns))
    if not facts:
        return stays
    # Numbers are grouped several times faster than two texts. A key of which a part is missing has none.
    records = stays.select(RECORD).drop_nulls().unique(maintain_order=True).with_row_index(_NUMBER)
    numbered = stays.join(records, on=RECORD, how="left", maintain_order="left")
    compared = numbered.with_columns(_fact(name).alias(name) for name in facts if name in _NEEDS)
    return (_with_last_discharge(compared) if "last_discharge_before" in facts else compared).drop(_NUMBER)


def _fact(name: str) -> pl.Expr:
    need, whole = pl.col(_NEEDS[name]), pl.col(_NUMBER).is_not_null()
    if name.startswith("stays_with"):
        return pl.when(whole & need.is_not_null()).then(pl.len().over(_NUMBER, need)).cast(pl.Int64)
    if name == "sexes_for_record":
        need = pl.when(~need.is_in(_SEX_UNSTATED)).then(need)
    return pl.when(whole).then(need.drop_nulls().n_unique().over(_NUMBER)).cast(pl.Int64)


def _with_last_discharge(stays: pl.DataFrame) -> pl.DataFrame:
    """For each stay the latest discharge among the stays of its record that began earlier."""
    begun = (
        stays.drop_nulls([_NUMBER, "admission_datetime"])
        .group_by(_NUMBER, "admission_datetime")
        .agg(pl.col("discharge_datetime").max())
        .filter(pl.col(_NUMBER).is_duplicated())  # what began first has none before it
        .sort(_NUMBER, "admission_datetime")
        .select(
            _NUMBER,
            "admission_datetime",
            # Forward filled: a stay without a discharge time does not hide the one before it.
            pl.col("discharge_datetime").cum_max().forward_fill().shift(1).over(_NUMBER).alias("last_discharge_before"),
        )
    )
    return stays.join(begun, on=[_NUMBER, "admission_datetime"], how="left", maintain_order="left")


def lost_zeros(stays: pl.DataFrame) -> tuple[str, str] | None:
    """A remark where record numbers seem to have lost their leading zeros: most have one length and some of these begin
    with a zero, others of digits alone are shorter."""
    if "medical_record_no" not in stays.columns:
        return None
    numbers = stays["medical_record_no"].drop_nulls()
    numbers = numbers.filter(numbers.str.contains(r"^[0-9]+$"))
    if numbers.is_empty():
        return None
    usual = int(str(numbers.str.len_bytes().mode().max()))
    of_usual = numbers.filter(numbers.str.len_bytes() == usual)
    shorter = int((numbers.str.len_bytes() < usual).sum())
    if not shorter or not of_usual.str.starts_with("0").any():
        return None
    return (
        f"病案号多为 {usual} 位且有以 0 开头的，另有 {shorter} 个不足 {usual} 位，可能在电子表格中丢失了前导零，请核对",
        f"Record numbers mostly have {usual} digits, some with leading zeros; {shorter} are shorter and may have "
        "lost theirs in a spreadsheet",
    )
