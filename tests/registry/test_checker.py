"""The checker: nothing to say of what services did, and a word for everything that cannot be."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from django.db import connections

import made_up
from made_up_cards import Point, code
from tonghu.config import card_commands
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry import checker
from tonghu.registry.models import Finding
from tonghu.registry.services import move, override, save_card
from tonghu.registry.states import State

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-05")]

WHY = "虚构的原因"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def owner(sql: str) -> None:
    """Change what neither the application nor a trigger would: as if a disk or an old version had done it."""
    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql)


def wrong(scope: Scope | None = None, **more: Any) -> list[str]:
    found = [one for _many, said in checker.problems(scope or system_scope("checking"), **more) for one in said]
    return [one.zh for one in found]


def test_after_a_whole_life_a_card_is_consistent(point: Point) -> None:
    for state_acts in (
        (), (("entry_clerk", "submit"), ("auditor", "return")), (("entry_clerk", "void"), ("entry_clerk", "restore")),
        (("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"), ("centre_officer", "accept"),
         ("entry_clerk", "revise")),
    ):  # fmt: skip
        card = point.card(current_address="武侯区虚构路1号")
        with point.acting("entry_clerk") as by:
            override(findings=[Finding.objects.get(card=card).pk], reason=WHY, by=by)
        for role, act in state_acts:
            with point.acting(role) as by:
                move(cards=[card.pk], act=act, reason=WHY, by=by)
        with point.acting("entry_clerk") as by:
            save_card(card=card.pk, based_on=1, front={code("sex"): "女"}, by=by)
    assert wrong() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE registry_card SET authors = '{1}'", "作者记为 {1}"),
        ("UPDATE registry_card SET state = 'approved'", "与是否有审核人不符"),
        ("UPDATE registry_card SET state = 'submitted'", "没有任何操作记录"),
        ("UPDATE registry_card SET errors = 7", "记为 7 错误"),
        ("UPDATE registry_card SET record_number = 'OTHER'", "与内容不符"),
        ("UPDATE registry_card SET accepted_version = 9", "接收的版本与之不符"),
        ("UPDATE registry_cardversion SET content_key = '\\x00'", "与其校验值不符"),
        ("UPDATE registry_cardversion SET content = '\\x0100'", "不能解密"),
        ("UPDATE registry_finding SET rule = 'HQ999'", "问题与规则不符"),
        ("UPDATE registry_card SET archive_month = '2020-01-01'", None),
    ],
)
def test_what_is_damaged_is_found_and_explained(point: Point, damage: str, said: str | None) -> None:
    point.card(cost_total="900.00")
    assert wrong() == []
    owner(damage)
    found = wrong()
    assert any(said in one for one in found) if said else found == [], found


def test_a_lost_version_an_act_out_of_line_and_a_wrong_count_are_found(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        move(cards=[card.pk], act="submit", by=by)
    owner("UPDATE registry_cardversion SET number = 7 WHERE number = 1")
    owner("UPDATE registry_act SET from_state = 'approved', to_state = 'draft'")
    assert {said.split("，")[0] for said in wrong(contents=False)} == {
        "现行版本为 2", "状态为 submitted", "操作 submit 从状态 approved 开始",
    }  # fmt: skip


def test_a_submitter_that_is_forgotten_is_found(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
    assert wrong(contents=False) == []
    owner("UPDATE registry_card SET requested_by = '{}'")
    assert wrong(contents=False) == ["提交人未记入申请人"]


def test_states_that_the_checker_names_exist() -> None:
    assert {"draft", "reported", "accepted", "submitted"} <= set(State.values)


def test_the_checker_sees_every_hospital(point: Point) -> None:
    point.card()
    Point("330102").card()
    made_up.hospital()
    assert [many for many, _wrong in checker.problems(system_scope("checking"))] == [1, 1, 0]


def test_the_command_says_how_many_and_what(
    point: Point, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = point.card(cost_total="900.00")
    monkeypatch.setattr(card_commands, "opened", lambda: open_scope(system_scope("checking")))
    parser = argparse.ArgumentParser()
    card_commands.add_words(parser.add_subparsers())
    said = parser.parse_args(["check-cards"])
    assert said.run(said) == 0
    assert "1 cards and 0 imports, all consistent" in capsys.readouterr().out
    owner("UPDATE registry_card SET errors = 7")
    monkeypatch.setattr(card_commands, "SHOWN", 0)
    assert said.run(said) == 1
    assert "1 more" in capsys.readouterr().out
    monkeypatch.setattr(card_commands, "SHOWN", 50)
    quick = parser.parse_args(["check-cards", "--quick"])
    assert quick.run(quick) == 1
    assert f"{point.hospital.code} #{card.pk}：未处理的问题记为 7 错误" in capsys.readouterr().out
