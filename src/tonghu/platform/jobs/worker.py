"""The worker process: takes jobs from the queue until it is told to stop (``tonghu site worker``).

SIGTERM or Ctrl-C: no new job is taken, running ones end at their next step and go on in the next worker. A second
signal ends the worker at once; that, or a kill, loses nothing either: other workers bring back what a silent worker
held. While the database is away the worker waits and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from django.db import DatabaseError
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app as django_app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ProcrastinateException

from tonghu.platform.jobs import queue, runner
from tonghu.platform.jobs.tasks import kinds
from tonghu.platform.jobs.upkeep import recover
from tonghu.platform.operations.logs import log

#: What was due while no worker ran is made good for so many seconds: a site may be off at night.
MISSED = 86400


@dataclass(frozen=True, slots=True)
class Times:
    """How long a worker waits for what, in seconds.

    Attributes:
        heartbeat: between two signs of life.
        silence: after which a worker counts as dead and its jobs come back.
        poll: between two looks at the queue; a job that is asked for is seen at once all the same.
        grace: for the next step of the running jobs, when the worker is told to stop.
        answer: for a connection, before the database counts as away.
        pause: before the first try to reach a database that went away; doubled up to ten times as long.
    """

    heartbeat: float = 5.0
    silence: float = 20.0
    poll: float = 5.0
    grace: float = 60.0
    answer: float = 5.0
    pause: float = 1.0


def run(*, queues: Iterable[str] | None = None, concurrency: int = 1, times: Times | None = None) -> None:
    """Work until told to stop. Call it in the main thread of a process of its own, after ``django.setup()``.

    Args:
        queues: names of the queues to take from; None for all.
        concurrency: jobs that run side by side in threads.
        times: see :class:`Times`.
    """
    runner.stopping.clear()
    asyncio.run(_work(list(queues) if queues else None, concurrency, times or Times()))


async def _work(queues: list[str] | None, concurrency: int, times: Times) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def stop() -> None:
        if told.is_set():  # the second time: a step takes too long for who asks; the next worker does it again
            log.warning("worker.left_at_once")
            os._exit(1)
        runner.stopping.set()
        told.set()

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop)
    _begin_periodic_jobs()
    pause = times.pause
    while not told.is_set():
        try:
            await _session(queues, concurrency, times, told)
            pause = times.pause
        except (ProcrastinateException, DatabaseError, psycopg.Error, OSError) as fault:
            log.error("worker.database_away", code=type(fault).__name__, seconds=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), pause)
            pause = min(pause * 2, times.pause * 10)


async def _session(queues: list[str] | None, concurrency: int, times: Times, told: asyncio.Event) -> None:
    """Work with one set of connections, until told to stop or the database goes away."""
    # One connection first: a pool that gets none says so after half a minute only.
    first = await psycopg.AsyncConnection.connect(
        **{**connector_params(), "connect_timeout": max(1, round(times.answer))}
    )
    await first.close()
    # An app of its own: what jobs themselves put into the queue goes through Django's connection, in their transaction.
    app = django_app.with_connector(
        PsycopgConnector(
            kwargs=connector_params(), min_size=1, max_size=concurrency + 4, timeout=times.answer, name="tonghu-queue"
        )
    )
    app.periodic_defaults = {"max_delay": MISSED}
    async with app.open_async():
        await recover(app, times.silence)
        work = asyncio.create_task(
            app.run_worker_async(
                queues=queues,  # type: ignore[arg-type]  # None is every queue, as its own documentation says
                concurrency=concurrency,
                delete_jobs="always",  # what is worth keeping stands in our own row
                install_signal_handlers=False,
                fetch_job_polling_interval=times.poll,
                update_heartbeat_interval=times.heartbeat,
                stalled_worker_timeout=times.silence,
                shutdown_graceful_timeout=times.grace,
            )
        )
        watch = asyncio.create_task(_watch(app, times))
        ending = asyncio.create_task(told.wait())
        await asyncio.wait({work, watch, ending}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ending, watch, work):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        with contextlib.suppress(asyncio.CancelledError):
            await watch


async def _watch(app: App, times: Times) -> None:
    while True:
        await asyncio.sleep(times.silence / 2)
        await recover(app, times.silence)


def _begin_periodic_jobs() -> None:
    """Tell the queue's clock which jobs begin by themselves."""
    known = {periodic_id for _, periodic_id in django_app.periodic_registry.periodic_tasks}
    for kind in kinds().values():
        if kind.cron and kind.name not in known:
            django_app.periodic(cron=kind.cron, periodic_id=kind.name, task_kwargs={"kind": kind.name})(
                queue.begin_periodic
            )
