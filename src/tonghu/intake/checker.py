"""Whether every import explains itself: its counts, its rows, its cards and its job, looked at from outside.

For ``tonghu site check-cards``, beside the cards themselves (:mod:`tonghu.registry.checker`): after a crash, a restore,
or whenever somebody doubts. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import connection

from tonghu.network.models import Institution
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry.checker import Problem
from tonghu.registry.tasks import at_each_hospital

#: Beside the batches themselves: the cards that each made, changed or restored, and how often it wrote each.
_CARDS: Final = """
WITH told AS (
  SELECT b.id, coalesce(b.year || '-' || lpad(b.number::text, 4, '0'), '#' || b.id) AS label, b.state, b.counts,
         b.kept_cards, b.number, b.year
  FROM intake_batch AS b WHERE b.institution_id = %(here)s
), done AS (
  SELECT batch, card_id, bool_or(versions > 1) AS twice FROM (
    SELECT batch, card_id, count(*) AS versions FROM registry_cardversion
    WHERE institution_id = %(here)s AND batch IS NOT NULL AND origin = 'import' GROUP BY 1, 2
    UNION ALL
    SELECT DISTINCT batch, card_id, 0 FROM registry_act
    WHERE institution_id = %(here)s AND batch IS NOT NULL AND act = 'restore'
  ) AS each GROUP BY 1, 2
), cards AS (
  SELECT batch, count(*) AS cards, max(card_id) AS last, count(*) FILTER (WHERE twice) AS twice
  FROM done GROUP BY 1
)
"""
#: What the imports and the cards say of each other: a query of (batch, …) and what each row of its answer says.
_OF_CARDS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "SELECT told.label, coalesce((counts->>'created')::int + (counts->>'updated')::int, 0), coalesce(cards, 0) "
        "FROM told LEFT JOIN cards ON cards.batch = told.id "
        "WHERE coalesce((counts->>'created')::int + (counts->>'updated')::int, 0) <> coalesce(cards, 0)",
        "记为新建和更新 {1} 份，实际写了 {2} 份报告卡",
        "it counts {1} cards created and updated, but wrote {2}",
    ),
    (
        "SELECT told.label, twice FROM told JOIN cards ON cards.batch = told.id WHERE twice > 0",
        "同一份报告卡写了不止一次，共 {1} 份",
        "it wrote {1} cards more than once",
    ),
    (
        "SELECT '#' || cards.batch, cards FROM cards LEFT JOIN told ON told.id = cards.batch WHERE told.id IS NULL",
        "{1} 份报告卡说由它导入，却没有这次导入",
        "{1} cards say that it brought them, but there is no such import",
    ),
    (
        "SELECT label, told, dealt FROM (SELECT told.label, coalesce((counts->>'voided')::int, 0) "
        "+ coalesce((counts->>'restored')::int, 0) + coalesce((counts->>'kept')::int, 0) AS told, (SELECT count(*) "
        "FROM done WHERE batch = told.id AND card_id <= coalesce((counts->>'undone_to')::bigint, 0)) AS dealt "
        "FROM told) AS line WHERE told <> dealt",
        "撤销记为 {1} 份，实际处理到 {2} 份",
        "its undo counts {1} cards, but dealt with {2}",
    ),
    (
        "SELECT told.label, cards, (counts->>'undone_to')::bigint FROM told JOIN cards ON cards.batch = told.id "
        "WHERE state = 'undone' AND last IS DISTINCT FROM (counts->>'undone_to')::bigint",
        "已撤销，却没有处理到最后一份报告卡",
        "it is undone, but its last card was not dealt with",
    ),
    (
        "SELECT told.label, cardinality(kept_cards), coalesce((counts->>'kept')::int, 0) FROM told "
        "WHERE cardinality(kept_cards) <> coalesce((counts->>'kept')::int, 0)",
        "列出 {1} 份未撤销的报告卡，却记为 {2} 份",
        "it names {1} cards that were left, but counts {2}",
    ),
    (
        "SELECT year::text, count(*), max(number) FROM told WHERE number IS NOT NULL GROUP BY 1 "
        "HAVING count(*) <> max(number)",
        "{1} 批，编号却到 {2}",
        "there are {1} imports, but the numbers go to {2}",
    ),
)
#: Beside the batches themselves: the rows that wait, what was found in them, and the job.
_WORK: Final = """
WITH told AS (
  SELECT b.id, coalesce(b.year || '-' || lpad(b.number::text, 4, '0'), '#' || b.id) AS label, b.state, b.counts,
         b.refusal, b.summary, b.samples, b.number,
         (SELECT count(*) FROM intake_row AS r WHERE r.batch_id = b.id) AS rows,
         (SELECT coalesce(sum(r.errors + r.warnings + r.confirms), 0) FROM intake_row AS r WHERE r.batch_id = b.id)
           AS counted,
         (SELECT count(*) FROM intake_row_finding AS f WHERE f.batch_id = b.id) AS findings,
         j.state AS job, j.error_zh AS why
  FROM intake_batch AS b LEFT JOIN jobs_job AS j ON j.id = b.job WHERE b.institution_id = %(here)s
)
"""
#: What the imports say of their rows and of the work on them.
_OF_WORK: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "SELECT label, state, rows, findings FROM told WHERE state NOT IN ('checking', 'ready', 'confirming') "
        "AND (rows > 0 OR findings > 0 OR samples IS NOT NULL)",
        "状态为 {1}，却还有 {2} 行和 {3} 处问题",
        "its state is {1}, but {2} rows and {3} findings are still there",
    ),
    (
        "SELECT label, rows, (summary->>'in_scope')::int + (summary->>'undetermined')::int FROM told "
        "WHERE state = 'ready' AND rows IS DISTINCT FROM (summary->>'in_scope')::int "
        "+ (summary->>'undetermined')::int",
        "有 {1} 行等待确认，核对时却有 {2} 行",
        "{1} rows wait, but the check found {2}",
    ),
    (
        "SELECT label, counted, findings FROM told WHERE state IN ('ready', 'confirming') AND counted <> findings",
        "各行记为 {1} 处问题，实有 {2} 处",
        "its rows count {1} findings, but there are {2}",
    ),
    (
        "SELECT label, sum, rows, of FROM (SELECT label, rows, (counts->>'of')::int AS of, "
        "(counts->>'created')::int + (counts->>'updated')::int + (counts->>'unchanged')::int "
        "+ (counts->>'skipped')::int + (counts->>'failed')::int AS sum FROM told WHERE number IS NOT NULL) AS line "
        "WHERE sum + rows IS DISTINCT FROM of",
        "已处理 {1} 行，等待 {2} 行，合计应为 {3} 行",
        "{1} rows are done and {2} wait, but it has {3}",
    ),
    (
        "SELECT label, state FROM told WHERE (number IS NULL) <> (state IN "
        "('checking', 'ready', 'refused', 'discarded'))",
        "状态为 {1}，与是否编号不符",
        "its state is {1}, which does not fit whether it has a number",
    ),
    (
        "SELECT label, state FROM told WHERE state = 'refused' AND refusal IS NULL",
        "文件不能用，却没有说明原因",
        "its file cannot be used, and it does not say why",
    ),
    (
        # A job that was cancelled, or has ended in words, is taken up again from the import's page.
        "SELECT label, state, coalesce(job, '—') FROM told WHERE state IN ('checking', 'confirming', 'undoing') "
        "AND coalesce(job, '') NOT IN ('waiting', 'running', 'cancelled') AND coalesce(why, '') = ''",
        "状态为 {1}，它的任务却是“{2}”，也没有说明原因",
        "its state is {1}, but its job is “{2}” and does not say why",
    ),
)


def problems(scope: Scope) -> Iterator[tuple[int, list[Problem]]]:
    """Look at every hospital; yields, hospital by hospital, how many imports it has and what is wrong with them.

    Args:
        scope: of the piece of the system that looks, see ``scope.SYSTEM``.
    """
    for by in at_each_hospital(scope):
        with open_scope(by):
            place = Institution.objects.get(pk=by.institution or 0)
            found = [*_asked(place, _CARDS, _OF_CARDS)]
        # Rows that wait are a clerk's matter, and jobs the worker's: whoever tidies up sees both.
        with open_scope(system_scope("upkeep")):
            found += _asked(place, _WORK, _OF_WORK)
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM intake_batch WHERE institution_id = %s", [place.pk])
                many = int(cursor.fetchone()[0])
        yield many, found


def _asked(place: Institution, beside: str, queries: tuple[tuple[str, str, str], ...]) -> Iterator[Problem]:
    for query, zh, en in queries:
        with connection.cursor() as cursor:
            cursor.execute(beside + query, {"here": place.pk})
            for row in cursor.fetchall():
                yield Problem(place.code, 0, f"导入 {row[0]}：{zh.format(*row)}", f"import {row[0]}: {en.format(*row)}")
