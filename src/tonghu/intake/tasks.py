"""What is done in the background: checking a file, marking it, importing its rows, taking them back, tidying up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.hqms.check import Options
from tonghu.intake import kinds
from tonghu.intake.absent import look
from tonghu.intake.access import TAKE_MARKED
from tonghu.intake.belonging import require_own
from tonghu.intake.checking import Checked, checked
from tonghu.intake.deadline import LIFE, remind
from tonghu.intake.departing import gone_to, let_go
from tonghu.intake.importing import import_rows
from tonghu.intake.items import items_in
from tonghu.intake.length import guess_rows
from tonghu.intake.looking_again import begin, compare_part, compared
from tonghu.intake.matching import match
from tonghu.intake.models import UNKNOWN, Batch, State
from tonghu.intake.private import sweep
from tonghu.intake.queries import staged
from tonghu.intake.services import OPEN, discard, drop_rows, finish, finish_undo
from tonghu.intake.staging import count_rows, found_on_cards, stage
from tonghu.intake.undoing import cards_of, undo_cards, undone_to
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import happened, open_plain, store
from tonghu.platform.jobs.points import point
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import enqueue, job
from tonghu.platform.scope.scope import Scope
from tonghu.registry.exporting import KEY_COLUMN, VERSION_COLUMN, supplement_columns
from tonghu.registry.models import Card

#: With more cases than this the marked workbook is made only when somebody asks for it: it takes minutes.
MARKED_AT_ONCE: Final = 20_000
#: Of so many cases a plan for one row is no matter.
COUNTED_FROM: Final = 500
_PIECE: Final = 1 << 20


@job("intake.check", zh="核对出院数据文件", en="Check a discharge file", queue="heavy")
def check_file(run: Run, *, batch: int) -> dict[str, int]:
    """Check a file and stage its rows in scope; or note why it cannot be used."""
    held, file, region = _of(run, batch)
    if held.state != State.CHECKING:
        return {}
    try:
        with _plain(run, held, file, region, mark=False) as found:
            with run.open():
                others = require_own(found.organisations(), held.institution_id)
            point("intake.checked")
            staged: dict[str, int] = run.once("staged", partial(_stage, run, held.pk, found, others))
            if staged.get("cards", 0) > COUNTED_FROM:
                with run.open():
                    count_rows()
            run.once("compared", partial(_compare, held.pk, found, run.scope))
    except InputRefused as why:
        run.once("refused", partial(_refuse, held.pk, why, run.scope))
        return {}
    return staged


@job("intake.mark", zh="生成标注工作簿", en="Make the marked workbook", queue="heavy")
def mark_file(run: Run, *, batch: int) -> dict[str, int]:
    """Make the marked workbook of a file that waits."""
    held, file, region = _of(run, batch)
    if held.state != State.READY or held.marked is not None or file.destroyed_at is not None:
        return {}
    if not run.scope.may(TAKE_MARKED):
        raise InputRefused(
            "您的岗位已不能下载标注工作簿，没有生成", "Your post may take marked workbooks no more: none was made"
        )
    with _plain(run, held, file, region, mark=True) as found:
        run.once("marked", partial(_keep_marked, held.pk, found.marked, run.scope))
    return {}


@job("intake.compare", zh="重新对照导入的行", en="Compare the rows of an import again", queue="heavy")
def compare_rows(run: Run, *, batch: int) -> dict[str, int]:
    """Compare the rows of a file that waits whose cards moved on, part by part; its confirmation waits for the end."""
    wanted = run.once("begin", partial(begin, batch))
    done, last = 0, 0
    while True:
        step = run.once(f"rows-{last}", partial(compare_part, batch, last))
        if not step["rows"]:
            break
        done, last = done + step["rows"], step["last"]
        run.report(min(done, wanted["rows"]), wanted["rows"], "rows")
    run.once("end", partial(compared, batch, wanted["since"]))
    return {}


@job("intake.import", zh="导入报告卡", en="Import report cards", queue="heavy")
def import_batch(run: Run, *, batch: int) -> dict[str, int]:
    """Import what was confirmed, chunk by chunk; each is called by how many rows are left before it."""
    with run.open():
        total = int(Batch.objects.get(pk=batch).counts.get("of", 0))
        left = Batch.objects.get(pk=batch).rows.count()
    run.report(total - left, total, "cards")
    while left and (done := run.once(f"left-{left}", partial(import_rows, batch, run.scope))["rows"]):
        left -= done
        run.report(total - left, total, "cards")
    result: dict[str, int] = run.once("end", partial(finish, batch, run.scope))
    return result


@job("intake.undo", zh="撤销导入", en="Take an import back", queue="heavy")
def undo_batch(run: Run, *, batch: int) -> dict[str, int]:
    """Take an import back, chunk by chunk: its cards, then the children whom it alone brought."""
    with run.open():
        held = Batch.objects.get(pk=batch)
        total, last, child = cards_of(batch, held.institution_id), undone_to(held), gone_to(held)
    done = 0
    while True:
        step = run.once(f"cards-{last}", partial(undo_cards, batch, run.scope))
        if not step["cards"]:
            break
        done, last = done + step["cards"], step["last"]
        run.report(min(done, total), total, "cards")
    while (step := run.once(f"children-{child}", partial(let_go, batch, run.scope)))["children"]:
        child = step["last"]
    result: dict[str, int] = run.once("end", partial(finish_undo, batch, run.scope))
    return result


@job("intake.tidy", zh="清理过期的导入", en="Remove imports whose time is over", cron="25 * * * *", system="upkeep")
def tidy(run: Run) -> dict[str, int]:
    """Discard what nobody confirmed while its file lived, remind whose file soon goes so, and remove what killed
    processes left in memory.
    """
    sweep()
    now = timezone.now()
    with run.open():
        remind(now)
        late = list(Batch.objects.filter(OPEN, created_at__lt=now - LIFE).order_by("pk").values_list("pk", flat=True))
    for batch in late:
        run.once(f"batch-{batch}", partial(_discard_late, batch, run.scope))
    return {"removed": len(late)}


def _of(run: Run, batch: int) -> tuple[Batch, StoredFile, str]:
    with run.open():
        held = Batch.objects.select_related("institution").get(pk=batch)
        file = StoredFile.objects.filter(pk=held.file_id).first()
        if file is None:
            raise InputRefused(
                "文件是同事上传的，须由本人重新核对；或请重新上传", "A colleague uploaded it; upload it yourself"
            )
        return held, file, held.institution.region_code


@contextmanager
def _plain(run: Run, held: Batch, file: StoredFile, region: str, *, mark: bool) -> Iterator[Checked]:
    """The file checked, in memory, for a block; how many rows are read goes to the job."""
    with open_plain(file, by=run.scope) as path:
        total = guess_rows(path, file.kind)

        def read(rows: int) -> None:
            run.report(rows, max(rows, total) if total else None, "rows")

        # The day of the upload: a check that is taken up again on the next day finds the same.
        on = timezone.localdate(held.created_at)
        options = Options(on=on, archive_month=held.archive_month, mark=mark, region=region, known=ours())
        with checked(path, str(file.name), options, read) as found:
            yield found


def _stage(run: Run, batch: int, found: Checked, others: frozenset[str]) -> dict[str, int]:
    """Put the rows where they wait, with what the check found; in one transaction, so that all are there or none."""
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state != State.CHECKING:  # discarded meanwhile
        return {}
    drop_rows(held)
    layout = str(found.summary["layout"])
    total, done = found.summary["in_scope"] + found.summary["undetermined"], 0
    for cases, findings in found.blocks():
        stage(held, cases, findings, layout, others)
        done += len(cases)
        run.report(done, total, "cards")
    point("intake.staged")
    held.layout, held.summary = layout, remembered(found.summary)
    known = (line["rule"] for line in found.summary["findings_by_rule"])
    held.summary["card_rules"] = [line | found.mend_of(line["rule"]) for line in found_on_cards(held, known)]
    quoted = found.samples() | {UNKNOWN: [("", name) for name in unknown_columns(found.summary)]}
    held.samples = json.dumps(quoted, ensure_ascii=False)
    held.save(update_fields=["layout", "summary", "samples"])
    return {"rows": int(found.summary["rows"]), "cards": total}


def _compare(batch: int, found: Checked, by: Scope) -> None:
    """Say what the rows are to the cards that are there; from now on the file waits for a word."""
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state != State.CHECKING:
        return
    match(held)
    kinds.count(held)
    held.summary["staged"] = staged(held, found.errors_among())
    held.summary["absent"] = look(held)
    held.state = State.READY
    held.save(update_fields=["state", "summary"])
    if by.may(TAKE_MARKED) and 0 < found.summary["in_scope"] + found.summary["undetermined"] <= MARKED_AT_ONCE:
        enqueue(mark_file, by=by, key=f"intake-mark-{batch}", batch=batch)


def unknown_columns(summary: Mapping[str, Any]) -> list[str]:
    """The headings of a file that the standard does not know, without those of our own export."""
    known = ours()
    return [name for name in summary["unknown_columns"] if name not in known]


def ours() -> frozenset[str]:
    """The headings of our own export beside the standard's."""
    return frozenset({KEY_COLUMN, VERSION_COLUMN, *supplement_columns()})


