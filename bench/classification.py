"""ICCC-3: columns in memory against a hash join on the same keys, and a file against reading and writing it."""

from __future__ import annotations

import statistics
import time

import polars as pl

from bench.measure import WORK, Line, in_turn, peer, tonghu

ROWS = 5_000_000


def tumours(rows: int) -> pl.DataFrame:
    """Nine in ten of a registry's tumours, drawn evenly from all that ICCC-3 classifies, and one in ten of any kind."""
    from tonghu.codes import icdo

    classified = pl.DataFrame(table_for_a_join().select("topography", "histology", "behaviour"))
    sites, histologies = sorted(icdo.topography()), sorted({histology for histology, _ in icdo.morphology()})
    few = rows // 10
    anything = pl.DataFrame(
        {
            "topography": pl.Series(sites).sample(few, with_replacement=True, seed=1),
            "histology": pl.Series(histologies).sample(few, with_replacement=True, seed=2),
            "behaviour": pl.Series(list("0123")).sample(few, with_replacement=True, seed=3),
        }
    )
    drawn = classified.sample(rows - few, with_replacement=True, seed=4)
    return pl.concat([drawn, anything]).sample(fraction=1, shuffle=True, seed=5)


def table_for_a_join() -> pl.DataFrame:
    """What somebody without the grid would join with: every classified tumour and its groups, as texts."""
    from tonghu.codes import icdo
    from tonghu.tumours.columns import classify

    every = (
        pl.DataFrame({"topography": sorted(icdo.topography())})
        .join(pl.DataFrame({"histology": [str(number) for number in range(8000, 10_000)]}), how="cross")
        .join(pl.DataFrame({"behaviour": list("013")}), how="cross")
    )
    return classify(every).filter(pl.col("iccc3_subgroup") != "999")


def in_memory(runs: int) -> Line:
    """`classify` against `DataFrame.join`, in one process by turns; both answer with the six columns."""
    from tonghu.tumours.columns import classify

    frame, table = tumours(ROWS), table_for_a_join()
    keys = ["topography", "histology", "behaviour"]
    seen: dict[str, list[float]] = {"ours": [], "peer": []}
    for turn in range(runs + 1):
        for name, work in (("ours", lambda: classify(frame)), ("peer", lambda: frame.join(table, on=keys, how="left"))):
            started = time.perf_counter()
            work()
            if turn:
                seen[name].append(time.perf_counter() - started)
    ours, theirs = (statistics.median(seen[name]) for name in ("ours", "peer"))
    return Line(
        "ICCC-3 of 5,000,000 tumours in memory",
        "Polars join on the same keys",
        ours,
        theirs,
        1.0,
        0,
        note=f"{ROWS / ours / 1e6:.0f} million a second",
    )


def from_file_to_file(runs: int) -> Line:
    """The command against Polars reading the input's columns and writing the output's."""
    source = WORK / "tumours.csv"
    if not source.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        tumours(ROWS).with_row_index("id").write_csv(source)
    seen = in_turn(
        {
            "ours": tonghu("tumours", "classify", source, WORK / "classified.csv"),
            "peer": peer("polars_pass", source, WORK / "passed.csv"),
        },
        runs=runs,
    )
    return Line(
        "ICCC-3 of 5,000,000 tumours, file to file",
        "Polars reading and writing the same columns",
        seen["ours"].wall,
        seen["peer"].wall,
        1.3,
        seen["ours"].peak / 1e6,
    )


def suite(runs: int = 5) -> list[Line]:
    """Both lines; the processes first, since a child's peak memory would count what this process holds."""
    return [from_file_to_file(runs), in_memory(runs)]
