"""Peer: read a file of tumours and write it with six more columns, whose texts are as long as real answers are."""

import sys

import polars as pl

NEW = {
    "iccc3_main": "IX",
    "iccc3_subgroup": "094",
    "iccc3_extended": "067",
    "iccc3_name_zh": "其他复杂纤维性肿",
    "iccc3_name_en": "Other fibromatous neoplasms.",
    "reason": "iarc2017: not with this behaviour",
}

rows = pl.read_csv(sys.argv[1], infer_schema=False)
rows.with_columns(pl.lit(text).alias(name) for name, text in NEW.items()).write_csv(sys.argv[2])
