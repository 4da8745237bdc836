"""A list that shows who children are is a look at each of them: one row in the log, found again by any of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

import made_up
from tonghu.patients import first_screen
from tonghu.patients.agreements import let_see, record_consent
from tonghu.patients.merges import merge
from tonghu.patients.models import Child
from tonghu.patients.services import enter_view
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.chain import CHECKED
from tonghu.platform.audit.events import SITE, record, record_each
from tonghu.platform.audit.kinds import kind
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db


def logged(code: str = "children.listed") -> list[Event]:
    with open_scope(system_scope("migration")):
        return list(Event.objects.filter(kind=code).order_by("pk"))


def entered(post: Post, *names: str) -> list[int]:
    with made_up.acting(post) as by:
        return [
            enter_view(institution=post.institution_id, record_number=f"R{n}", patient_name=name, by=by).child_id
            for n, name in enumerate(names)
        ]


@pytest.fixture
def clerk() -> Post:
    return made_up.post("entry_clerk")


@pytest.mark.parametrize(
    ("address", "purpose"),
    [
        ("/children", "患儿列表"), ("/children?q=xuni", "患儿列表"), ("/search?q=xuni", "搜索框"),
        ("/api/v1/children?q=xuni", "接口查询"),
    ],
)  # fmt: skip
def test_a_list_leaves_one_row_with_all_that_it_showed(clerk: Post, address: str, purpose: str) -> None:
    children = entered(clerk, "虚拟甲", "虚拟乙", "虚拟丙")
    answer = made_up.browser(clerk).get(address, headers={"accept": "*/*"})
    assert answer.status_code == 200
    (row,) = logged()
    assert row.data == {"purpose": purpose, "count": 3, "children": sorted(children)}
    assert (row.institution_id, row.by_person) == (clerk.institution_id, clerk.person_id)


def test_an_empty_list_leaves_none(clerk: Post) -> None:
    made_up.browser(clerk).get("/children")
    assert logged() == []


def test_each_hospital_has_its_own_children_in_its_book() -> None:
    clerks = [made_up.post("entry_clerk"), made_up.post("entry_clerk")]
    children = [entered(clerk, "虚拟甲") for clerk in clerks]
    officer = made_up.post("commission_officer", made_up.authority("health", "510000"))
    made_up.browser(officer).get("/children")
    assert [(row.institution_id, row.data["children"]) for row in logged()] == [
        (clerk.institution_id, own) for clerk, own in zip(clerks, children, strict=True)
    ]


def test_the_log_says_the_list_and_finds_it_by_each_child(clerk: Post) -> None:
    children = entered(clerk, "虚拟甲", "虚拟乙")
    made_up.browser(clerk).get("/children")
    auditor = made_up.browser(made_up.post("audit_admin", clerk.institution))
    page = auditor.get(reverse("trail:events"), {"subject": str(children[1])}).content.decode()
    assert f"查看了 2 名患儿的名单（患儿列表），编号：{children[0]}、{children[1]}" in page
    for other in ("999999", "abc", "9" * 30, "²"):
        assert "查看了 2 名患儿" not in auditor.get(reverse("trail:events"), {"subject": other}).content.decode()


def test_the_changes_of_many_children_are_one_look(clerk: Post) -> None:
    entered(clerk, "虚拟甲", "虚拟乙")
    page = made_up.browser(clerk).get(reverse("trail:changes"))
    assert page.status_code == 200
    (row,) = logged()
    assert (row.data["purpose"], row.data["count"], logged("child.read")) == ("修改记录", 2, [])


def test_only_who_walked_the_chain_says_that_it_is_whole(clerk: Post) -> None:
    for scope in (made_up.scope_at(clerk), system_scope("login"), system_scope("upkeep")):
        with open_scope(scope) as by, pytest.raises(DatabaseError, match="row-level security"), open_scope(by):
            record(CHECKED, subject=SITE, by=by, data={"links": 7})
    with open_scope(system_scope("chain")) as by:
        record(CHECKED, subject=SITE, by=by, data={"links": 7})


def test_a_subject_that_is_no_number_leaves_the_first_screen_as_it_is(
    clerk: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses such events by now; a log may hold one from before, and is never rewritten."""
    (child,) = entered(clerk, "虚拟甲")
    made_up.browser(clerk).get(reverse("patients:child", args=[child]))
    numbers = first_screen._numbers
    junk = ("nope", "", "²", "-1", "9" * 30)
    monkeypatch.setattr(first_screen, "_numbers", lambda looks: numbers([*junk, *looks]))
    page = made_up.browser(clerk).get("/")
    assert page.status_code == 200
    assert "虚拟甲" in page.content.decode()


def test_a_row_a_book_keeps_what_its_kind_names() -> None:
    tried: dict[str, Any] = {"zh": "试", "en": "tried"}
    with open_scope(system_scope("chain")) as by:
        for one, data in (
            (kind("looks.tried", **tried), {"more": 1}), (kind("looks.held", **tried, personal=("name",)), {}),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="for each of the books"):
                record_each(one, by=by, books=[(None, data)])


def test_a_page_that_asks_before_an_act_logs_whom_it_names(clerk: Post) -> None:
    """Taking back a consent, a permission, a merge: each page says the child's name."""
    one, other = (Child(pk=pk) for pk in entered(clerk, "虚构甲", "虚构乙"))
    here = clerk.institution
    lead, records = made_up.post("point_lead", here), made_up.post("records_department", here)
    with made_up.acting(clerk) as by:
        agreed = record_consent(
            child=one, institution=here.pk, purpose="sharing", given_by="虚构母", relation="5", by=by
        )
    with made_up.acting(lead) as by:
        grant = let_see(
            child=one, institution=made_up.hospital().pk, given_by=here.pk, ground="referral",
            start=timezone.now(), end=timezone.now() + timedelta(days=1), by=by,
        )  # fmt: skip
    with made_up.acting(records) as by:
        joined = merge(kept=one, merged=other, reason="同一患儿", by=by)
    for post, page, row, purpose in (
        (clerk, "withdraw", agreed.pk, "撤回同意"), (lead, "end_grant", grant.pk, "结束查看"),
        (records, "undo_merge", joined, "撤销合并"),
    ):  # fmt: skip
        before = len(logged("child.read"))
        answer = made_up.browser(post).get(reverse(f"patients:{page}", args=[row]))
        assert "虚构甲" in answer.content.decode(), page
        looks = logged("child.read")[before:]
        assert {event.data["purpose"] for event in looks} == {purpose}
        assert str(one.pk) in {event.subject_id for event in looks}
