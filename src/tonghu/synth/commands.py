"""`tonghu synth`: a made-up discharge file with its truth; `tonghu synth country`: many hospitals, many months."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tonghu.errors import InputRefused

if TYPE_CHECKING:
    from tonghu.synth.making import Order


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"“{text}”应为 0 到 1 之间的比例 / {text!r} is not a share from 0 to 1")
    return value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"“{text}”应为非负整数 / {text!r} is not a whole number")
    return int(text)


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}”应为整数 / {text!r} is not a whole number") from error


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=_count, default=3000, help="行数（全国模式：每院每月）· rows (country: a month)")
    parser.add_argument("--seed", type=_seed, default=1, help="随机种子：同种子逐字节相同 · same seed, same bytes")
    parser.add_argument("--children", type=_share, default=0.3, metavar="SHARE", help="未满20岁的比例 · under 20")
    parser.add_argument("--in-scope", type=_share, default=0.05, metavar="SHARE", help="监测范围内的比例 · in scope")
    parser.add_argument(
        "--mistakes", type=_share, default=0.33, metavar="SHARE", help="带缺陷的报告卡比例 · cards with a defect"
    )


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tonghu synth` and its one sub-command, `country`."""
    parser.add_argument("--out", type=Path, metavar="PATH", help="输出文件 · the file to write")
    _add_common(parser)
    parser.add_argument("--month", default="2025-09", metavar="YYYY-MM", help="出院月份 · month of discharge")
    parser.add_argument("--hospital", type=_count, default=0, help="第几家虚构医院 · number of the invented hospital")
    parser.add_argument("--layout", choices=("2012", "2020"), default="2012", help="版式 · layout")
    parser.add_argument("--format", choices=("csv", "xlsx", "dbf", "html"), help="格式，默认按扩展名 · by the ending")
    parser.add_argument("--encoding", choices=("utf-8", "utf-8-sig", "gb18030"), help="编码 · encoding")
    parser.add_argument("--delimiter", choices=("comma", "tab", "bar"), default="comma", help="分隔符 · delimiter")
    parser.add_argument("--header", choices=("codes", "chinese"), default="codes", help="表头 · header")
    parser.add_argument("--zip", action="store_true", help="压缩 · zipped")
    parser.add_argument("--shuffle-columns", action="store_true", help="打乱列序 · columns in another order")
    parser.add_argument(
        "--maker",
        default="plain",
        help="书写习惯：plain、dash、slash、compact、filled、quoted · a maker's writing habits",
    )
    parser.add_argument(
        "--mistakes-everywhere", action="store_true", help="范围外的记录也带缺陷 · defects in rows out of scope too"
    )
    parser.add_argument("--drop-column", action="store_true", help="缺一列（HQ033）· one column is missing")
    parser.add_argument("--truth", type=Path, metavar="PATH", help="答案文件（JSON）· the truth beside it")
    parser.set_defaults(run=make)
    modes = parser.add_subparsers(dest="mode", metavar="country")
    country = modes.add_parser("country", help="多家医院、多个月份 · many hospitals, many months")
    country.add_argument("--out", type=Path, metavar="DIR", help="输出文件夹 · the folder to fill")
    _add_common(country)
    country.add_argument("--from-month", default="2025-01", metavar="YYYY-MM", help="第一个月 · the first month")
    country.add_argument("--months", type=_count, default=3, help="月数 · how many months")
    country.add_argument("--hospitals", type=_count, default=5, help="医院数 · how many hospitals")
    country.set_defaults(run=make_country)


def _out(path: Path | None) -> Path:
    if path is None:
        raise InputRefused("请用 --out 指定输出位置", "say where to write with --out")
    return path


def _unwritable(path: Path, error: OSError) -> InputRefused:
    why = error.strerror or str(error)
    named = error.filename2 or error.filename  # the second is where a finished file was to be moved
    path = Path(named) if isinstance(named, str) else path
    return InputRefused(f"无法写入“{path}”：{why}", f"cannot write {path}: {why}")


def _order(args: argparse.Namespace) -> Order:
    from tonghu.synth.making import Order

    return Order(
        out=_out(args.out),
        rows=args.rows,
        seed=args.seed,
        children=max(args.children, args.in_scope),
        in_scope=args.in_scope,
        mistakes=args.mistakes,
    )


def make(args: argparse.Namespace) -> int:
    """Make one file. Returns 0; raises InputRefused when it cannot be made."""
    from tonghu.synth.making import make_file

    order = replace(
        _order(args),
        month=args.month,
        layout=args.layout,
        format=args.format,
        encoding=args.encoding,
        delimiter=args.delimiter,
        chinese_header=args.header == "chinese",
        zipped=args.zip,
        shuffle_columns=args.shuffle_columns,
        maker=args.maker,
        mistakes_everywhere=args.mistakes_everywhere,
        drop_column=args.drop_column,
        truth=args.truth,
        hospital=args.hospital,
    )
    if order.truth is not None and order.truth.resolve() == order.out.resolve():
        raise InputRefused("答案文件与数据文件不能是同一个文件", "the truth cannot be written over the data file")
    try:
        for path in (order.out, order.truth or order.out):
            path.parent.mkdir(parents=True, exist_ok=True)
        counts = make_file(order)
    except OSError as error:
        raise _unwritable(order.out, error) from error
    print(
        f"虚构数据 {order.out}：{counts.rows} 行，未满20岁 {counts.under_20}，监测范围内 {counts.in_scope}，"
        f"预置缺陷 {counts.planted} / made-up data: {counts.rows} rows, {counts.under_20} under 20, "
        f"{counts.in_scope} in scope, {counts.planted} planted defects"
    )
    return 0


def make_country(args: argparse.Namespace) -> int:
    """Make the files of many hospitals over many months. Returns 0; raises InputRefused when it cannot."""
    from tonghu.synth.nation import make_nation

    order = replace(_order(args), month=args.from_month)
    files = rows = 0
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        for _, counts in make_nation(order.out, order, months=args.months, hospitals=args.hospitals):
            files, rows = files + 1, rows + counts.rows
    except OSError as error:
        raise _unwritable(order.out, error) from error
    print(f"虚构数据 {order.out}：{files} 个文件，{rows} 行 / made-up data: {files} files, {rows} rows")
    return 0