def of_the_supplement(summary: Mapping[str, Any]) -> int:
    """How many columns of a file are those in which our own export shows the supplement."""
    return len(items_of(summary))


def items_of(summary: Mapping[str, Any]) -> list[str]:
    """The names of the items of the supplement for which a file has columns."""
    return sorted(item.name for item in items_in(summary["unknown_columns"]).values())


def remembered(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What a batch keeps of ``summary.json``: nothing that quotes the file, not its headings either; not its name."""
    kept = (
        "version", "size", "layout", "format", "zipped", "encoding", "delimiter", "taken_for", "notes", "on", "region",
        "rows", "under_20", "in_scope", "by_group", "undetermined", "findings", "findings_by_level",
        "findings_by_rule", "problem_cards", "missing_columns", "seconds",
    )  # fmt: skip
    return dict(
        ((name, summary[name]) for name in kept),
        unknown_columns=len(unknown_columns(summary)), supplement_columns=of_the_supplement(summary),
        supplement_items=items_of(summary),
    )  # fmt: skip


def _refuse(batch: int, why: InputRefused, by: Scope) -> None:
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state == State.CHECKING:
        file = StoredFile.objects.filter(pk=held.file_id, destroyed_at=None).first()
        # The file goes, and its name with it; whoever reads why it was refused must know which file it was.
        held.state, held.refusal = State.REFUSED, f"{why.zh}\n{why.en}\n{file.name if file else ''}"
        held.save(update_fields=["state", "refusal"])
        if file is not None:
            happened("batch_discarded", file=held.file_id, by=by)


def _keep_marked(batch: int, workbook: Path, by: Scope) -> None:
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state != State.READY:
        return
    name = f"标注-{held.archive_month:%Y-%m}.xlsx"
    # The rows beside a card are of its child. Of the others no child is known before they are imported, and with the
    # import the workbook goes.
    cards = Card.objects.filter(pk__in=held.rows.exclude(card=None).values("card"))
    shown = [(child, held.institution_id) for child in cards.values_list("child", flat=True)]
    left = held.created_at + LIFE - timezone.now()
    with workbook.open("rb") as stream:
        held.marked = store(
            iter(partial(stream.read, _PIECE), b""), name=name, purpose_name="marked_workbook", by=by, life=left,
            shown=shown,
        ).pk  # fmt: skip
    held.save(update_fields=["marked"])


@transaction.atomic
def _discard_late(batch: int, by: Scope) -> None:
    discard(batch=batch, by=by)
