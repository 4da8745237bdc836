"""`./run demo`: a made-up hospital's month checked from end to end, then the site of the made-up country.

With a file of the user's own it only checks that file: a clerk who asks for that waits for nothing else.
"""

from __future__ import annotations

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tonghu import cli
from tonghu.errors import InputRefused

CHINA: Final = ZoneInfo("Asia/Shanghai")
MADE_UP_NAME = "虚构医院-出院病案首页"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The options of the demo; `tools/front_door.py` prints the same list before anything is installed."""
    parser.add_argument("file", nargs="?", type=Path, help="您自己的导出文件；不给则生成虚构数据 · your own export")
    parser.add_argument("--no-serve", action="store_true", help="准备好就结束 · ends when all is ready")
    parser.add_argument("--port", type=int, help="网站端口，默认 8000 · the site's port")
    parser.add_argument("--reset", action="store_true", help="清空演示网站重来 · begins anew")
    parser.add_argument("--rows", type=int, default=3000, help="虚构数据行数 · rows of the made-up month")
    parser.add_argument("--layout", choices=("2012", "2020"), default="2012")
    parser.add_argument("--format", choices=("csv", "xlsx", "dbf"), default="csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="结果目录；默认 out/demo 或 out/文件名 · where the results go")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check a file, or make the month, check it and bring the site up. Returns the exit code of what failed first."""
    if args.file is not None:
        if args.no_serve or args.port or args.reset:
            raise InputRefused(
                "给出文件时只检查文件，不打开网站：请去掉 --no-serve、--port、--reset",
                "With a file the demo only checks it and opens no site: leave out --no-serve, --port, --reset",
            )
        # A folder for each file: results of a real export never lie beside those of made-up patients.
        return _check(args.file, args.out or Path("out") / args.file.stem)
    from tonghu.config import demo_site, serving

    port = args.port or serving.PORT
    if not args.no_serve and not serving.is_up(demo_site.home()):
        serving.check_port(port)  # before half a minute of work, not after it
    out: Path = args.out or Path("out") / "demo"
    file = out / f"{MADE_UP_NAME}.{args.format}"
    month = last_month(datetime.now(CHINA).date())
    print(f"① 生成一家虚构医院 {month} 的病案首页（患者均为虚构） · Making a made-up hospital's {month}", flush=True)
    options = f"--month {month} --rows {args.rows} --layout {args.layout} --format {args.format} --seed {args.seed}"
    code = cli.main(["synth", "--out", str(file), "--truth", str(out / "truth.json"), *options.split()])
    if code:
        return code
    print("\n② 检查 · Checking it", flush=True)
    return _check(file, out) or demo_site.run(port=port, seed=args.seed, serve=not args.no_serve, reset=args.reset)


def last_month(today: date) -> str:
    """Return the month before a day's, as ``2026-10``: the one that hospitals report now."""
    return (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def _check(file: Path, out: Path) -> int:
    return cli.main(["hqms", "check", str(file), "--out", str(out), "--mark"])
