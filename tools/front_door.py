"""What `./run` does: set up the environment once, then run one command in it.

Standard library only: this runs under whatever Python the machine has, before anything is installed. The
environment lives in ``.venv``; a stamp in it names the lock that it was made from, so that the second start costs
nothing. Whatever can go wrong outside our power (no venv module, no network, a full disk) ends in one line.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import debian
import frontend

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
FREE_BYTES_NEEDED = {"run": 1_200_000_000, "dev": 1_700_000_000}

USAGE = """\
童护 Tonghu

  ./run demo            虚构的小国家：检查一个月的病案首页，上传到网站并打开，列出登录账号；Ctrl-C 结束
                        a made-up country: checks a month's discharges, uploads them, opens the site with its log-ins
  ./run demo FILE       同样，用您自己的病案首页导出文件 · the same with your own discharge export
  ./run up              启动您自己的网站；Ctrl-C 结束 · your own site; Ctrl-C ends it
  ./run test            代码检查、类型、分层与全部测试 · lint, types, import walls and all tests
  ./run coverage        测试覆盖了多少行和分支 · how many lines and branches the tests reach
  ./run lint            只做代码检查 · lint, format, types and import walls only
  ./run bench [NAME]    性能基准，与同类工具同场比较 · benchmarks against named peers in the same run
  ./run tonghu ARGS     在环境中运行 tonghu 命令 · the command line inside the environment
  ./run docs            重新生成参考文档 · make the reference pages again
  ./run lock            重新生成依赖锁文件 · make the lock files again
  ./run demo --help     演示的选项（不安装任何东西）· the demo's options; sets nothing up
"""

DEMO_USAGE = """\
./run demo [FILE] [--no-serve] [--port N] [--reset] [--rows N] [--layout 2012|2020] [--format csv|xlsx|dbf] [--seed N]
           [--out DIR]

  FILE          您自己的病案首页导出文件（CSV、Excel、DBF 或其 zip）：检查后上传到本机的演示网站
                your own discharge export: it is checked, then uploaded to the demo's site on this machine
                （只检查：./run tonghu hqms check FILE --out DIR · checking alone）
  --no-serve    一切就绪后结束，不打开网站 · makes everything ready and ends without serving
  --port N      网站端口，默认 8000 · the site's port (default 8000)
  --reset       清空演示网站，从头开始 · deletes the demo's site and begins anew
  --rows N      虚构数据的行数，默认 3000 · rows of the made-up month (default 3000)
  --layout      2012（P 字段）或 2020（A/B/C/D 字段），默认 2012 · layout of the made-up month
  --format      csv、xlsx 或 dbf，默认 csv · format of the made-up month
  --seed N      随机种子，默认 1 · seed of the made-up month
  --out DIR     结果目录，默认 out/demo，检查自己的文件时为 out/文件名
                where the results go: out/demo, or out/NAME for a file of your own
"""

UP_USAGE = """\
./run up [--port N]

  --port N      网站端口，默认 8000 · the site's port (default 8000)

  DATABASE_URL  PostgreSQL 15 以上服务器的管理员地址；不设则自带 · an administrator's address of PostgreSQL 15 or
                newer; without it a server of our own. docs/operations.md has the rest.
