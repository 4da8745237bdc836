"""Static files: names with hashes, compressed once, collected at start only when something changed."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

from tonghu.errors import InputRefused

#: Without these no page can be shown; the rest of a fetch is there when they are.
NEEDED = ("vendor/tabler.min.css", "vendor/htmx.min.js", "vendor/icons.svg")


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # whitenoise ships no types
    """Hashes in every name, those that our modules import each other by included."""

    support_js_module_import_aggregation = True


def collect() -> bool:
    """Bring the site's static folder up to date; returns whether there was anything to do.

    Called before the site starts; the second time it costs a look at the files. Several processes may call it at once.

    Raises:
        InputRefused: the front-end packages were not fetched.
    """
    fetched = settings.FRONTEND / "static"
    missing = [name for name in NEEDED if not (fetched / name).exists()]
    if missing:
        raise InputRefused(
            f"缺少前端软件包（{'、'.join(missing)}），请先运行 ./run demo 或 python tools/frontend.py",
            f"The front-end packages are missing ({', '.join(missing)}): run ./run demo or python tools/frontend.py",
        )
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    stamp = root / "collected"
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = _state()
        if stamp.exists() and stamp.read_text() == now:
            return False
        stamp.unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(now)
    return True


def _state() -> str:
    """A hash over name, size and time of every source file."""
    said = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            place = Path(storage.path(name))
            found = place.stat()
            said.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return said.hexdigest()
