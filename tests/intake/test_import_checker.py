"""The checker of imports: nothing to say of what the services did, and a word for everything that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connections
from made_up_files import Hospital, a_hospital

from run_jobs import seen
from tonghu.intake import checker, services
from tonghu.intake.models import State
from tonghu.platform.jobs.models import Job
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-06")]


@pytest.fixture
def hospital(committed: None, in_vault: Path) -> Hospital:
    return a_hospital()


def owner(sql: str) -> None:
    """Change what neither the application nor a trigger would: as if a disk or an old version had done it."""
    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql)


def wrong() -> list[str]:
    return [one.zh for _many, said in checker.problems(system_scope("checking")) for one in said]


def test_a_whole_life_of_imports_explains_itself(hospital: Hospital) -> None:
    first = hospital.imported(hospital.page(), hospital.page(P3="ZY0002"), hospital.page(P3=""))
    with hospital.acting() as by:
        card = Card.objects.get(record_number="ZY0002")
        save_card(card=card.pk, based_on=1, front={"P5": "2"}, by=by)
    second = hospital.imported(hospital.page(P782="13000.00"), hospital.page(P3="ZY0003"))
    hospital.undone(second)
    hospital.undone(first)
    hospital.imported(hospital.page(), hospital.page(P3="ZY0003"))  # what was voided comes back
    hospital.checked(hospital.page(P3="ZY0004"), hospital.page(P3="ZY0005", P27="99"))
    refused = hospital.upload("甲,乙\n1,2\n".encode())
    hospital.run(refused)
    hospital.upload(b"P900,P3\n1,2\n")
    assert wrong() == []
    assert [many for many, _said in checker.problems(system_scope("checking"))] == [6]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE intake_batch SET counts = counts || '{\"created\": 1, \"failed\": 2}'", "写了 2 份报告卡"),
        ("UPDATE intake_batch SET counts = counts || '{\"skipped\": 1}'", "已处理 4 行，等待 0 行，合计应为 3 行"),
        ("UPDATE registry_cardversion SET batch = 9999", "却没有这次导入"),
        ("UPDATE intake_batch SET number = 2", "1 批，编号却到 2"),
        ("UPDATE intake_batch SET state = 'ready'", "与是否编号不符"),
        ("UPDATE intake_batch SET state = 'undone'", "没有处理到最后一份"),
        ("UPDATE intake_batch SET state = 'confirming'", "它的任务却是“done”，也没有说明原因"),
        ("UPDATE intake_batch SET state = 'undoing', job = NULL", "它的任务却是“—”"),
        ("UPDATE intake_batch SET state = 'refused', number = NULL", "没有说明原因"),
        ("UPDATE intake_batch SET kept_cards = '{7}'", "列出 1 份未撤销的报告卡，却记为 0 份"),
        ("INSERT INTO intake_row_finding (batch_id, institution_id, row, rule, rule_version, \"column\", level) "
         "SELECT id, institution_id, 1, 'HQ001', 1, '', 'error' FROM intake_batch", "还有 0 行和 1 处问题"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_found_and_explained(hospital: Hospital, damage: str, said: str) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"), hospital.page(P3=""))
    assert wrong() == []
    owner(damage)
    assert any(said in one for one in wrong()), wrong()


def test_a_card_that_an_import_wrote_twice_is_found(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, front={"P5": "2"}, by=by)
    owner("UPDATE registry_cardversion SET origin = 'import', batch = (SELECT max(id) FROM intake_batch)")
    assert any("写了不止一次，共 1 份" in one for one in wrong())


def test_rows_that_went_before_they_were_decided_are_missed(hospital: Hospital) -> None:
    hospital.checked(hospital.page(P27="99"), hospital.page(P3="ZY0002"))
    owner("DELETE FROM intake_row WHERE row = 1")
    assert any("有 1 行等待确认，核对时却有 2 行" in one for one in wrong())
    assert any("处问题，实有" in one for one in wrong())


def test_work_that_was_stopped_explains_itself(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page())
    with hospital.acting() as by:
        services.confirm(batch=batch.pk, by=by)
    job = hospital.seen(batch).job
    assert seen(job or 0).state == Job.State.WAITING
    assert wrong() == []
    owner(f"UPDATE jobs_job SET state = 'dead', finished_at = now() WHERE id = {job}")
    assert any("它的任务却是“dead”，也没有说明原因" in one for one in wrong())
    owner("UPDATE jobs_job SET error_zh = '磁盘已满', error_en = 'The disk is full'")
    assert wrong() == []
    assert hospital.seen(batch).state == State.CONFIRMING
