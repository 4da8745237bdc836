"""In whose scope a job runs: what the asker's post may when the job starts, not what it might when it was asked for."""

from __future__ import annotations

from tonghu.platform.accounts.sign_in import scope_for_job
from tonghu.platform.jobs.errors import PostEnded
from tonghu.platform.jobs.models import Job
from tonghu.platform.scope.scope import Scope, system_scope


def scope_of(job: Job) -> Scope:
    """Return the scope that a job runs in.

    Raises:
        PostEnded: the asker's post has ended, or they may not log in any more.
    """
    if job.system:
        return system_scope(job.system)
    purpose = f"job {job.kind} {job.pk}"
    if job.person_id is not None and job.post_id is not None:
        held = scope_for_job(person=job.person_id, post=job.post_id, purpose=purpose, request=f"job-{job.pk}")
        if held is not None:
            return held
    raise PostEnded(
        "提出任务的岗位已终止或账号已停用，任务未执行；请由在任人员重新提交",
        "The post that asked has ended or its account is closed, so nothing was done; somebody in post may ask again",
    )
