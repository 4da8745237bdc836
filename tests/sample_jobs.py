"""Jobs that the tests run: they write to a table of their own and do nothing else."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from tonghu.errors import InputRefused
from tonghu.platform.jobs.points import point
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import enqueue, job

TABLE = """
CREATE SCHEMA IF NOT EXISTS sample;
GRANT USAGE ON SCHEMA sample TO tonghu_app;
CREATE TABLE IF NOT EXISTS sample.effect (id bigserial, job bigint, part int, asked_by bigint);
"""


@pytest.fixture(scope="session")
def effects(django_db_setup: None) -> None:
    """The table of the sample jobs, made by the owner in a schema of its own; it goes with the session's database."""
    wanted = connections["owner"].get_connection_params()
    kept = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: wanted[name] for name in kept}, autocommit=True) as owner:
        owner.execute(TABLE)


def write(number: int, part: int, by: Any) -> int:
    """The effect of one step: a row, deliberately without a key that would forgive a second one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sample.effect (job, part, asked_by) VALUES (%s, %s, scope.person())", [number, part]
        )
        point("sample.in_effect")
    return part * 10


@job("sample.parts", zh="样例：逐份写入", en="Sample: write part by part")
def parts(run: Run, *, number: int, parts: int, pause: float = 0.0) -> dict[str, int]:
    run.report(0, parts, "files")
    total = 0
    for part in range(parts):
        total += run.once(f"part-{part}", partial(write, number, part, run.scope))
        run.report(part + 1, parts, "files")
        point("sample.between")
        time.sleep(pause)
    return {"sum": total}


@job("sample.long", zh="样例：一步很久", en="Sample: one long step")
def long(run: Run, *, number: int) -> None:
    def effect() -> int:
        written = write(number, 0, run.scope)
        run.report(1, 2, "files")  # over its own connection: seen while the step is open
        time.sleep(120)
        return written

    run.once("long", effect)


@job("sample.chain", zh="样例：提出后续任务", en="Sample: ask for a further job")
def chain(run: Run, *, number: int) -> None:
    """A step that asks for another job: the outbox inside a job."""
    run.once("ask", lambda: enqueue(parts, by=run.scope, number=number, parts=2).pk)


FAILURES: list[BaseException] = []


@job("sample.failing", zh="样例：按需失败", en="Sample: fail as told")
def failing(run: Run, *, number: int) -> None:
    run.once("before", partial(write, number, 0, run.scope))
    if FAILURES:
        raise FAILURES.pop(0)
    run.once("after", partial(write, number, 1, run.scope))


@job("sample.refusing", zh="样例：拒收", en="Sample: refuse what was given")
def refusing(run: Run) -> None:
    raise InputRefused("文件没有表头：请补上第一行", "The file has no header: add the first row")


@job("sample.periodic", zh="样例：定时", en="Sample: begins by itself", cron="* * * * * *", system="upkeep")
def periodic(run: Run) -> None:
    with run.open() as scope:
        assert scope.system == "upkeep"


def effects_of(number: int) -> list[int]:
    """The parts that were written for a number, in the order of writing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT part FROM sample.effect WHERE job = %s ORDER BY id", [number])
        return [row[0] for row in cursor.fetchall()]
