"""`./run demo`: a made-up hospital's month, or the user's own export, checked from end to end."""

from __future__ import annotations

import argparse
from pathlib import Path

from tonghu import cli

MADE_UP_NAME = "虚构医院-出院病案首页"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The options of the demo; `tools/front_door.py` prints the same list before anything is installed."""
    parser.add_argument("file", nargs="?", type=Path, help="您自己的导出文件；不给则生成虚构数据 · your own export")
    parser.add_argument("--rows", type=int, default=3000, help="虚构数据行数 · rows of the made-up month")
    parser.add_argument("--layout", choices=("2012", "2020"), default="2012")
    parser.add_argument("--format", choices=("csv", "xlsx", "dbf"), default="csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="结果目录；默认 out/demo 或 out/文件名 · where the results go")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the month unless a file is given, check and mark it. Returns the exit code of what failed first."""
    # A folder for each file: results of a real export never lie beside those of made-up patients.
    out: Path = args.out or Path("out") / (args.file.stem if args.file else "demo")
    file: Path = args.file or out / f"{MADE_UP_NAME}.{args.format}"
    if args.file is None:
        print("① 生成一家虚构医院一个月的病案首页（患者均为虚构） · Making a made-up hospital's month", flush=True)
        options = f"--rows {args.rows} --layout {args.layout} --format {args.format} --seed {args.seed}"
        truth = out / "truth.json"
        code = cli.main(["synth", "--out", str(file), "--truth", str(truth), *options.split()])
        if code:
            return code
        print("\n② 检查 · Checking it", flush=True)
    return cli.main(["hqms", "check", str(file), "--out", str(out), "--mark"])
