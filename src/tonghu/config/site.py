"""From an empty folder to a site that can be served: server, roles, migrations, keys, static files.

Every step looks first whether it is done already, so that the second start costs little.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tonghu.config import demo_folder, environment
from tonghu.errors import InputRefused, of_the_system
from tonghu.platform.database import roles
from tonghu.platform.database.server import Server

#: What a site's folder may hold before its database is made: keys are added first, a start may have been cut off, and
#: a disk of its own comes with a folder for what is found on it.
OWN: Final = frozenset(
    {
        "audit", "change.lock", "files", "keys", "logs", "postgres", "run", "static", "up.json", "up.lock",
        f"{roles.FILE}.new", "lost+found",
    }
)  # fmt: skip
#: Databases of a server that are never ours.
_NOT_OURS = ("", "postgres", "template0", "template1")


class Site:
    """One site: its folder, and the database server that it uses.

    Attributes:
        home: the folder with keys, files, logs and, where the server is ours, the data.
        server: our own server; None where ``DATABASE_URL`` names one.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._url = environment.database_url()
        self.server = None if self._url else Server(home / "postgres")

    def open(self) -> None:
        """Start the server, make roles and database where they are missing, and set Django up for this site.

        Raises:
            InputRefused: with one line, when something that is needed is missing.
        """
        os.environ["TONGHU_HOME"] = str(self.home)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tonghu.config.settings")
        with said_in_words(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            if self.server:
                self.server.start()
            roles.prepare(self.admin_url(), self.home, self.database())
            import django

            django.setup()

    def admin_url(self) -> str:
        """Return the administrator's address, at the database that every server has: the site's own may not be there
        yet, and nobody renames the one that they are in."""
        if self.server:
            return self.server.admin_url()
        return urlsplit(self._url)._replace(path="/postgres").geturl()

    def database(self) -> str:
        """Return the name of the site's database: the one in ``DATABASE_URL``, else tonghu."""
        named = unquote(urlsplit(self._url).path.lstrip("/"))
        return "tonghu" if named in _NOT_OURS else named

    def migrate(self) -> None:
        """Bring the database and the regions to this version, and see to the keys.

        Raises:
            InputRefused: the program contradicts itself, see :func:`require_sound`; nothing was changed.
        """
        from tonghu.config import beginning
        from tonghu.platform.database.migrate import migrate

        require_sound()
        with said_in_words(self.home):
            migrate()
            beginning.renew_regions()

    def collect(self) -> None:
        """Bring the static files up to date."""
        from tonghu.platform.web import assets

        with said_in_words(self.home):
            assets.collect()

    def close(self) -> None:
        """Stop our own server; a server that somebody else named goes on."""
        if self.server:
            self.server.stop()

    def remove(self) -> None:
        """Delete everything that the demo's site holds, but the marker: who is interrupted over it goes on later.

        Raises:
            InputRefused: the site is not the demo's; nothing was deleted.
        """
        demo_folder.require(self)
        demo_folder.mark(self.home)  # before the password goes, by which an earlier version's demo is known
        if self.server:
            self.server.stop()
            # First of all: half of a database would not start, to be looked at the next time.
            (self.server.data / "PG_VERSION").unlink(missing_ok=True)
            self.server.remove()
        for held in self.home.iterdir():
            if held.name not in (*demo_folder.HELD, demo_folder.MARK):
                shutil.rmtree(held) if held.is_dir() else held.unlink()


@contextmanager
def opened(home: Path | None = None) -> Iterator[Site]:
    """The site with its server, for one command; a server that did not run before does not run afterwards.

    Raises:
        InputRefused: there is no site, or something that it needs is missing.
    """
    site = Site(home or environment.home())
    require(site.home)
    ours = site.server is not None and site.server.pid() is None
    site.open()
    try:
        yield site
    finally:
        if ours:
            site.close()


def require(home: Path) -> None:
    """See that there is a site.

    Raises:
        InputRefused: there is none; who only wants to look or to save must not make an empty one.
    """
    if not (home / roles.FILE).exists():
        raise InputRefused(
            f"{home} 里没有网站：先用 ./run up 建立，或用 TONGHU_HOME 指明所在文件夹（演示网站：TONGHU_HOME=var/demo）",
            f"There is no site in {home}: ./run up makes one; TONGHU_HOME names another folder (the demo's: var/demo)",
        )


def require_own(home: Path) -> None:
    """See, without touching anything, that a folder is a site's, empty or new, before one is made in it.

    Raises:
        InputRefused: it holds something else: a folder of other things is not where a site's keys and data belong.
    """
    if not home.is_dir() or (home / roles.FILE).exists():
        return
    if foreign := sorted(held.name for held in home.iterdir() if held.name not in OWN):
        raise InputRefused(
            f"{home} 里有不属于网站的内容（{foreign[0]}），未作改动：请用 TONGHU_HOME 指定空文件夹或已有网站的文件夹",
            f"{home} holds what is no site's ({foreign[0]}), nothing was changed: name an empty folder or a site's by "
            "TONGHU_HOME",
        )


def require_sound() -> None:
    """Have every room's checks look at the program: permissions of roles, views and scopes, sealed fields, files.

    What they only warn of is printed, a line each.

    Raises:
        InputRefused: they found errors, such as a permission that no room declares.
    """
    from django.core.checks import ERROR, run_checks

    from tonghu.platform.operations.soundness import warnings

    if wrong := [found for found in run_checks() if found.level >= ERROR]:
        first = f"{wrong[0].id}: {wrong[0].msg}"
        raise InputRefused(
            f"程序自检发现 {len(wrong)} 处错误，网站没有启动；第一处：{first}",
            f"The program's own checks found {len(wrong)} error(s), and the site does not start. The first: {first}",
        )
    for one in warnings():
        print(f"! {one.id}: {one.msg}", flush=True)


@contextmanager
def said_in_words(where: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one line.

    Raises:
        InputRefused: the disk is full, or a folder may not be written.
    """
    try:
        yield
    except OSError as fault:
        if refused := of_the_system(fault, where):
            raise refused from fault
        raise
