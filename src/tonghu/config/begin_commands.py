"""`tonghu site begin`, `link`, `suspend`, `institutions`: how people and institutions come onto a real site."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from tonghu.config import demo_folder, environment, serving
from tonghu.config.site import Site, opened
from tonghu.errors import InputRefused

if TYPE_CHECKING:
    from tonghu.config.beginning import Link

_PLACES: Final = ("centre", "health", "hospital", "primary_care")
_NATION: Final = "000000"
#: Said where a site that nobody can log in to comes up.
NOBODY: Final = (
    "网站里还没有人：请先用 ./run tonghu site begin 建立第一个单位和三名管理员（--help 有例子） / "
    "Nobody is on this site yet: ./run tonghu site begin makes the first place and its three administrators (--help)"
)
_EXAMPLE: Final = """例 · example:
  ./run tonghu site begin 四川省卫生健康委员会 --as health --code 510000WJW --region 510000 \\
      --system 张三,zhang.san,zhang@example.org --security 李四,li.si --audit 王五,wang.wu

三名管理员各得一个一次性激活链接，之后登记机构、人员和岗位都在网页上完成；详见 docs/operations.md。
Each of the three gets a one-time link; everything after it is done on the pages: docs/operations.md."""


def add_words(words: Any) -> None:
    """The words of `tonghu site begin`, `link`, `suspend` and `institutions`."""
    begin = words.add_parser(
        "begin", help="建立第一个单位和三名管理员 · make the first place and its three administrators",
        epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    begin.add_argument("name", metavar="NAME", help="单位名称 · what the place is called")
    begin.add_argument(
        "--as", dest="place", choices=_PLACES, default="centre",
        help="国家中心（默认）、卫生健康部门、医院、基层机构 · what it is: the centre, unless said",
    )  # fmt: skip
    begin.add_argument("--code", required=True, help="机构编码 · its code")
    begin.add_argument("--region", help="行政区划代码，国家中心不填 · its region's code; the centre's is the nation")
    for option, zh, en in (("system", "系统", "system"), ("security", "安全", "security"), ("audit", "审计", "audit")):
        begin.add_argument(
            f"--{option}", type=_named, metavar="NAME,USER[,EMAIL]",
            help=f"{zh}管理员：姓名,用户名[,邮箱] · the {en} administrator",
        )  # fmt: skip
    _address(begin)
    begin.set_defaults(run=_begin)

    link = words.add_parser("link", help="重发管理员的激活链接，重置审计管理员的登录 · an administrator's link anew")
    link.add_argument("username", metavar="USER", help="用户名 · the user name")
    _address(link)
    link.set_defaults(run=_link)

    gone = words.add_parser("suspend", help="停用已离任的审计管理员 · suspend an audit administrator who is gone")
    gone.add_argument("username", metavar="USER", help="用户名 · the user name")
    gone.add_argument("--reason", required=True, help="原因，记入历史 · why; it stands in the history")
    gone.set_defaults(run=_suspend)

    many = words.add_parser("institutions", help="从 CSV 批量登记机构 · register institutions from a CSV file")
    many.add_argument("file", type=Path, metavar="FILE", help="CSV 文件，列见 docs/operations.md · the file")
    many.add_argument("--dry-run", action="store_true", help="只检查，不登记 · check only")
    many.set_defaults(run=_institutions)


def _address(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "--address", metavar="URL", help="链接用的网址，默认 TONGHU_ORIGINS 或本机 · the site's address, for links"
    )


def _named(said: str) -> list[str]:
    parts = [part.strip() for part in said.replace("，", ",").split(",")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise argparse.ArgumentTypeError(
            f"应为 姓名,用户名[,邮箱]，现为“{said}” / NAME,USER[,EMAIL] is wanted, not “{said}”"
        )
    return parts


def _begin(args: argparse.Namespace) -> int:
    if args.place != "centre" and not args.region:
        raise InputRefused(
            "请用 --region 给出行政区划代码：主管部门写其辖区，医院写所在区县，如 --region 510104",
            "--region is missing: the area of an authority, the county of a hospital, such as --region 510104",
        )
    with opened() as site:
        _refuse_demo(site)
        from tonghu.config import beginning

        made = beginning.begin(
            place=args.place, code=args.code, name=args.name, region_code=args.region or _NATION,
            people={
                role: beginning.Named(*said)
                for role, said in zip(beginning.FIRST, (args.system, args.security, args.audit), strict=True)
                if said
            },
        )  # fmt: skip
        print(f"“{args.name}”的管理员已设立 / “{args.name}” has its administrators\n")
        _show(made, _base(args, site.home))
    print(
        "下一步：各自打开链接设密码、绑定手机验证码；系统管理员登记机构和人员，安全管理员授予岗位"
        "（先再设一名安全管理员，以防手机丢失） / Next: each opens the link, sets a password and one-time codes; "
        "the system administrator registers institutions and people, the security administrator gives posts "
        "(first of all to a second security administrator, should a telephone be lost)"
    )
    return 0


def _link(args: argparse.Namespace) -> int:
    with opened() as site:
        from tonghu.config import beginning

        _show([beginning.link_anew(args.username)], _base(args, site.home))
    return 0


def _suspend(args: argparse.Namespace) -> int:
    with opened():
        from tonghu.config import beginning

        one = beginning.close_watcher(args.username, args.reason)
        print(f"已停用{one.name}（{one.username}） / {one.name} ({one.username}) is suspended")
    return 0


def _refuse_demo(site: Site) -> None:
    """See that the site is not the demo's.

    Raises:
        InputRefused: it is; real people have no place there.
    """
    if (site.home / demo_folder.MARK).exists():
        raise InputRefused(
            f"{site.home} 是演示网站，不能放真实人员：请用 TONGHU_HOME 指明真实网站的文件夹",
            f"{site.home} is the demo's site, real people have no place there: TONGHU_HOME names your site's folder",
        )


def _base(args: argparse.Namespace, home: Path) -> str:
    """Where people reach the site: what was said, else what forms may come from, else this machine."""
    said = args.address or next(iter(environment.words("TONGHU_ORIGINS", ())), "")
    base = said or (serving.running(home)["address"] if serving.is_up(home) else f"http://127.0.0.1:{serving.PORT}/")
    return base.rstrip("/") + "/"


def _show(made: Sequence[Link], base: str) -> None:
    """Print each link, once: only its hash is kept."""
    from django.urls import reverse

    from tonghu.platform.accounts import log_in_rules as rules
    from tonghu.platform.accounts.roles import ROLES

    for one in made:
        role = ROLES[one.role]
        print(f"{role.zh} · {role.en}: {one.person.name} ({one.person.username})")
        print(f"  {urljoin(base, reverse('accounts:activate', args=[one.token]))}")
    days = rules.number("activation_days")
    print(
        f"\n链接 {days} 天内有效，只能用一次，只在这里显示：请分别交给本人 / "
        f"A link holds {days} days, for once, and is shown only here: hand each to its own person\n"
    )


def _institutions(args: argparse.Namespace) -> int:
    with opened() as site:
        _refuse_demo(site)
        from tonghu.network import bringing
        from tonghu.platform.scope.scope import open_scope, system_scope

        lines = bringing.read(args.file)
        by = system_scope("provisioning")
        with open_scope(by):
            done = bringing.bring(lines, by=by, dry_run=args.dry_run)
    for fault in done.faults:
        print(f"✗ {fault}")
    if done.faults:
        raise InputRefused(
            f"{args.file.name} 有 {len(done.faults)} 处错误，没有登记任何机构：改正后再运行一次",
            f"{args.file.name} has {len(done.faults)} faults, nothing was registered: mend them and run this again",
        )
    zh, en = ("将", "to be ") if args.dry_run else ("已", "")
    print(
        f"{zh}登记 {done.new} 家、修改 {done.changed} 家，{done.same} 家不变 / "
        f"{en}registered {done.new}, {en}changed {done.changed}, unchanged {done.same}"
    )
    return 0
