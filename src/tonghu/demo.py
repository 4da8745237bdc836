"""`./run demo`: a made-up hospital's month, or a file of the user's own, checked and uploaded to the demo's site."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tonghu import cli
from tonghu.codes import hqms_fields

CHINA: Final = ZoneInfo("Asia/Shanghai")
MADE_UP_NAME = "虚构医院-出院病案首页"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The options of the demo; `tools/front_door.py` prints the same list before anything is installed."""
    parser.add_argument("file", nargs="?", type=Path, help="您自己的导出文件；不给则生成虚构数据 · your own")
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
    """Check a file, the user's own or a made-up month, and upload it to the demo's site; the first failure's code.

    Raises:
        InputRefused: the site is not the demo's, or something else is in the way.
    """
    from tonghu.config import demo_folder, demo_site, serving

    demo_folder.require_folder(demo_site.home())
    port = args.port or serving.PORT
    own: Path | None = args.file
    up = serving.is_up(demo_site.home())
    if up and (args.reset or own is None):
        raise demo_site.still_up() if args.reset else demo_site.up_already()
    if not args.no_serve and not up:
        serving.check_port(port)  # before half a minute of work, not after it
    # A folder for each file: results of a real export never lie beside those of made-up patients.
    out: Path = args.out or Path("out") / (own.stem if own else "demo")
    file = own or out / f"{MADE_UP_NAME}.{args.format}"
    code = 0 if own else _make(file, out, args)
    if code:
        return code
    print("② 检查 · Checking it", flush=True)
    code = cli.main(["hqms", "check", str(file), "--out", str(out), "--mark"])
    if code:
        return code
    upload = demo_site.Upload(file, _month(out), _organisations(out), own is not None)
    if up:
        return demo_site.upload_to_running(upload)
    return demo_site.run(
        port=port, seed=args.seed, serve=not args.no_serve, reset=args.reset, upload=upload, layout=args.layout
    )


def _make(file: Path, out: Path, args: argparse.Namespace) -> int:
    from tonghu.config.made_up_points import points

    month = last_month(datetime.now(CHINA).date())
    print(f"① 生成一家虚构医院 {month} 的病案首页（患者均为虚构） · Making a made-up hospital's {month}", flush=True)
    options = f"--month {month} --rows {args.rows} --layout {args.layout} --format {args.format} --seed {args.seed}"
    truth = ["--truth", str(out / "truth.json"), "--hospital", str(points(args.seed)[0].number)]
    made = cli.main(["synth", "--out", str(file), *truth, *options.split()])
    print()
    return made


def last_month(today: date) -> str:
    """Return the month before a day's, as ``2026-10``: the one that hospitals report now."""
    return (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def _month(out: Path) -> date:
    """The archive month that the check assumed; without any, the one that hospitals report now."""
    said = json.loads((out / "summary.json").read_text(encoding="utf-8"))["archive_month"]
    return date.fromisoformat(f"{said or last_month(datetime.now(CHINA).date())}-01")


def _organisations(out: Path) -> list[str]:
    """The organisation codes that the cases name, the most frequent first."""
    layout = hqms_fields.layout(json.loads((out / "summary.json").read_text(encoding="utf-8"))["layout"])
    column = layout.by_name["org_code"].code
    with (out / "cases.csv").open(encoding="utf-8-sig", newline="") as cases:
        return [code for code, _ in Counter(filter(None, (row[column] for row in csv.DictReader(cases)))).most_common()]
