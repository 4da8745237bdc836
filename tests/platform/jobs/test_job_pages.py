"""The pages on jobs, as a browser sees them."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

import made_up
import sample_jobs
from run_jobs import run_one, seen
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.jobs.models import Job, Progress
from tonghu.platform.jobs.states import RESULTS
from tonghu.platform.jobs.tasks import enqueue, kinds
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("effects")]
State = Job.State


@pytest.fixture
def clerk(db: None) -> Post:
    return made_up.post("entry_clerk")


@pytest.fixture
def browser(clerk: Post) -> Client:
    return made_up.browser(clerk)


def ask(held: Post, **changes: object) -> int:
    with made_up.acting(held) as scope:
        job = enqueue(sample_jobs.parts, by=scope, number=1, parts=4)
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=job.pk).update(**changes)
    return job.pk


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def test_a_running_job_shows_count_rate_and_time_left_and_asks_again_each_second(clerk: Post, browser: Client) -> None:
    job = ask(clerk, state=State.RUNNING, run=1, started_at=timezone.now())
    with open_scope(system_scope("worker")):
        Progress.objects.filter(pk=job).update(
            done=1200, total=4800, unit="rows", rate=20.0, reported_at=timezone.now()
        )
    for page in (text(browser, "/jobs"), text(browser, f"/jobs/{job}")):
        assert f'hx-get="/jobs/{job}/progress"' in page
        assert "样例：逐份写入" in page
        assert "25%" in page
        assert "3分钟" in page.replace(" ", "") or "3 分钟" in page
    part = browser.get(f"/jobs/{job}/progress", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "HX-Refresh" not in part
    assert "取消" in part.content.decode()
    answer = browser.post(f"/jobs/{job}/cancel", follow=True)
    assert "已要求停止" in answer.content.decode()
    assert seen(job).progress.cancel_asked_by_id == clerk.person_id


def test_a_job_that_is_silent_for_long_is_said_to_be(clerk: Post, browser: Client) -> None:
    job = ask(clerk, state=State.RUNNING, run=1)
    with open_scope(system_scope("worker")):
        Progress.objects.filter(pk=job).update(done=1, reported_at=timezone.now() - timedelta(seconds=50))
    assert "没有新的进度" not in text(browser, f"/jobs/{job}")
    with open_scope(system_scope("worker")):
        Progress.objects.filter(pk=job).update(reported_at=timezone.now() - timedelta(minutes=5))
    assert "已有 5分钟没有新的进度" in text(browser, f"/jobs/{job}").replace("5 分钟", "5分钟")


def test_a_job_that_waits_to_be_tried_again_says_why(clerk: Post, browser: Client) -> None:
    why = {"error_zh": "磁盘空间已满：请腾出空间", "error_en": "The disk is full: make room"}
    job = ask(clerk, attempts=1, run_after=timezone.now() + timedelta(seconds=40), **why)
    assert "磁盘空间已满：请腾出空间" in text(browser, f"/jobs/{job}/progress")
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=job).update(state=State.RUNNING, run=2)
    assert "磁盘空间已满" not in text(browser, f"/jobs/{job}/progress")


def test_when_a_job_has_ended_its_page_loads_anew_with_what_came_of_it(clerk: Post, browser: Client) -> None:
    job = ask(clerk)
    run_one(job)
    assert browser.get(f"/jobs/{job}/progress")["HX-Refresh"] == "true"
    page = text(browser, f"/jobs/{job}")
    assert "sum" in page
    assert "60" in page
    assert "hx-get" not in page.split('class="content-grid')[1]


def test_what_came_of_a_job_is_said_in_words_without_an_empty_bar(clerk: Post, browser: Client) -> None:
    job = ask(clerk, state=State.DONE, finished_at=timezone.now(), result={"links": 567, "broken_at": 0})
    page = text(browser, f"/jobs/{job}")
    assert re.search(r"<dt>已检查的校验记录数</dt><dd>567</dd>", page)
    assert "broken_at" not in page
    assert "<progress" not in page
    assert "<progress" in text(browser, f"/jobs/{ask(clerk)}")


def test_every_result_that_a_job_of_ours_returns_has_its_words() -> None:
    for function in (kind.function for kind in kinds().values() if kind.function.__module__.startswith("tonghu.")):
        source = inspect.getsource(sys.modules[function.__module__])
        for said in re.findall(r"return \{(.*)\}", source):
            assert set(re.findall(r'"(\w+)": ', said)) <= set(RESULTS), function


def test_a_dead_letter_says_why_and_is_settled_on_its_page(clerk: Post, browser: Client) -> None:
    job, other = (
        ask(clerk, state=State.DEAD, finished_at=timezone.now(), error_zh="磁盘空间已满", error_en="The disk is full")
        for _ in range(2)
    )
    page = text(browser, f"/jobs/{job}")
    assert "磁盘空间已满" in page
    assert "重试" in page
    answer = browser.post(f"/jobs/{job}/drop", {"reason": " "}, follow=True)
    assert "请填写放弃的原因" in answer.content.decode()
    browser.post(f"/jobs/{job}/drop", {"reason": "已重新上传"})
    assert seen(job).state == State.DROPPED
    page = text(browser, f"/jobs/{job}")
    assert "已重新上传" in page
    assert "虚构人员" in page
    browser.post(f"/jobs/{other}/again")
    assert seen(other).state == State.WAITING


def test_a_waiting_job_is_cancelled_from_its_page(clerk: Post, browser: Client) -> None:
    job = ask(clerk)
    assert f'action="/jobs/{job}/cancel"' in text(browser, f"/jobs/{job}")
    browser.post(f"/jobs/{job}/cancel")
    assert seen(job).state == State.CANCELLED
    assert "已取消" in text(browser, "/jobs")
    assert re.search(rf'action="/jobs/{job}/again".*<button[^>]*>继续', text(browser, f"/jobs/{job}"))
    browser.post(f"/jobs/{job}/again")
    assert seen(job).state == State.WAITING


@pytest.mark.parametrize("act", ["", "/progress", "/cancel", "/again", "/drop"])
def test_nobody_guesses_the_number_of_anothers_job(clerk: Post, act: str) -> None:
    job = ask(clerk, state=State.DEAD, finished_at=timezone.now())
    stranger = made_up.browser(made_up.post("entry_clerk"))
    ask_ = stranger.get if act in ("", "/progress") else stranger.post
    assert ask_(f"/jobs/{job}{act}").status_code == 404
    assert made_up.browser().get(f"/jobs/{job}").status_code == 302
    assert seen(job).state == State.DEAD


def test_the_list_of_failed_jobs_is_for_those_who_settle_them(clerk: Post, browser: Client) -> None:
    job = ask(clerk, state=State.DEAD, finished_at=timezone.now(), error_zh="磁盘空间已满", error_en="x")
    assert browser.get("/jobs/failed").status_code == 403
    assert browser.get("/jobs/all").status_code == 200, "a clerk sees how far the work of colleagues is"
    auditor = made_up.browser(made_up.post("auditor", clerk.institution))
    assert auditor.get("/jobs/all").status_code == 403
    manager = next(code for code, role in ROLES.items() if "jobs.manage" in role.permissions)
    lead = made_up.browser(made_up.post(manager, clerk.institution))
    page = text(lead, "/jobs/failed")
    assert "磁盘空间已满" in page
    assert f"/jobs/{job}" in page
    assert f"/jobs/{job}" in text(lead, "/jobs/all")
    assert lead.post(f"/jobs/{job}/again").status_code == 302
    assert seen(job).state == State.WAITING
    assert "没有失败任务" in text(lead, "/jobs/failed")
    elsewhere = made_up.browser(made_up.post(manager))
    assert f"/jobs/{job}" not in text(elsewhere, "/jobs/all")


def test_many_jobs_are_paged(clerk: Post, browser: Client) -> None:
    with made_up.acting(clerk):
        made = Job.objects.bulk_create(
            Job(
                kind="sample.parts", person_id=clerk.person_id, post=clerk, institution=clerk.institution,
                state=State.DONE, finished_at=timezone.now() - timedelta(days=1),
            )
            for _ in range(120)
        )  # fmt: skip
        Progress.objects.bulk_create(Progress(job=job) for job in made)
    page = text(browser, "/jobs")
    assert page.count("/jobs/") >= 50
    assert "after=" in page
    assert "还没有" not in text(browser, "/jobs?state=done")
    assert "您提交的导入" in text(made_up.browser(made_up.post("entry_clerk")), "/jobs")


def test_a_job_of_a_kind_that_this_version_forgot_still_has_a_page(clerk: Post, browser: Client) -> None:
    job = ask(clerk, kind="sample.gone")
    assert "sample.gone" in text(browser, f"/jobs/{job}")
    ended = run_one(job)
    assert ended.state == State.WAITING
    assert ended.attempts == 1
