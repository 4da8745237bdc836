"""Discharge files: the whole check against readers that only screen, or only read."""

from __future__ import annotations

from bench.measure import WORK, Line, in_turn, made, peer, tonghu

ROWS = "1000000"


def csv_files(runs: int = 5) -> list[Line]:
    """1,000,000 × 346 as UTF-8 with 0.5 % and 24 % in scope, and as GB18030."""
    lines: list[Line] = []
    few = made("few.csv", "--rows", ROWS, "--in-scope", "0.005", "--encoding", "utf-8")
    many = made("many.csv", "--rows", ROWS, "--in-scope", "0.24", "--encoding", "utf-8")
    gb = made("few_gb18030.csv", "--rows", ROWS, "--in-scope", "0.005", "--encoding", "gb18030")
    out = WORK / "out"
    for what, path, options, limit, peak in (
        ("1,000,000 × 346 CSV, 0.5 % in scope: whole check", few, [], 1.5, 1000),
        ("the same in GB18030", gb, ["--lossy"], 1.7, 1000),
        ("1,000,000 × 346 CSV, 24 % in scope: whole check", many, [], 8.0, None),
    ):
        seen = in_turn(
            {
                "ours": tonghu("hqms", "check", path, "--out", out),
                "peer": peer("polars_screen", path, *options),
            },
            runs=runs,
        )
        name = "Polars scan that only screens" + (" (utf8-lossy)" if options else "")
        lines.append(Line(what, name, seen["ours"].wall, seen["peer"].wall, limit, seen["ours"].peak / 1e6, peak))
    for name, label in (("duckdb_screen", "DuckDB"), ("pandas_screen", "pandas"), ("csv_screen", "csv module")):
        seen = in_turn(
            {"ours": tonghu("hqms", "check", few, "--out", out), "peer": peer(name, few)}, runs=1, warm=False
        )
        lines.append(
            Line(
                "1,000,000 × 346 CSV, 0.5 % in scope: whole check",
                f"{label}, the same screen only",
                seen["ours"].wall,
                seen["peer"].wall,
                None,
                seen["ours"].peak / 1e6,
            )
        )
    return lines


def workbooks(runs: int = 3) -> list[Line]:
    """50,000 × 346 workbooks: the check without marking, with marking at 5 %, and marking every row."""
    few = made("few.xlsx", "--rows", "50000", "--in-scope", "0.05", "--format", "xlsx")
    every = made("every.xlsx", "--rows", "50000", "--in-scope", "1", "--format", "xlsx")
    out = WORK / "out"
    lines: list[Line] = []
    for what, path, options, limit, peak in (
        ("Excel 50,000 × 346, 5 % in scope: check without marking", few, [], 1.3, None),
        ("Excel 50,000 × 346, 5 % in scope: check and mark", few, ["--mark"], 3.0, 1500),
        ("Excel 50,000 × 346, 100 % in scope: check and mark", every, ["--mark"], None, None),
    ):
        seen = in_turn(
            {
                "ours": tonghu("hqms", "check", path, "--out", out, *options),
                "peer": peer("fastexcel_read", path),
            },
            runs=runs,
        )
        cells = 50_000 * 346 / seen["ours"].wall
        lines.append(
            Line(
                what,
                "bare fastexcel read",
                seen["ours"].wall,
                seen["peer"].wall,
                limit,
                seen["ours"].peak / 1e6,
                peak,
                f"{cells:,.0f} cells a second",
            )
        )
    return lines