"""


def stop(zh: str, en: str, code: int = 2) -> NoReturn:
    """End with one line that says what is missing and how to get it."""
    print(f"{zh} / {en}", file=sys.stderr)
    raise SystemExit(code)


def ensure_environment(kind: str) -> None:
    """Make ``.venv`` hold exactly the lock of `kind` (`dev` includes `run`), unless its stamp says it does."""
    wanted = _stamp_of(kind)
    stamp = VENV / "tonghu-lock"
    have = stamp.read_text().split() if stamp.exists() and PYTHON.exists() else []
    if wanted in have or (kind == "run" and _stamp_of("dev") in have):
        return
    if shutil.disk_usage(ROOT).free < FREE_BYTES_NEEDED[kind]:
        needed = FREE_BYTES_NEEDED[kind] // 1_000_000
        stop(f"磁盘空间不足：安装需要约 {needed} MB 可用空间", f"Disk full: setting up needs about {needed} MB")
    if have:
        print("正在补装其余依赖…… / Installing what else is needed …", file=sys.stderr, flush=True)
    else:
        print("首次运行：正在准备运行环境…… / First run: setting up the environment …", file=sys.stderr, flush=True)
    if not have:
        _make_venv()
    _install(ROOT / LOCKS[kind])
    site = subprocess.run(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    (Path(site) / "tonghu.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    # As pip does with what it installs: where Python may not keep what it compiles, every start would compile it again.
    call(PYTHON, "-m", "compileall", "-q", ROOT / "src")
    stamp.write_text(wanted)


def _stamp_of(kind: str) -> str:
    lock = (ROOT / LOCKS[kind]).read_bytes()
    return f"{kind}-{sys.version_info.major}.{sys.version_info.minor}-{hashlib.sha256(lock).hexdigest()[:16]}"


def _make_venv() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        said = (made.stdout + made.stderr).strip()
        if "No space left" in said:
            stop("磁盘已满，无法创建运行环境", "The disk is full: the environment could not be made")
        if any(word in said for word in ("Read-only file system", "Permission denied")):
            stop(f"没有写权限：{VENV}", f"No permission to write: {VENV}")
        stop(
            "此 Python 缺少 venv 模块；Debian/Ubuntu 请安装 python3-venv",
            "This Python has no working venv module; on Debian/Ubuntu install python3-venv",
        )


def _install(lock: Path) -> None:
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [*pip, "--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(lock)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).strip()
    if "No space left" in said:
        stop("磁盘已满，依赖未能安装", "The disk is full: the dependencies could not be installed")
    if any(
        word in said
        for word in (
            "connection",
            "Connection",
            "resolve",
            "No matching distribution",
            "timed out",
            "SSL",
            "Proxy",
        )
    ):
        stop(
            "无法连接软件包仓库，请检查网络或 pip 镜像设置后重试",
            "The package registry cannot be reached: check the network or pip's mirror settings and try again",
        )
    last = said.splitlines()[-1] if said else f"pip exited with {done.returncode}"
    stop(f"依赖安装失败：{last}", f"Installing the dependencies failed: {last}")


def call(*command: str | Path) -> int:
    """Run a command in the environment, from the project's root; its output goes straight through."""
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return 130


def tonghu(*arguments: str) -> int:
    """Become the `tonghu` command, where the user stands, so that relative paths mean what they say.

    On POSIX this program is replaced, not kept as a parent: a Ctrl-C or a SIGTERM then reaches the command alone,
    which ends what it started in order.
    """
    here = os.environ.get("TONGHU_CWD") or str(Path.cwd())
    command = [str(PYTHON), "-m", "tonghu", *arguments]
    if os.name == "posix":
        sys.stdout.flush()
        os.chdir(here)
        os.execv(command[0], command)  # noqa: S606 -- no shell wanted
    return subprocess.run(command, cwd=here, check=False).returncode


def lint() -> int:
    """Lint, format, types and import walls; stops at the first that fails."""
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"]):
        print(f"· {' '.join(command)}", flush=True)
        if code := call(PYTHON.parent / command[0], *command[1:]):
            return code
    return 0


#: One process more than cores, since some wait for others.
IN_PROCESSES = ["-n", str(min(4, 1 + (os.cpu_count() or 1)))]
#: A file of tests to the process that is free, since a file may share a site; browsers first.
FILE_BY_FILE = ["--dist", "loadfile", "--no-loadscope-reorder"]
ALL_TESTS = ["-q", *IN_PROCESSES, *FILE_BY_FILE]
#: Percent of lines and branches.
COVERED_AT_LEAST = "95"
#: What must hold on every PostgreSQL: migrations, row security, constraints, queue, history.
ON_EVERY_POSTGRES = ("database", "scope", "audit", "jobs")
#: What these folders hold besides: pages, which reach the database by the same roads as the rest, and a linter.
NOT_OF_POSTGRES = [
    "--ignore=tests/platform/scope/test_hostile_pages.py",
    "--ignore=tests/platform/scope/test_looks_everywhere.py",
    "--ignore=tests/platform/scope/test_pages.py",
    "--ignore=tests/platform/jobs/test_job_pages.py",
    "--deselect=tests/platform/database/test_migrations.py::test_squawk_finds_nothing_in_their_sql",
]


