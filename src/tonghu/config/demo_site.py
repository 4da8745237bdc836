"""The demo's site: the made-up country with what it reported, a file freshly uploaded, served until Ctrl-C."""

from __future__ import annotations

import os
import select
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tonghu.config import demo_folder, environment, serving
from tonghu.config.site import Site, opened
from tonghu.errors import InputRefused

if TYPE_CHECKING:
    from tonghu.surveillance.calendar import Month

#: Whom the short table shows: the whole of one hospital, and who sees more than one.
_SHORT = (
    "h1.",
    "county.commission_officer",
    "city.commission_officer",
    "province.commission_officer",
    "centre.centre_",
)


#: What `tonghu synth` does unless it is told otherwise.
_USUAL: Final = {"seed": "1", "layout": "2012"}
#: Where to look first: who logs in, the page, and what is there.
_TOUR: Final = (
    ("h1.entry_clerk", "cards/queue", "录入员：改正队列，改好后提交", "the clerk's queue: mend and submit"),
    (
        "h1.auditor",
        "cards/audit",
        "审核员：选岗位后审核、退回、上报",
        "the auditor's desk, after choosing the post",
    ),
    ("h2.point_lead", "reporting", "总负责人：各月进度，签署零报告", "a lead whose month is empty: a zero report"),
    ("province.commission_officer", "reporting", "省卫生健康委：上报日历", "the province's calendar"),
    ("centre.centre_officer", "cards/received", "国家中心：接收、退回", "the centre: accept, return"),
)


@dataclass(frozen=True, slots=True)
class Upload:
    """The file that is uploaded when the site is ready.

    Attributes:
        file: where it lies; `month` the archive month that it is uploaded for.
        codes: the organisation codes of its rows in scope, the most frequent first.
        own: whether it is the user's own file, not one of made-up patients.
    """

    file: Path
    month: date
    codes: Sequence[str]
    own: bool


def home() -> Path:
    """The demo's folder; see :mod:`tonghu.config.demo_folder` for what is never one."""
    return Path(os.environ.get("TONGHU_HOME") or environment.ROOT / "var" / "demo").resolve()


def run(*, port: int, seed: int, serve: bool, reset: bool, upload: Upload, layout: str = _USUAL["layout"]) -> int:
    """Bring the demo's site up; returns the exit code.

    Args:
        layout: of the file that the printed command makes.

    Raises:
        InputRefused: with one line, when something is in the way, it is up already, or the site is not the demo's.
    """
    demo_folder.require_folder(home())
    site = Site(home())
    address = f"http://127.0.0.1:{port}/"
    try:
        with serving.held(site, address):
            if serve:
                serving.check_port(port)
            if reset:
                site.remove()
            else:
                demo_folder.require(site)
            demo_folder.mark(site.home)
            print("\n③ 准备网站：数据库、页面、虚构的地区、机构和人员 · Preparing the site", flush=True)
            _prepare(site, seed)
            print("\n④ 上传到网站：核对、预览、确认 · Uploading it: check, preview, confirm", flush=True)
            _upload(upload)
            if serve:
                wanted = {"seed": str(seed), "layout": layout}
                serving.serve(
                    site, port, lambda: show(site.home, address, wanted), lambda: _renew(site.home, address, wanted)
                )
            else:
                show(site.home, "", {})
    except serving.AlreadyUp:
        raise (still_up() if reset else up_already()) from None
    return 0


def upload_to_running(upload: Upload) -> int:
    """Upload a file to the demo's site that is up: its own worker does the work; returns the exit code.

    Raises:
        InputRefused: the site is only starting, or ending, or it is not the demo's.
    """
    demo_folder.require_folder(home())
    address = serving.running(home())["address"]
    if not serving.answers(urlsplit(address).port or 0):
        raise InputRefused(
            "演示网站正在启动或结束，没有上传：请待其就绪后再运行一次",
            "The demo's site is starting or ending, so nothing was uploaded: run this again once it is ready",
        )
    with opened(home()) as site:
        demo_folder.require(site)
        print(f"\n③ 上传到正在运行的演示网站 {address} · Uploading it to the demo's site, which is up", flush=True)
        return 0 if _upload(upload, up=True) else 2


def up_already() -> InputRefused:
    """Return the words for a second start."""
    up = serving.running(home())
    return InputRefused(
        f"演示网站已在运行：{up['address']}；上传文件用 ./run demo 文件，结束在其窗口按 Ctrl-C（或 kill {up['pid']}）",
        f"The demo's site is up already: {up['address']}; ./run demo FILE uploads a file to it, Ctrl-C in its window"
        f" (or kill {up['pid']}) ends it",
    )


def still_up() -> InputRefused:
    """Return the words for a wish to begin anew while the demo's site is up."""
    up = serving.running(home())
    return InputRefused(
        f"演示网站正在运行：{up['address']}；请先结束（在其窗口按 Ctrl-C，或 kill {up['pid']}）再清空，未作改动",
        f"The demo's site is up at {up['address']}: end it (Ctrl-C in its window, or kill {up['pid']}),"
        " then reset; nothing was changed",
    )


def show(place: Path, address: str, wanted: Mapping[str, str]) -> None:
    """Print the address, the log-ins of this moment, and the command that makes one more file to import.

    Args:
        wanted: ``seed`` of the made-up country, and ``layout`` of the file.
    """
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
        print("\n先看 / Look first:")
        print("\n".join(f"  {who:<28}{address + page:<40}{zh} · {en}" for who, page, zh, en in _TOUR))
        print(one_more(wanted), end="")
        print(f"\n打开 / Open: {address}")
        again = "按回车刷新验证码，" if sys.stdin.isatty() else ""
        print(f"{again}Ctrl-C 结束 / {'Enter renews the codes, ' if again else ''}Ctrl-C ends it", flush=True)


