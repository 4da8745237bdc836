"""Jobs of this room: counts are folded, cards in hand follow the rules and each other, large mends are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from tonghu.network.models import Institution
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry.checks import rules_key
from tonghu.registry.forms.lists import pairs
from tonghu.registry.forms.written import Gathered, keep
from tonghu.registry.models import Card, Layout
from tonghu.registry.seen import newest_contents
from tonghu.registry.services import exports, mending
from tonghu.registry.services.comparing import uncompared
from tonghu.registry.services.rechecking import compare, recheck
from tonghu.registry.states import EDITABLE

#: What gathers the names of codes, and how long they last where nothing is imported.
NAMES: Final = "registry.names"
NAMES_LAST: Final = timedelta(hours=23)
#: So many cards are asked about in one transaction.
PORTION: Final = 200
#: So many cards of a large mend stand or fall together: a few hundred milliseconds.
MENDED_TOGETHER: Final = 20


@job("registry.fold", zh="归并报告卡计数", en="Add up the counts of cards", cron="23 18 * * *", system="summary")
def fold(run: Run) -> dict[str, Any]:
    """Make one row a hospital, month and state out of the changes of the day; nothing that is summed changes."""
    with open_scope(run.scope), connection.cursor() as cursor:
        cursor.execute("SELECT registry.fold_tally()")
        return {"removed": cursor.fetchone()[0]}


@job(
    "registry.recheck", zh="规则变动后重新核对报告卡", en="Check cards again after rules changed",
    cron="7 17 * * *", system="recheck",
)  # fmt: skip
def ask_all_again(run: Run) -> dict[str, Any]:
    """Ask the rules of today about every card in hand whose findings are of other rules, and compare those of whose
    record another card came or changed; at 01:07 in China.
    """
    asked = changed = 0
    for by in at_each_hospital(run.scope):
        while cards := _outdated(by):
            with open_scope(by):
                changed += recheck(cards=cards, by=by)
            asked += len(cards)
            run.report(asked, None, "cards")
        for portion in _portions(by):
            with open_scope(by):
                changed += compare(cards=portion, by=by)
            asked += len(portion)
            run.report(asked, None, "cards")
    return {"cards": asked, "changed": changed}


def names_are_due() -> bool:
    """Whether names are to be gathered again: an import ended since they were, or they are of another day."""
    gathered = Job.objects.filter(kind=NAMES, state=Job.State.DONE).aggregate(last=Max("started_at"))["last"]
    if gathered is None or gathered < timezone.now() - NAMES_LAST:
        return True
    with open_scope(system_scope("worker")):  # the books on everybody's jobs: an import asks for this one at its end
        return Job.objects.filter(
            kind="registry.compare", key__startswith="compare-import-", created_at__gte=gathered
        ).exists()


@job(
    NAMES, zh="汇总各医院对编码的叫法", en="Gather what hospitals call codes", cron="37 * * * *", system="names",
    due=names_are_due,
)  # fmt: skip
def gather_names(run: Run) -> dict[str, Any]:
    """Gather what hospitals call codes: at most once an hour, however many imports end, and not within any of them."""
    return {"names": gather(run.scope, lambda hospitals: run.report(hospitals, None, "hospitals"))}


def gather(by: Scope, report: Callable[[int], None] = lambda _hospitals: None) -> int:
    """Gather the pairs of code and name of every hospital's newest cards, and keep those that several write; returns
    how many.

    Args:
        by: the system scope ``names``.
        report: told after each hospital how many were asked.
    """
    found = Gathered()
    for hospitals, there in enumerate(at_each_hospital(by), 1):
        with open_scope(there):
            found.add(pairs(newest_contents(by=there)))
        report(hospitals)
    with open_scope(by):
        return keep(found.written(timezone.localdate()))


@job("registry.compare", zh="与同一病案号的其他住院比对", en="Compare the stays of a record")
def compare_again(run: Run, *, cards: list[int] | None = None) -> dict[str, Any]:
    """Ask the rules that compare stays about these cards, and about all in hand of whose record another card came or
    changed since they were asked. What is asked again finds the same.
    """
    asked = changed = 0
    for portion in [*_pieces(cards or (), PORTION), *_portions(run.scope)]:
        with open_scope(run.scope):
            changed += compare(cards=portion, by=run.scope)
        asked += len(portion)
        run.report(asked, None, "cards")
    return {"cards": asked, "changed": changed}


@job("registry.mend", zh="批量改正报告卡", en="Mend report cards together")
def mend(run: Run, *, rule: str, batch: int, cards: list[int]) -> dict[str, Any]:
    """Write what a rule proposes on the cards that somebody chose; each portion once."""
    done = 0
    for portion in _pieces(cards, MENDED_TOGETHER):
        work = partial(mending.mend_portion, rule=rule, batch=batch, cards=portion, by=run.scope)
        run.once(f"cards-{portion[0]}", work)
        done += len(portion)
        run.report(done, len(cards), "cards")
    mended: int = run.once("end", partial(mending.keep_mended, rule=rule, batch=batch, by=run.scope))
    return {"mended": mended, "left": len(cards) - mended}


@job("registry.undo_mend", zh="撤销批量改正", en="Take a bulk mend back")
def undo_mend(run: Run, *, batch: int) -> dict[str, Any]:
    """Take a bulk mend back, portion by portion; what somebody changed since stays, and cards of locked months."""
    with run.open() as by:
        cards = mending.mended_cards(batch=batch, by=by)
    done, back = 0, set[int]()
    for portion in _pieces(cards, MENDED_TOGETHER):
        work = partial(mending.undo_portion, batch=batch, cards=portion, by=run.scope)
        back.update(run.once(f"cards-{portion[0]}", work))
        done += len(portion)
        run.report(done, len(cards), "cards")
    run.once("end", partial(mending.keep_undone, batch=batch, count=len(back), by=run.scope))
    left = [card for card in cards if card not in back]
    with run.open() as by:
        locked = mending.kept_locked(batch=batch, by=by)
        withdrawn = mending.withdrawn(batch=batch, by=by)
    return {"as_before": len(back), "left": len(left), "locked": len(locked), "withdrawn": withdrawn}


@job("registry.export", zh="导出报告卡", en="Export report cards", queue="heavy")
def export_cards(run: Run, *, export: int) -> dict[str, Any]:
    """Write cards that somebody chose into a stored file of theirs; logged with it, in one step."""
    with run.open():
        total = len(exports.asked(export=export).cards)
    made: dict[str, Any] = run.once(
        "file", partial(exports.store_file, export=export, by=run.scope, told=lambda n: run.report(n, total, "cards"))
    )
    return made


def at_each_hospital(scope: Scope) -> Iterator[Scope]:
    """The scope of a piece of the system at one institution after another."""
    with open_scope(scope):
        hospitals = list(Institution.objects.exclude(kind="authority").order_by("pk").values_list("pk", flat=True))
    for hospital in hospitals:
        yield replace(scope, institution=hospital)


def _pieces(cards: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(cards[start : start + size]) for start in range(0, len(cards), size))


def _portions(by: Scope) -> Iterator[list[int]]:
    """The cards of a hospital that are to be compared, portion by portion, each card once."""
    with open_scope(by):
        wanted = list(uncompared(by.institution or 0).order_by("pk").values_list("pk", flat=True))
    return _pieces(wanted, PORTION)


def _outdated(by: Scope) -> list[int]:
    """Some cards in hand whose findings are of other rules than those of today."""
    with open_scope(by):
        region = Institution.objects.values_list("region_code", flat=True).get(pk=by.institution or 0)
        current = [rules_key(layout, timezone.localdate(), region) for layout in Layout.values]
        held = Card.objects.filter(institution=by.institution, state__in=EDITABLE).exclude(rules_key__in=current)
        return list(held.order_by("pk").values_list("pk", flat=True)[:PORTION])
