"""Settings of gunicorn: two processes with a few threads each, on this machine only; a proxy with TLS stands before."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tonghu.leaving import leave, without_core_dumps

without_core_dumps()  # also where gunicorn is started by somebody else
wsgi_app = "tonghu.config.wsgi"
workers = int(os.environ.get("TONGHU_WEB_PROCESSES", "2"))
worker_class = "gthread"
threads = int(os.environ.get("TONGHU_WEB_THREADS", "4"))
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 5
# A field of a form may hold a whole sentence in Chinese; an address that is longer is not ours.
limit_request_line = 8190
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- heartbeats, not data
accesslog = None
# One formatter for all processes: see tonghu.platform.operations.logs.
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "tonghu.platform.operations.logs.JsonLines"}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["lines"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True}},
}


def when_ready(_server: Any) -> None:
    """Make ready, once and before there are processes to serve, what all of them share.

    The rules of today and the counties are 180 MB: made in each process, they stood in memory once for each.
    """
    from django.utils import timezone

    from tonghu.hqms import record
    from tonghu.patients.places import COUNTIES
    from tonghu.platform.components.codes import choices
    from tonghu.platform.operations.logs import log
    from tonghu.registry import checks

    begun = time.monotonic()
    record.warm(timezone.localdate())
    checks.warm(timezone.localdate())
    choices(COUNTIES)
    # What is there now stays as long as the site: searched for garbage it would be written to, and copied, in every
    # process, and held pages up by 0.2 s.
    gc.collect()
    gc.freeze()
    log.info("web.warm", ms=round((time.monotonic() - begun) * 1000))


def post_worker_init(_worker: Any) -> None:
    """Make ready in each process what cannot be shared, while others are served already."""
    threading.Thread(target=warm, name="warm", daemon=True).start()


def warm() -> None:
    """Draw a chart: its engine has threads of its own, which no fork takes along, and the first one takes 0.4 s.

    And look over the program: the first time takes 0.3 s, which the first screen of whoever runs the site would wait.
    """
    from tonghu.platform.components.charts import vega
    from tonghu.platform.operations import soundness
    from tonghu.platform.web import samples

    vega(samples.chart())  # what draws charts, of this one and of all others
    soundness.warnings()


def worker_exit(_server: Any, worker: Any) -> None:
    """A process that has answered what it was asked leaves at once."""
    # Also called in the parent, for a child that is gone; and a child that failed keeps its own code.
    if worker.pid == os.getpid() and worker.booted and not worker.alive:
        leave(0)


def on_exit(_server: Any) -> None:
    """So does their parent, when it was told to end."""
    if isinstance(sys.exc_info()[1], StopIteration):
        leave(0)


def child_exit(_server: Any, worker: Any) -> None:
    """The figures of a process that ended are added to the rest's."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
