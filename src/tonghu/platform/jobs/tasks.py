"""Declaring jobs and asking for them. Example, in a room's own ``tasks.py`` (found by itself)::

    @job("intake.screen", zh="筛查出院数据", en="Screen a discharge file", queue="heavy")
    def screen(run: Run, *, upload: int) -> dict[str, int]:
        for n, part in enumerate(parts_of(upload)):
            run.once(f"part-{n}", partial(store_part, upload=upload, number=n, by=run.scope))
            run.report(n + 1, len(parts), "files")
        return {"rows": 12}

    asked = enqueue(screen, by=scope, key=f"upload-{upload.pk}", upload=upload.pk)

``enqueue`` writes the job and its place in the queue in the caller's transaction: both come, or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import get_language

from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs import queue as procrastinate_queue
from tonghu.platform.jobs.asker import clients
from tonghu.platform.jobs.models import Job, Progress
from tonghu.platform.jobs.plain import require_plain
from tonghu.platform.scope.scope import SYSTEM, Scope

Function = Callable[..., Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A declared kind of job.

    Attributes:
        name: ``room.verb``.
        zh, en: what it does, a few words for its page.
        function: called with a :class:`tonghu.platform.jobs.run.Run` and the arguments.
        queue: which workers take it.
        cron: when a job begins by itself: five fields in UTC (China is eight hours ahead), six with seconds; or empty.
        system: the system scope in which it then runs.
        due: asked in that scope when its moment comes; where it says no, no job is made.
        asked_with: the permission with which it can be asked for through the API; empty: it cannot.
    """

    name: str
    zh: str
    en: str
    function: Function
    queue: str = "default"
    cron: str = ""
    system: str = ""
    due: Callable[[], bool] | None = None
    asked_with: str = ""

    @property
    def title(self) -> str:
        """What it does, in the language of the reader."""
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


_kinds: dict[str, Kind] = {}


def job(
    name: str,
    *,
    zh: str,
    en: str,
    queue: str = "default",
    cron: str = "",
    system: str = "",
    due: Callable[[], bool] | None = None,
    asked_with: str = "",
) -> Callable[[Function], Function]:
    """Declare a function as a job, so that it can be asked for and workers know it.

    Raises:
        ValueError: the name is taken, a title is missing, or a periodic job has no system scope of its own.
    """

    def declared(function: Function) -> Function:
        if name in _kinds or not zh or not en:
            raise ValueError(f"job {name!r} is declared twice or lacks a title")
        if bool(cron) != bool(system) or (system and system not in SYSTEM):
            raise ValueError(f"job {name!r}: a periodic job has a cron and a known system scope, others have neither")
        _kinds[name] = Kind(name, zh, en, function, queue, cron, system, due, asked_with)
        return function

    return declared


def kinds() -> Mapping[str, Kind]:
    """Return every declared kind by name; complete once Django has loaded its apps."""
    return MappingProxyType(_kinds)


def kind_of(function: Function | str) -> Kind:
    """Return the kind of a declared function or name.

    Raises:
        KeyError: it was not declared.
    """
    if isinstance(function, str):
        return _kinds[function]
    return next(kind for kind in _kinds.values() if kind.function is function)


@transaction.atomic
def enqueue(function: Function | str, *, by: Scope, key: str = "", **arguments: Any) -> Job:
    """Ask for a job in the caller's transaction, as the caller; the same `key` again returns the same job.

    Args:
        function: a function declared by :func:`job`, or its name.
        by: who asks; the job runs with what this post or client may when it starts, not with what it may now.
        key: what the asker calls this wish by; the same one again while the first lives or has succeeded asks nothing.
        arguments: numbers, days and codes.

    Raises:
        KeyError: the function was not declared.
        ValueError: an argument could name somebody, or nobody asks.
    """
    kind = kind_of(function)
    require_plain(arguments, kind.name)
    require_plain({"key": key}, kind.name)
    if by.post is None and by.client is None and by.system is None:
        raise ValueError("a job needs somebody who asks: a person's post, a docking client or a system scope")
    post = Post.objects.get(pk=by.post) if by.post is not None else None
    place = post.institution_id if post else clients().institution(by.client) if by.client is not None else None
    owner = {"person_id": by.person, "client_id": by.client, "institution_id": place, "system": by.system or ""}
    live = Q(state__in=[Job.State.WAITING, Job.State.RUNNING, Job.State.DONE, Job.State.DEAD])
    same = Job.objects.filter(live, kind=kind.name, key=key, **owner)
    if key and (found := same.first()):
        return found
    try:
        with transaction.atomic():
            asked = Job.objects.create(
                kind=kind.name, queue=kind.queue, arguments=arguments, key=key, post=post, **owner
            )
    except IntegrityError:  # somebody asked for the same at the same moment
        return same.get()
    Progress.objects.create(job=asked)
    procrastinate_queue.put(asked)
    return asked
