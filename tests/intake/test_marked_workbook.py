"""The marked workbook of an import: who takes it, what the log says of that, and when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from made_up_files import Hospital

import made_up
import run_jobs
from tonghu.intake import services, tasks
from tonghu.intake.models import Batch
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.audit.models import Event
from tonghu.platform.files.models import StoredFile
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


@pytest.mark.requirement("NET-09")
def test_taking_the_marked_workbook_is_a_right_of_its_own_and_the_log_has_its_children(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital.imported(hospital.page())
    batch = with_workbook(hospital, hospital.checked(hospital.page(P27="99")))
    clerk, download = made_up.browser(hospital.clerk), f"/files/{batch.marked}/download"
    said = clerk.post(download, {"reason": "与病案核对"})
    assert b"".join(said.streaming_content).startswith(b"PK")  # type: ignore[arg-type]
    with hospital.acting():
        child = Card.objects.get().child_id
    with open_scope(system_scope("chain")):
        (named,) = Event.objects.filter(kind="children.exported")
    assert (named.institution_id, named.reason) == (hospital.institution.pk, "与病案核对")
    assert named.data == {"what": "标注工作簿", "count": 1, "children": [child]}
    role = ROLES["entry_clerk"]
    less = replace(role, permissions=role.permissions - {"intake.take_marked"})
    monkeypatch.setitem(ROLES, "entry_clerk", less)  # type: ignore[index]
    assert clerk.post(download, {"reason": "与病案核对"}).status_code == 403
    assert clerk.post(f"/imports/{batch.pk}/mark").status_code == 403
    page = clerk.get(f"/imports/{batch.pk}").content.decode()
    assert "标注工作簿" not in page
    another = hospital.checked(hospital.page(P27="98", P3="ZY0009"))
    with hospital.acting() as by:
        assert Job.objects.filter(kind="intake.mark").count() == 2, "none for the third file"
        asked = enqueue(tasks.mark_file, by=by, key="by-hand", batch=another.pk)
    assert run_jobs.run_one(asked.pk).state == Job.State.REFUSED
    assert hospital.seen(another).marked is None


def test_the_marked_workbook_ends_with_its_import(hospital: Hospital) -> None:
    done = with_workbook(hospital, hospital.checked(hospital.page()))
    with hospital.acting() as by:
        kept, brought = (StoredFile.objects.get(pk=number) for number in (done.marked, done.file_id))
        assert kept.ends_at is not None
        assert brought.ends_at is not None
        assert abs(kept.ends_at - brought.ends_at) < timedelta(seconds=5)
        services.confirm(batch=done.pk, by=by)
    hospital.run(hospital.seen(done))
    left = with_workbook(hospital, hospital.checked(hospital.page(P3="ZY0009")))
    made_up.browser(hospital.clerk).post(f"/imports/{left.pk}/discard")
    with hospital.acting():
        ends = [StoredFile.objects.get(pk=each.marked).destroyed_why for each in (done, left)]
        assert ends == ["batch_confirmed", "batch_discarded"]


def test_a_workbook_that_is_gone_is_not_waited_for(hospital: Hospital) -> None:
    batch = with_workbook(hospital, hospital.checked(hospital.page()))
    clerk = made_up.browser(hospital.clerk)
    clerk.post(f"/files/{batch.marked}/withdraw")
    assert "正在生成" not in clerk.get(f"/imports/{batch.pk}").content.decode()


def with_workbook(hospital: Hospital, batch: Batch) -> Batch:
    """A file that waits, once its workbook is made."""
    with hospital.acting():
        job = Job.objects.filter(kind="intake.mark").latest("pk")
    assert run_jobs.run_one(job.pk).state == "done"
    return hospital.seen(batch)
