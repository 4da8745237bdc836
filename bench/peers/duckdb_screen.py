"""Peer: DuckDB doing the same screen over read_csv."""

import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parent))
from screening import DIAGNOSES, SCOPE

anywhere = " OR ".join(f"regexp_matches({c}, '{SCOPE}')" for c in DIAGNOSES)
print(
    duckdb.sql(f"""
    WITH rows AS (
        SELECT *, try_cast(P6[1:10] AS DATE) AS birth, try_cast(P22[1:10] AS DATE) AS admission
        FROM read_csv('{sys.argv[1]}', all_varchar = true, header = true, quote = '"')
    )
    SELECT count(*) FROM rows
    WHERE coalesce(date_sub('year', birth, admission), try_cast(P7 AS INTEGER), CASE WHEN P66 <> '' THEN 0 END) < 20
      AND ({anywhere})
    """).fetchall()
)
