"""Posts for which nothing can ever wait are not told that all is done, nor led to jobs that they cannot start."""

from __future__ import annotations

import pytest

import made_up

pytestmark = pytest.mark.django_db

NOTHING_WAITS = "目前没有等您处理的事"


@pytest.mark.parametrize(
    ("role", "department", "jobs"),
    [
        ("insurance_officer", "insurance", False), ("civil_affairs_officer", "civil_affairs", False),
        ("drug_officer", "drug", False), ("system_admin", "centre", True), ("security_admin", "centre", True),
        ("audit_admin", "centre", True), ("site_operator", "centre", True),
    ],
)  # fmt: skip
def test_a_post_without_tasks_is_not_told_that_none_waits(role: str, department: str, jobs: bool) -> None:
    region = "000000" if department == "centre" else "510000"
    page = made_up.browser(made_up.post(role, made_up.authority(department, region))).get("/").content.decode()
    assert NOTHING_WAITS not in page
    assert "all-well" not in page
    assert ("我的任务" in page) == jobs


def test_a_partner_in_the_hospital_neither() -> None:
    page = made_up.browser(made_up.post("it_partner")).get("/").content.decode()
    assert NOTHING_WAITS not in page
    assert "我的任务" not in page


def test_a_post_with_tasks_keeps_its_jobs() -> None:
    assert "我的任务" in made_up.browser(made_up.post("entry_clerk")).get("/").content.decode()
