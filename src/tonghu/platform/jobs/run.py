"""What a job's function gets: steps whose effects happen exactly once, progress, and the scope of who asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from tonghu.platform.jobs.errors import CancelledByAsker, Superseded, WorkerStops
from tonghu.platform.jobs.models import Step
from tonghu.platform.jobs.plain import require_plain
from tonghu.platform.jobs.points import point
from tonghu.platform.jobs.pulse import WORKER, Pulse
from tonghu.platform.jobs.rates import Pace, advance
from tonghu.platform.jobs.states import UNITS
from tonghu.platform.scope.scope import Scope, open_scope

#: Seconds between two reports that are written: at most four a second.
BETWEEN_REPORTS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Reached:
    """The last step that is committed: where a job that starts again goes on from."""

    name: str
    result: Any


class Run:
    """One run of a job.

    Attributes:
        scope: what the asker's post may now; give it to services as ``by``.
        reached: the last committed step, None at the first start.
    """

    def __init__(
        self, *, job: int, number: int, scope: Scope, pulse: Pulse, stopping: threading.Event | None = None
    ) -> None:
        self.scope = scope
        self._job = job
        self._number = number
        self._pulse = pulse
        self._stopping = stopping or threading.Event()
        self._pace: Pace | None = None
        self._written = -BETWEEN_REPORTS
        self._unwritten: dict[str, Any] | None = None
        self.reached = self._last()

    @contextmanager
    def open(self) -> Iterator[Scope]:
        """A transaction in the asker's scope, for reading; what is written goes through :meth:`once`."""
        with open_scope(self.scope):
            yield self.scope

    def once(self, step: str, effect: Callable[[], Any]) -> Any:
        """Run `effect` in the asker's scope and commit it together with the step's name; a second time changes nothing.

        Args:
            step: its name, the same in every run of the job.
            effect: writes to the database, and returns a number, a code, a list or a dictionary of them, or None.

        Returns:
            What `effect` returned, when it was run now or in an earlier run.

        Raises:
            CancelledByAsker, WorkerStops, Superseded: the run ends here, before the step.
            ValueError: the result could name somebody.
        """
        self._go_on()
        point("job.before_step")
        # durable: inside another transaction the step would be kept or lost with that one
        with transaction.atomic(durable=True), open_scope(WORKER):
            self._hold()
            found = Step.objects.filter(job_id=self._job, name=step).first()
            if found is not None:
                return found.result
            with open_scope(self.scope):
                result = effect()
            require_plain({step: result}, "result")
            Step.objects.create(job_id=self._job, name=step, result=result, run=self._number)
            point("job.before_commit")
        point("job.after_commit")
        return json.loads(json.dumps(result))  # as a later run will read it

    def report(self, done: int, total: int | None = None, unit: str = "") -> None:
        """Say how far the job is; written at most four times a second, outside every transaction of the job.

        Args:
            done: units finished.
            total: units in all, None where nobody knows yet.
            unit: a word of :data:`tonghu.platform.jobs.states.UNITS`.

        Raises:
            CancelledByAsker, WorkerStops, Superseded: the run ends here.
            KeyError: the unit has no word.
        """
        UNITS[unit]
        now = time.monotonic()
        self._unwritten = {"done": done, "total": total, "unit": unit}
        self._pace = advance(self._pace, done, now)
        if now - self._written >= BETWEEN_REPORTS:
            self._written = now
            self.flush()
            point("job.reported")
        self._go_on()

    def flush(self) -> None:
        """Write the last report, where it was too soon for it."""
        if self._unwritten is None:
            return
        rate = self._pace.rate if self._pace else None
        said = self._pulse.beat({"job": self._job, "run": self._number, "rate": rate, **self._unwritten})
        self._unwritten = None
        if said is None:
            raise Superseded
        if said:
            raise CancelledByAsker

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise WorkerStops

    def _hold(self) -> None:
        """Lock the job's row against a worker that takes over, and stop where one has; see whether it is to stop."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM jobs_job WHERE id = %s AND run = %s AND state = 'running' FOR SHARE",
                [self._job, self._number],
            )
            if cursor.fetchone() is None:
                raise Superseded
            cursor.execute("SELECT cancel_asked_at IS NOT NULL FROM jobs_progress WHERE job_id = %s", [self._job])
            asked = cursor.fetchone()
        if asked and asked[0]:
            raise CancelledByAsker

    def _last(self) -> Reached | None:
        with open_scope(WORKER):
            last = Step.objects.filter(job_id=self._job).order_by("-id").first()
        return Reached(last.name, last.result) if last else None
