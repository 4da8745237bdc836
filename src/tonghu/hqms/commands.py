"""`tonghu hqms check`: the command that a records department runs."""

from __future__ import annotations

import argparse
import gc
import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from tonghu.errors import InputRefused

LAYERS = ("benign_other", "other_blood", "lch")


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The sub-commands of `tonghu hqms`."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    text = "检查一份出院病案首页文件 · check a discharge file"
    check = commands.add_parser("check", help=text, description=text)
    check.add_argument(
        "file", type=Path, metavar="FILE", help="CSV、Excel、DBF，或其 zip · CSV, Excel, DBF, or any zipped"
    )
    check.add_argument("--out", type=Path, required=True, metavar="DIR", help="结果目录 · folder for the results")
    check.add_argument("--on", metavar="DATE", help="按此日有效的规则检查，并作为“今天” · rules in force on, and today")
    check.add_argument("--all-rows", action="store_true", help="检查全部行 · findings of all rows, not only of cases")
    check.add_argument("--archive-month", metavar="YYYY-MM", help="归档月；默认按出院月份推定 · default: assumed")
    check.add_argument(
        "--mark", action="store_true", help="另写标注的工作簿 marked.xlsx · also write a marked workbook"
    )
    check.add_argument("--layers", metavar="NAMES", help=f"可选范围 · optional layers: {','.join(LAYERS)}")
    check.add_argument("--clinical-list", type=Path, metavar="FILE", help="临床版编码库（HQ065）· code list for HQ065")
    check.add_argument("--at", metavar="REGION", help="六位行政区划代码：适用该地规则 · rules of this region")
    check.set_defaults(run=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Check one file and print what was found. Always 0: what cannot be read is refused by InputRefused."""
    # A check makes many objects that stay and hardly any cycles: looking for those takes a tenth of a second.
    gc.disable()
    try:
        return _check(args)
    finally:
        gc.enable()


def _check(args: argparse.Namespace) -> int:
    from tonghu.hqms.filehash import FileHash

    digest = FileHash(args.file)
    digest.start()  # before the imports, which take as long as hashing half a gigabyte
    # The threads of numpy's linear algebra, which nothing here uses, would spin beside the hashing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Polars gives memory back to the kernel after half a second, only to ask for it again with the next rows.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:5000")

    from tonghu.hqms.check import Options, check
    from tonghu.hqms.console import report
    from tonghu.progress import Progress

    options = Options(
        all_rows=args.all_rows,
        archive_month=_month(args.archive_month) if args.archive_month else None,
        mark=args.mark,
        layers=_layers(args.layers or ""),
        clinical_list=args.clinical_list,
        region=_region(args.at) if args.at else None,
    )
    if args.on:
        options = replace(options, on=_date(args.on))
    with Progress("已读 {} 行", "rows read") as reading, Progress("已标注 {} 行", "rows marked") as marking:
        made = check(args.file, args.out, options, reading.show, marking.show, digest)
    print(report(made, args.out))
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputRefused(
            f"--on 应为日期，如 2026-10-10，而不是“{text}”", f"--on should be a date such as 2026-10-10, not “{text}”"
        ) from None


def _month(text: str) -> date:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        raise InputRefused(
            f"--archive-month 应为年月，如 2026-09，而不是“{text}”",
            f"--archive-month should be like 2026-09, not “{text}”",
        )
    return date.fromisoformat(f"{text}-01")


def _layers(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in LAYERS:
            raise InputRefused(
                f"没有可选范围“{name}”，可选：{'、'.join(LAYERS)}",
                f"There is no layer “{name}”; there are {', '.join(LAYERS)}",
            )
    return names


def _region(text: str) -> str:
    if not re.fullmatch(r"\d{6}", text, re.ASCII):
        raise InputRefused(
            f"--at 应为六位行政区划代码，如 510000，而不是“{text}”",
            f"--at should be six digits such as 510000, not “{text}”",
        )
    from tonghu.codes.regions import named

    try:
        return named(text).code
    except InputRefused as refused:
        raise InputRefused(f"--at：{refused.zh}", f"--at: {refused.en}") from None
