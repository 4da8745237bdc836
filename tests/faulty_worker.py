"""The process that ``faults.Workers`` starts: it loads Django once and forks a real worker for every ``start``.

Started with the database's name, ``periodic`` or ``asked`` (whether jobs begin by themselves: those would come to the
points, too), and the modules that declare the jobs. Lines in: a JSON object with the point at which a worker is to die,
if at any, the time, and what the test tells it. Lines out: ``pid``, then ``ended <pid> <status>`` for every worker that
ends. A worker that is to die kills itself with SIGKILL the moment it comes to the point for the given time: nothing of
Python or PostgreSQL is closed.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from types import ModuleType


def main(database: str, begun: str, *modules: str) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database  # read from a file that other sessions write as well
    settings.DATABASES["owner"]["NAME"] = database
    django.setup()
    loaded = [importlib.import_module(module) for module in modules]
    if begun == "asked":
        importlib.import_module("tonghu.platform.jobs.worker")._begin_periodic_jobs = lambda: None
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([sys.stdin, reader], [], [])
        if reader in ready:
            os.read(reader, 1024)
            _say_who_ended()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            pid = os.fork()
            if pid == 0:
                _work(loaded, **json.loads(line))
            print(pid, flush=True)


def _say_who_ended() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        print("ended", pid, os.waitstatus_to_exitcode(status), flush=True)


def _work(modules: Sequence[ModuleType], *, fatal: str, hit: int, told: Mapping[str, str]) -> None:
    from tonghu.platform.jobs import points
    from tonghu.platform.jobs.worker import Times, run

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for module in modules:
        if prepare := getattr(module, "prepare", None):
            prepare(**told)
    if fatal:
        seen: Counter[str] = Counter()

        def fault(name: str) -> None:
            seen[name] += 1
            if name == fatal and seen[name] == hit:
                os.kill(os.getpid(), signal.SIGKILL)

        points.let_in(fault)
    try:
        run(times=Times(heartbeat=0.3, silence=1.5, poll=0.5, grace=10, answer=1.0, pause=0.2))
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