def one_more(wanted: Mapping[str, str]) -> str:
    """The command that makes a month which a hospital of the demo still owes, and who uploads it; '' where none does.

    Asked of the site as it stands: what was imported is not proposed again. The second hospital's month stays empty
    for its zero report.
    """
    from tonghu.config import made_up_months, made_up_points

    first, _second, *others = made_up_points.points(int(wanted["seed"]))
    owed = ((point, month) for point in (first, *others) for month in _owed(point.short, made_up_months.BEFORE + 1))
    found = next(owed, None)
    if found is None:
        return ""
    point, month = found
    ways = "".join(f" --{name} {value}" for name, value in wanted.items() if value != _USUAL[name])
    return (
        f"\n{point.hospital.name}还没有报 {month} / {point.short} still owes {month}:\n"
        f"  ./run tonghu synth --out out/{point.short}-{month}.csv --month {month} --hospital {point.number}{ways}\n"
        f"  然后以 {point.short}.entry_clerk 在“导入”页选该归档月上传 · "
        f"then upload it as {point.short}.entry_clerk on the page Imports, for its archive month\n"
    )


def _owed(short: str, months: int) -> list[Month]:
    """Of the last months those for which a hospital has neither a file nor a zero report, the newest first."""
    from django.utils import timezone

    from tonghu.config.made_up_months import acting
    from tonghu.intake.models import Batch, State
    from tonghu.surveillance.calendar import Month
    from tonghu.surveillance.models import ZeroReport

    last = Month.of(timezone.localdate()).plus(-1)
    with acting(f"{short}.entry_clerk") as by:
        files = Batch.objects.filter(institution=by.institution).exclude(
            state__in=[State.REFUSED, State.DISCARDED, State.UNDONE]
        )
        zeros = ZeroReport.objects.filter(institution=by.institution, withdrawn_at=None)
        done = {day for rows in (files, zeros) for (day,) in rows.values_list("archive_month")}
    return [month for back in range(months) if (month := last.plus(-back)).first not in done]


def list_log_ins(site: Site) -> None:
    """Print every made-up person's log-in; the site must be open."""
    from tonghu.config import made_up

    rows = [("单位 Institution", "岗位 Post", "用户名 User", "验证码 Code")]
    print(_table([*rows, *((one.place, one.role, one.username, one.code or "—") for one in made_up.log_ins())]))
    if (site.home / demo_folder.PASSWORD).exists():  # a real site, or a demo restored elsewhere, gets none
        print(f"\n密码都是 / Everybody's password: {made_up.password_of(site.home)}")


def _prepare(site: Site, seed: int) -> None:
    site.open()
    site.migrate()
    site.collect()
    from tonghu.config import made_up, made_up_months, made_up_past

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == of else ""
            print(f"\r   虚构人员 {done}/{of} · made-up people", end=end, file=sys.stderr, flush=True)

    made_up.fill(seed, made_up.password_of(site.home), progress)
    made_up_months.report(seed)
    # Asked for at every start: one that was interrupted in between is finished by the next.
    if made_up_past.date_back(seed, made_up_months.BEFORE + 1):
        print("   以前各月：12 家虚构医院已上报、已接收、被退回、零报告 · earlier months of 12 made-up hospitals")


def _upload(wanted: Upload, *, up: bool = False) -> bool:
    """Upload the file and say in one line each what came of it; returns whether it was taken.

    Args:
        up: the site is up, so that its worker does what is to be done.
    """
    from tonghu.config import made_up_months

    try:
        place = made_up_months.home_of(wanted.codes)
        if place.registered:
            print(
                f"   机构代码 {place.registered} 不是演示网站已有的医院，已登记为 {place.institution} 的代码"
                f" / The code {place.registered} is no hospital's here; registered with {place.clerk.split('.')[0]}"
            )
        done = made_up_months.upload(wanted.file, wanted.month, place.clerk, decided=not wanted.own, up=up)
    except InputRefused as why:
        print(f"   没有上传：{why.zh} / Not uploaded: {why.en}")
        return False
    where = f"{place.clerk} → {serving.running(home())['address']}imports/{done.batch}"
    if done.refused:
        print(f"   没有导入（{where}）：{done.refused[0]} / Not imported: {done.refused[1]}")
    elif done.waits:
        print(f"   {done.waits} 行等您决定后再确认：{where} / {done.waits} row(s) wait for your decision")
    else:
        counts = done.counts
        again = "这份文件以前已导入：" if done.again else "已导入："
        print(
            f"   {again}批次 {done.label}，新建 {counts['created']}，更新 {counts['updated']}，未变 "
            f"{counts['unchanged']}，略过 {counts['skipped']}，失败 {counts['failed']}（{where}）"
            f" / Batch {done.label}: {counts['created']} created, {counts['updated']} updated"
        )
    if wanted.own:
        print(
            "   您的文件只存在本机演示网站，已加密；看完用 ./run demo --reset 清除"
            " / Your file is on this machine alone, sealed; ./run demo --reset removes it"
        )
    elif not done.again and not done.refused:
        left = made_up_months.hand_on(place.clerk, place.auditor, wanted.month)
        print(f"   录入员已提交无问题的报告卡，{left} 份等审核 · {left} cards wait for the auditor")
    if not up:  # its worker counts by itself
        made_up_months.sum_up()
    return not done.refused


def _renew(place: Path, address: str, wanted: Mapping[str, str]) -> None:
    """When somebody pressed Enter: the table with fresh codes."""
    if sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]:
        sys.stdin.readline()
        show(place, address, wanted)


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
