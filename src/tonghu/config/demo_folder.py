"""Which folder is the demo's: only there made-up people are put, and only there everything is deleted.

Everybody of the demo has one password, which is printed: on a real site that would be a way in for everybody. So the
demo writes a marker into the folder that it makes, and touches no other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from tonghu.config import environment
from tonghu.errors import InputRefused
from tonghu.platform.database import roles

if TYPE_CHECKING:
    from tonghu.config.site import Site

#: The marker, with a word to whoever finds it.
MARK: Final = "demo.txt"
_WORDS: Final = (
    "本文件夹属于演示网站（./run demo）：人员均为虚构，可随时用 ./run demo --reset 清空。请勿存放真实数据。\n"
    "This folder is the demo's (./run demo): its people are made up, ./run demo --reset deletes all of it."
    " Keep no real data here.\n"
)
#: What says that a program holds the site; it stays while the rest is deleted.
HELD: Final = ("up.lock", "up.json")
#: Everybody's password: demos without a marker, of earlier versions, are known by it.
PASSWORD: Final = Path("keys", "demo-password")
_REAL: Final = "SELECT name FROM network_institution WHERE NOT made_up ORDER BY id LIMIT 1"


def require_folder(home: Path) -> None:
    """See, without touching anything, that a folder is the demo's or empty, and that no server is named.

    Raises:
        InputRefused: ``DATABASE_URL`` names a server, or the folder holds something else than a demo.
    """
    if environment.text("DATABASE_URL", ""):
        raise InputRefused(
            "演示不使用 DATABASE_URL 指定的数据库，未作改动：请先 unset DATABASE_URL；真实网站用 ./run up",
            "The demo uses no server that DATABASE_URL names, nothing was changed: unset DATABASE_URL first;"
            " a real site is ./run up",
        )
    if (home / MARK).exists() or (home / PASSWORD).exists():
        return
    if home.is_dir() and any(held.name not in HELD for held in home.iterdir()):
        raise InputRefused(
            f"{home} 不是演示网站的文件夹，未作改动：请 unset TONGHU_HOME 或指定空文件夹；真实网站用 ./run up",
            f"{home} is no folder of the demo, nothing was changed: unset TONGHU_HOME or name an empty folder;"
            " a real site is ./run up",
        )


def require(site: Site) -> None:
    """See that a site is the demo's: its folder, and that every institution in its database is made up.

    Starts the site's server where there is one, to look; the caller closes the site.

    Raises:
        InputRefused: it is not, or its server does not start.
    """
    require_folder(site.home)
    if site.server is None or not (site.server.data / "PG_VERSION").exists():
        return
    site.server.start()
    if name := _real_institution(site):
        raise InputRefused(
            f"{site.home} 的数据库里有真实机构“{name}”，不是演示网站，未作改动：请 unset TONGHU_HOME 或指定空文件夹",
            f"The database of {site.home} holds “{name}”, which is not made up: it is no demo's, nothing was changed;"
            " unset TONGHU_HOME or name an empty folder",
        )


def mark(home: Path) -> None:
    """Write the marker where it is missing; the folder has been found to be the demo's."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / MARK).exists():
        (home / MARK).write_text(_WORDS, encoding="utf-8")


def _real_institution(site: Site) -> str:
    """The name of an institution that is not made up; '' where there is none, or no table of institutions yet."""
    address, database = site.admin_url(), site.database()
    try:
        with psycopg.connect(address, connect_timeout=5) as admin:
            if not admin.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchall():
                return ""
        with psycopg.connect(address, dbname=database, connect_timeout=5) as admin:
            if admin.execute("SELECT FROM pg_class WHERE oid = to_regclass('network_institution')").fetchall():
                return "".join(name for (name,) in admin.execute(_REAL))
    except psycopg.Error as fault:
        raise roles.refused(fault, address) from fault
    return ""
