"""A big file is compared by plans for a big file, though the database last counted its tables while they were empty."""

from __future__ import annotations

import re

import psycopg
import pytest
from django.db import connection
from made_up_files import Hospital

import site_database
from tonghu.intake.models import Batch
from tonghu.intake.tasks import COUNTED_FROM

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def checked(hospital: Hospital, rows: int) -> Batch:
    return hospital.checked(*(hospital.page(P3=f"ZY{number:05d}", P4=f"虚构{number}") for number in range(rows)))


def believed(hospital: Hospital, batch: Batch) -> int:
    """How many rows of a batch the planner believes in."""
    with hospital.acting(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT FROM intake_row WHERE batch_id = %s", [batch.pk])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    return max(int(said) for said in re.findall(r"rows=(\d+)", plan))


def test_the_planner_knows_how_many_rows_wait(hospital: Hospital) -> None:
    before = checked(hospital, 300)
    # Of another transaction's rows the owner counts none, as of those of an import that has ended.
    address = site_database.address("owner", connection.settings_dict["NAME"])
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("ANALYZE intake_row")
    assert believed(hospital, before) < 10, "else this shows nothing"
    batch = checked(hospital, COUNTED_FROM + 100)
    assert COUNTED_FROM / 2 < believed(hospital, batch) < COUNTED_FROM * 2
