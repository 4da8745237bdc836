"""The demo's site: the made-up country, served until Ctrl-C, with everybody's log-in in a table."""

from __future__ import annotations

import os
import select
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from tonghu.config import environment, serving
from tonghu.config.site import Site

#: Whom the short table shows: the whole of one hospital, and who sees more than one.
_SHORT = (
    "h1.",
    "county.commission_officer",
    "city.commission_officer",
    "province.commission_officer",
    "centre.centre_",
)


def home() -> Path:
    """The demo's folder: never that of a real site."""
    return Path(os.environ.get("TONGHU_HOME") or environment.ROOT / "var" / "demo").resolve()


def run(*, port: int, seed: int, serve: bool, reset: bool) -> int:
    """Bring the demo's site up; returns the exit code.

    Raises:
        InputRefused: with one line, when something is in the way.
    """
    site = Site(home())
    address = f"http://127.0.0.1:{port}/"
    try:
        with serving.held(site, address):
            if serve:
                serving.check_port(port)
            if reset:
                site.remove()
            print("③ 准备网站：数据库、页面、虚构的地区、机构和人员 · Preparing the site", flush=True)
            _prepare(site, seed)
            if serve:
                serving.serve(site, port, lambda: show(site.home, address), lambda: _renew(site.home, address))
            else:
                show(site.home, "")
    except serving.AlreadyUp as up:
        print(f"演示网站已在运行：{up.address} / The demo's site is up already: {up.address}")
    return 0


def show(place: Path, address: str) -> None:
    """Print the address and the log-ins of this moment."""
    from tonghu.config import made_up

    everybody = made_up.log_ins()
    few = [one for one in everybody if one.username.startswith(_SHORT)]
    rows = [("单位 Institution", "岗位 Post", "用户名 User", "验证码 Code")]
    before = ""
    for one in few:
        rows.append((one.place if one.place != before else "", one.role, one.username, one.code or "—"))
        before = one.place
    print()
    print(_table(rows))
    print(f"\n密码都是 / Everybody's password: {made_up.password_of(place)}")
    print(
        f"共 {len(everybody)} 人，全部列出：./run tonghu site logins "
        f"/ {len(everybody)} people, all of them: ./run tonghu site logins"
    )
    if address:
        print(f"\n打开 / Open: {address}")
        again = "按回车刷新验证码，" if sys.stdin.isatty() else ""
        print(f"{again}Ctrl-C 结束 / {'Enter renews the codes, ' if again else ''}Ctrl-C ends it", flush=True)


def list_log_ins(site: Site) -> None:
    """Print every made-up person's log-in; the site must be open."""
    from tonghu.config import made_up

    rows = [("单位 Institution", "岗位 Post", "用户名 User", "验证码 Code")]
    print(_table([*rows, *((one.place, one.role, one.username, one.code or "—") for one in made_up.log_ins())]))
    print(f"\n密码都是 / Everybody's password: {made_up.password_of(site.home)}")


def _prepare(site: Site, seed: int) -> None:
    site.open()
    site.migrate()
    site.collect()
    from tonghu.config import made_up

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == of else ""
            print(f"\r   虚构人员 {done}/{of} · made-up people", end=end, file=sys.stderr, flush=True)

    made_up.fill(seed, made_up.password_of(site.home), progress)


def _renew(place: Path, address: str) -> None:
    """When somebody pressed Enter: the table with fresh codes."""
    if sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]:
        sys.stdin.readline()
        show(place, address)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """Columns side by side; Chinese characters are two wide."""
    held = list(rows)
    widths = [max(_width(row[n]) for row in held) for n in range(len(held[0]))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in held
    ]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
