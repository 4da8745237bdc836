"""`./run bench [NAME …] [--runs N] [--write]`: measure, print the table, and with --write put it into the READMEs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import classification, crowd, discharges, intake, patients, rules, shell
from bench.chinese import chinese
from bench.measure import ROOT, WORK, Line
from bench.registry import pages

SUITES: dict[str, Callable[[int], list[Line]]] = {
    "csv": discharges.csv_files,
    "excel": discharges.workbooks,
    "classify": classification.suite,
    "rules": rules.suite,
    "search": patients.suite,
    "intake": intake.suite,
    "shell": shell.suite,
    "pages": pages.suite,
    "crowd": crowd.suite,
}
RESULTS = ROOT / "bench" / "results.json"
HEADS = {
    "README.md": ("What", "Against", "Tonghu", "Peer", "Ratio", "Limit", "Peak memory", "Note"),
    "README.zh.md": ("测什么", "与谁相比", "童护", "对照", "倍数", "上限", "内存峰值", "备注"),
}


def table(lines: list[Line], head: tuple[str, ...], said: Callable[[str], str] = str) -> str:
    """The lines as a Markdown table; numbers right-aligned. `said`: an English label in the table's language."""
    rows = [
        "| " + " | ".join(head) + " |",
        "|---|---|" + "---:|" * 5 + "---|",
    ]
    for line in lines:
        limit = f"{line.limit:g} ×" if line.limit is not None else "–"
        peak = f"{line.ours_peak_mb:,.0f} MB" if line.ours_peak_mb else "–"
        if line.peak_limit_mb:
            peak += f" (≤ {line.peak_limit_mb:,.0f})"
        rows.append(
            f"| {said(line.what)} | {said(line.peer)} | {' | '.join(durations(line.ours_seconds, line.peer_seconds))} "
            f"| {line.ratio:.2f} × | {limit} | {peak} | {said(line.note)} |"
        )
    return "\n".join(rows)


def durations(*values: float) -> list[str]:
    """Durations that stand side by side, all in the unit in which a person would say them."""
    if max(values) >= 1:
        return [f"{value:.2f} s" for value in values]
    places = 2 if min(values) < 0.01 else 0
    return [f"{value * 1000:.{places}f} ms" for value in values]


def write(lines: list[Line]) -> None:
    """Keep the figures in bench/results.json and between the markers of both READMEs."""
    before = json.loads(RESULTS.read_text())["lines"] if RESULTS.exists() else []
    kept = {(line["what"], line["peer"]): line for line in (*before, *map(asdict, lines))}
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    measured = {"measured_on": datetime.now(UTC).date().isoformat(), "machine": machine, "lines": list(kept.values())}
    RESULTS.write_text(json.dumps(measured, ensure_ascii=False, indent=1) + "\n")
    for name, head in HEADS.items():
        said = chinese if name == "README.zh.md" else str
        figures = table([Line(**line) for line in kept.values()], head, said)
        place = said(f"{machine}, {measured['measured_on']}")
        replace_between_markers(ROOT / name, f"{place}\n\n{figures}")


def replace_between_markers(page: Path, text: str) -> None:
    """Put `text` between ``<!-- bench -->`` and ``<!-- /bench -->`` of a page."""
    begin, end = "<!-- bench -->\n", "\n<!-- /bench -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    page.write_text(before + begin + text + end + rest.partition(end)[2], "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(SUITES)}; all without one")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command (default 5)")
    parser.add_argument("--write", action="store_true", help="put the figures into the READMEs")
    args = parser.parse_args()
    if unknown := set(args.names) - set(SUITES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    WORK.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    for name in args.names or SUITES:
        print(f"· {name}", flush=True)
        lines += SUITES[name](args.runs)
    print(table(lines, HEADS["README.md"]))
    if args.write:
        write(lines)
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
