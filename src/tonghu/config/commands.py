"""`tonghu site …`: what an operator does with a site."""

from __future__ import annotations

import argparse
import os

from tonghu.config import environment, serving
from tonghu.config.site import Site


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The words of `tonghu site`."""
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)

    up = words.add_parser("up", help="启动网站与后台任务，Ctrl-C 结束 · serve the site; Ctrl-C ends it")
    up.add_argument("--port", type=int, default=serving.PORT, help="网站端口，默认 8000 · the site's port")
    up.set_defaults(run=_up)

    words.add_parser("down", help="结束正在运行的网站 · end the running site").set_defaults(run=_down)
    words.add_parser("status", help="各部分是否正常 · whether every part is well").set_defaults(run=_status)
    words.add_parser("migrate", help="升级数据库结构 · bring the database to this version").set_defaults(run=_migrate)
    words.add_parser("worker", help="只运行后台任务进程 · run jobs only").set_defaults(run=_worker)


def _site() -> Site:
    return Site(environment.home())


def _up(args: argparse.Namespace) -> int:
    site = _site()
    address = f"http://127.0.0.1:{args.port}/"
    try:
        with serving.only_one(site.home, address):
            serving.check_port(args.port)
            print("正在启动…… / Starting …", flush=True)
            try:
                site.open()
                site.migrate()
                site.collect()
                serving.serve(site, args.port, lambda: _announce(address))
            finally:
                site.close()
    except serving.AlreadyUp as up:
        print(f"网站已在运行：{up.address} / The site is up already: {up.address}")
        return 0
    print("已停止 / Stopped")
    return 0


def _announce(address: str) -> None:
    print(f"童护已启动：{address}  按 Ctrl-C 结束 / Tonghu is up: {address}  Ctrl-C ends it", flush=True)


def _down(_args: argparse.Namespace) -> int:
    was_up = serving.stop(environment.home())
    print("已停止 / Stopped" if was_up else "网站没有运行 / The site was not up")
    return 0


def _status(_args: argparse.Namespace) -> int:
    site = _site()
    opened = site.server is not None and site.server.pid() is None
    site.open()
    try:
        from tonghu.platform.operations.health import checks

        said = checks()
    finally:
        if opened:
            site.close()
    for check in said:
        print(f"{'✓' if check.passed else '✗'} {check.name:<11} {check.detail}")
    return 0 if all(check.passed for check in said) else 1


def _migrate(_args: argparse.Namespace) -> int:
    site = _site()
    opened = site.server is not None and site.server.pid() is None
    site.open()
    try:
        site.migrate()
    finally:
        if opened:
            site.close()
    print("数据库结构已是最新 / The database is up to date")
    return 0


def _worker(_args: argparse.Namespace) -> int:
    os.environ["TONGHU_HOME"] = str(environment.home())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tonghu.config.settings")
    import django

    django.setup()
    from tonghu.platform.jobs import worker

    worker.run()
    return 0
