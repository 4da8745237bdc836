"""A job that the fault tests run: it saves cards and submits them, each in a step of its own."""

from __future__ import annotations

from functools import partial

from made_up_cards import code
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.registry.services import move, save_card


@job("sample.cards", zh="样例：保存并提交报告卡", en="Sample: save and submit report cards")
def cards(run: Run, *, first: int, last: int) -> None:
    for number in range(first, last + 1):
        run.once(f"save-{number}", partial(save, run, number))
        run.once(f"submit-{number}", partial(submit, run, number))


def save(run: Run, number: int) -> int:
    """Put the sex right; the version that it is based on makes a second saving a conflict."""
    return save_card(card=number, based_on=1, front={code("sex"): "2"}, by=run.scope).version


def submit(run: Run, number: int) -> str:
    (answer,) = move(cards=[number], act="submit", by=run.scope)
    return answer.refused
