"""In whose scope a job runs: what the asker's post may when the job starts, not what it might when it was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tonghu.platform.accounts.sign_in import scope_for_job
from tonghu.platform.jobs.errors import PostEnded
from tonghu.platform.jobs.models import Job
from tonghu.platform.scope.scope import Scope, system_scope


@dataclass(frozen=True, slots=True)
class Clients:
    """What the room of docking clients says of one, by its number: its scope now (None: it has ended), its place."""

    scope: Callable[[int, str, str], Scope | None]
    institution: Callable[[int], int]


_clients: Final[list[Clients]] = []


def clients_by(those: Clients) -> None:
    """Say who knows docking clients; the room that does stands above this one."""
    _clients[:] = [those]


def clients() -> Clients:
    """Return who knows docking clients."""
    return _clients[0]


def scope_of(job: Job) -> Scope:
    """Return the scope that a job runs in.

    Raises:
        PostEnded: the asker's post or client has ended, or they may not log in any more.
    """
    if job.system:
        return system_scope(job.system)
    purpose = f"job {job.kind} {job.pk}"
    if job.client_id is not None and (held := clients().scope(job.client_id, purpose, f"job-{job.pk}")):
        return held
    if job.person_id is not None and job.post_id is not None:
        held = scope_for_job(person=job.person_id, post=job.post_id, purpose=purpose, request=f"job-{job.pk}")
        if held is not None:
            return held
    raise PostEnded(
        "提出任务的岗位已终止、对接凭证已终止或账号已停用，任务未执行；请由在任人员重新提交",
        "The post or client that asked has ended or its account is closed: nothing was done; who is in post may ask",
    )