def test(*arguments: str) -> int:
    """Everything that must hold: `lint`, all tests, and those that ask the database on a second PostgreSQL."""
    if arguments:
        return call(PYTHON, "-m", "pytest", *arguments)
    return lint() or call(PYTHON, "-m", "pytest", *ALL_TESTS) or test_other_postgres()


def coverage() -> int:
    """All tests, measured: which lines and branches they did not reach. Too many of them are a failure.

    A word of its own: following every branch takes a quarter more of the processor (docs/decisions/0010).
    """
    measured = ROOT / "var" / "coverage.json"
    measured.parent.mkdir(exist_ok=True)
    measure = [PYTHON, "-m", "slipcover"]
    return call(*measure, "--json", "--out", measured, "-m", "pytest", *ALL_TESTS) or call(
        *measure, "--merge", measured, "--out", measured, "--fail-under", COVERED_AT_LEAST
    )


def test_other_postgres() -> int:
    """The tests that ask the database, once more on the other PostgreSQL; without a second one this fails."""
    script = "from tonghu.platform.database.installations import installations as i; print(*(b.version for b in i()))"
    said = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    others = [version for version in said if version != said[0]]
    if not others:
        stop(
            f"测试需要两个版本的 PostgreSQL，本机只有 {' '.join(said)}",
            f"The tests need two versions of PostgreSQL; there is only {' '.join(said)} here",
        )
    print(f"· PostgreSQL {others[0]}", flush=True)
    os.environ["TONGHU_TEST_POSTGRES"] = others[0]
    folders = [place for place in (ROOT / "tests/platform" / name for name in ON_EVERY_POSTGRES) if place.is_dir()]
    return call(PYTHON, "-m", "pytest", "-q", *IN_PROCESSES, "--dist", "worksteal", *folders, *NOT_OF_POSTGRES)


def docs() -> int:
    """Make the pages again that come from the code, the rules, the API and the tests' requirement marks."""
    makers = ("reference_pages", "api_reference", "requirements_page")
    return next((code for maker in makers if (code := call(PYTHON, f"tools/{maker}.py"))), 0)


def lock() -> int:
    """Make both lock files again: versions and hashes, no index addresses."""
    options = ["--generate-hashes", "--python-version", "3.11", "--no-header", "--no-annotate",
               "--no-emit-index-url", "--no-emit-find-links", "--quiet", "--universal"]  # fmt: skip
    for kind, extra in (("run", []), ("dev", ["--extra", "dev"])):
        compile_ = ["-m", "uv", "pip", "compile", "pyproject.toml", *extra, *options, "-o", LOCKS[kind]]
        if code := call(PYTHON, *compile_):
            return code
    return 0


def ensure_site(kind: str = "run") -> None:
    """What pages need beyond Python's packages: front-end packages, PostgreSQL's programs; for tests a browser too."""
    try:
        debian.ensure(PYTHON, kind)
        frontend.ensure_frontend(kind)
    except (debian.Refused, frontend.FrontendRefused) as refused:
        print(refused, file=sys.stderr)
        raise SystemExit(2) from None


def main(arguments: list[str]) -> int:
    """Run one word of the front door; returns its exit code."""
    word, *rest = arguments or ["--help"]
    if word in ("-h", "--help", "help"):
        print(USAGE)
        return 0
    if word in ("demo", "up"):
        if any(a in ("-h", "--help") for a in rest):
            print(DEMO_USAGE if word == "demo" else UP_USAGE)
            return 0
        ensure_environment("run")
        ensure_site()
        return tonghu("demo", *rest) if word == "demo" else tonghu("site", "up", *rest)
    if word == "tonghu":
        ensure_environment("run")
        return tonghu(*rest)
    commands = {"test": test, "coverage": coverage, "lint": lint, "docs": docs, "lock": lock}
    if word in commands:
        ensure_environment("dev")
        if word in ("test", "coverage"):
            ensure_site("dev")
        return commands[word](*rest)
    if word == "bench":
        ensure_environment("dev")
        ensure_site()
        return call(PYTHON, "-m", "bench", *rest)
    print(USAGE)
    stop(f"没有这个命令：{word}", f"No such command: {word}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as fault:
        if fault.errno == errno.ENOSPC:
            stop("磁盘已满", "The disk is full")
        if fault.errno in (errno.EACCES, errno.EROFS):
            stop(f"没有写权限：{fault.filename}", f"No permission to write: {fault.filename}")
        raise
