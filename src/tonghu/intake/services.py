"""What people do with an import: upload, choose, confirm, discard, undo. Each moves a batch under its row's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.intake import kinds
from tonghu.intake.access import UNDO, UPLOAD
from tonghu.intake.events import BATCH, CONFIRMED, DISCARDED, UNDONE, UPLOADED
from tonghu.intake.importing import take_turn
from tonghu.intake.models import (
    BESIDE_A_ROW,
    CHOICES,
    LIVE,
    MOVES,
    SEEMS_A_ROWS,
    WAITING,
    Batch,
    Choice,
    Damage,
    Row,
    State,
)
from tonghu.intake.outcomes import ALONE, DECIDED, HELD, TAKES
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import record
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import destroy, happened, store
from tonghu.platform.files.upload import ReceivedFile
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import Scope
from tonghu.registry.locks import is_locked
from tonghu.registry.months import require_month

#: What is counted of an import, in the order in which people read it.
COUNTS: Final = ("created", "updated", "unchanged", "skipped", "failed")


class AlreadyHere(InputRefused):
    """The same file of the same month is on its way already.

    Attributes:
        batch: the batch that it came in with.
    """

    def __init__(self, batch: int) -> None:
        super().__init__(
            "这份文件刚才已经上传过，没有重复导入：下面就是它",
            "This file was uploaded before and is not taken twice: here it is",
        )
        self.batch = batch


class ComparedAgain(InputRefused):
    """Rows were compared again since somebody looked at them: a choice made over the old comparison is not taken."""

    def __init__(self) -> None:
        super().__init__(
            "您打开页面之后，报告卡有变化，已重新对照。这次选择没有采用：请看过后再选",
            "The card changed since you opened the page, and was compared again. Your choice was not taken: look again",
        )


def upload(*, received: ReceivedFile, archive_month: date, by: Scope) -> Batch:
    """Take a file in and have it checked; returns its batch.

    Raises:
        AlreadyHere: the same file of the same month is on its way.
        InputRefused: the month is to come or before the first, or the file is refused by its size or kind.
        PermissionDenied: `by` may not.
    """
    check_may(by, UPLOAD)
    require_month(archive_month)
    if by.institution is None:
        raise InputRefused("请切换到医院的岗位再导入", "Choose a post at a hospital to import")
    with transaction.atomic():
        file = store(received, name=received.name or "", purpose_name="discharge_upload", by=by)
        live = Batch.objects.filter(
            institution_id=by.institution, sha256=file.sha256, archive_month=archive_month, state__in=LIVE
        )
        if (found := live.first()) is not None:
            destroy(file=file.pk, by=by, why=StoredFile.End.DISCARDED)
            raise_after = AlreadyHere(found.pk)
        else:
            try:
                with transaction.atomic():
                    return _begin(file, archive_month, by)
            except IntegrityError:  # the other browser was first
                destroy(file=file.pk, by=by, why=StoredFile.End.DISCARDED)
                raise_after = AlreadyHere(live.get().pk)
    raise raise_after


def _begin(file: StoredFile, archive_month: date, by: Scope) -> Batch:
    from tonghu.intake.tasks import check_file

    assert by.institution is not None
    assert by.person is not None
    batch = Batch.objects.create(
        institution_id=by.institution, file=file, sha256=file.sha256, archive_month=archive_month,
        person_id=by.person, post_id=by.post, who=by.label,
    )  # fmt: skip
    _ask(batch, enqueue(check_file, by=by, key=f"intake-check-{batch.pk}", batch=batch.pk))
    record(UPLOADED, subject=(BATCH, batch.pk), by=by, institution=batch.institution_id)
    return batch


@transaction.atomic
def choose(
    *,
    batch: int,
    choice: str,
    by: Scope,
    rows: Sequence[int] | None = None,
    match: str = "",
    again: bool = False,
    beside: str | None = None,
    looked_again: str | None = None,
) -> int:
    """Say what is to become of rows: of those named by their numbers, or of all of a kind; returns of how many.

    A choice that some rows do not have (a new card for a stay that has one) leaves those as they are. Of all of a kind,
    those on which somebody decided already stay so; and where the file is taken, so do rows that would give their card
    another record number, discharge time or document, or whose cells are not as many as the header's: each of these is
    looked at by itself.

    Args:
        again: all of a kind, also those that are decided already.
        beside: what the named rows stood beside on the page that was looked at, as ``Row.beside`` says it.
        looked_again: how often rows had been compared again when that page was made, as ``Batch.looked_again``.

    Raises:
        ComparedAgain: the rows stand beside something else now.
        InputRefused: the batch does not wait for choices, or there is no such choice.
        PermissionDenied: `by` may not.
    """
    check_may(by, UPLOAD)
    held = _locked(batch, State.READY)
    if choice not in Choice.values:
        raise InputRefused("没有这种处理方式", "There is no such choice")
    fits = [kind for kind, choices in CHOICES.items() if choice in choices]
    has_it = Q(match__in=fits) & ~SEEMS_A_ROWS | (SEEMS_A_ROWS if choice in BESIDE_A_ROW else Q(pk=None))
    chosen = Row.objects.filter(has_it, batch=batch).exclude(why__in=HELD)
    chosen = chosen.filter(row__in=rows) if rows is not None else chosen.filter(match=match)
    if rows is None and not again:
        chosen = chosen.exclude(DECIDED)
    if rows is None and choice in TAKES:  # filling blanks leaves what the card has
        chosen = chosen.exclude(ALONE if choice == Choice.REPLACE else Q(damage=Damage.RAGGED))
    if beside is not None and any(row.beside != beside for row in chosen.only("card", "card_version", "card_state")):
        raise ComparedAgain
    if looked_again is not None and looked_again != str(held.looked_again):
        raise ComparedAgain
    return kinds.choose(held, chosen, choice)


@transaction.atomic
def confirm(*, batch: int, by: Scope, looked_at: str | None = None) -> Batch:
    """Have a looked-at file imported; it gets its number. Asking again changes nothing.

    Args:
        looked_at: when the rows had been compared that whoever confirms has seen, as the batch's ``compared_at``.

    Raises:
        InputRefused: rows wait for a decision, were compared again meanwhile, or the batch is not ready.
        PermissionDenied: `by` may not.
    """
    check_may(by, UPLOAD)
    held = _locked(batch)
    if held.state in (State.CONFIRMING, State.CONFIRMED):
        return held
    _require(held, State.READY)
    if looked_at is not None and looked_at != held.summary.get("compared_at"):
        raise InputRefused(
            "您打开页面之后，有的行已重新对照。尚未导入任何内容：请看过后再确认",
            "Rows were compared again since you opened the page. Nothing was imported yet: look, then confirm again",
        )
    if waits := Row.objects.filter(WAITING, batch=held).count():
        raise InputRefused(
            f"还有 {waits} 行等您决定，请先处理", f"{waits} row(s) wait for your decision: settle them first"
        )
    take_turn(held.institution_id)
    held.year = timezone.localdate().year
    last = Batch.objects.filter(institution=held.institution_id, year=held.year).aggregate(last=Max("number"))["last"]
    held.number = (last or 0) + 1
    held.counts = dict.fromkeys(COUNTS, 0) | {"of": Row.objects.filter(batch=held).count()}
    held.confirmed_at, held.confirmed_by = timezone.now(), by.label
    _move(held, State.CONFIRMING)
    _go_on(held, by)
    return held


@transaction.atomic
def go_on(*, batch: int, by: Scope) -> Batch:
    """Take up again what was cancelled or has failed; what is done is not done twice.

    Raises:
        InputRefused: nothing of it is under way.
        PermissionDenied: `by` may not.
    """
    check_may(by, UPLOAD)
    held = _locked(batch)
    if held.state not in (State.CHECKING, State.CONFIRMING, State.UNDOING):
        raise InputRefused("这次导入没有中断的工作", "Nothing of this import was interrupted")
    job = Job.objects.filter(pk=held.job or 0).first()
    if job is not None and job.state in (Job.State.WAITING, Job.State.RUNNING):
        return held
    _go_on(held, by)
    return held


@transaction.atomic
def finish(batch: int, by: Scope) -> dict[str, int]:
    """Close a batch whose rows are all done: its files go, the counts stay."""
    held = _locked(batch)
    if held.state != State.CONFIRMING:
        return {}
    drop_rows(held)
    _move(held, State.CONFIRMED)
    counts = {name: int(held.counts.get(name, 0)) for name in COUNTS}
    record(
        CONFIRMED, subject=(BATCH, held.pk), by=by, data={"number": held.label, **counts},
        institution=held.institution_id,
    )  # fmt: skip
    _end_files(held, "batch_confirmed", by)
    enqueue("registry.compare", by=by, key=f"compare-import-{held.pk}")
    return counts


@transaction.atomic
def discard(*, batch: int, by: Scope) -> Batch:
    """Give a file up before it was imported: its rows and its files go. Asking again changes nothing.

    Raises:
        InputRefused: it is imported, or is being.
        PermissionDenied: `by` may not.
    """
    if by.system != "upkeep":
        check_may(by, UPLOAD)
    held = _locked(batch)
    if held.state in (State.DISCARDED, State.REFUSED):
        return held
    _require(held, State.CHECKING, State.READY)
    drop_rows(held)
    _move(held, State.DISCARDED)
    record(DISCARDED, subject=(BATCH, held.pk), by=by, institution=held.institution_id)
    _end_files(held, "batch_discarded", by)
    return held


@transaction.atomic
def undo(*, batch: int, by: Scope) -> Batch:
    """Take a whole import back; asking again changes nothing.

    Raises:
        InputRefused: its month is locked, or it was never imported.
        PermissionDenied: `by` may not.
    """
    check_may(by, UNDO)
    held = _locked(batch)
    if held.state in (State.UNDOING, State.UNDONE):
        return held
    _require(held, State.CONFIRMED)
    require_unlocked(held)
    held.undone_at, held.undone_by = timezone.now(), by.label
    _move(held, State.UNDOING)
    _go_on(held, by)
    return held


def require_unlocked(batch: Batch) -> None:
    """Refuse to take back what belongs to a locked month.

    Raises:
        InputRefused: it is locked.
    """
    if is_locked(batch.institution_id, batch.archive_month):
        raise InputRefused(
            f"{batch.archive_month:%Y-%m} 已锁定，不能整批撤销；个别报告卡仍可逐张更正",
            f"{batch.archive_month:%Y-%m} is locked: no import of it is undone. Single cards can still be corrected",
        )


@transaction.atomic
def finish_undo(batch: int, by: Scope) -> dict[str, int]:
    """Close an undo of which all cards are done."""
    held = _locked(batch)
    if held.state != State.UNDOING:
        return {}
    _move(held, State.UNDONE)
    counts = {name: int(held.counts.get(name, 0)) for name in ("voided", "restored", "kept")}
    record(
        UNDONE, subject=(BATCH, held.pk), by=by, data={"number": held.label, **counts}, institution=held.institution_id
    )
    enqueue("registry.compare", by=by, key=f"compare-undo-{held.pk}")
    return counts


def drop_rows(batch: Batch) -> None:
    """Remove what waited; only the counts remain."""
    batch.samples = None
    kinds.forget(batch)
    batch.findings.all().delete()
    batch.rows.all().delete()


def _go_on(held: Batch, by: Scope) -> None:
    """Ask for the job that a batch's state needs; each time it is asked anew it is another job."""
    from tonghu.intake import tasks

    work = {
        State.CHECKING: tasks.check_file, State.CONFIRMING: tasks.import_batch, State.UNDOING: tasks.undo_batch,
    }[State(held.state)]  # fmt: skip
    _ask(held, enqueue(work, by=by, key=f"intake-{held.state}-{held.pk}-{held.job}", batch=held.pk))


def _ask(held: Batch, job: Job) -> None:
    held.job = job.pk
    _save(held)


def _save(held: Batch) -> None:
    """Write what may change: whose a batch is and which file it came in with stands."""
    kept = {"id", "institution", "file", "sha256", "archive_month", "person_id", "post_id", "who", "created_at"}
    held.save(update_fields={field.name for field in Batch._meta.concrete_fields} - kept)


def _locked(batch: int, *states: State) -> Batch:
    held = Batch.objects.select_for_update(of=("self",)).filter(pk=batch).first()
    if held is None:
        raise InputRefused("没有这次导入，或不在您的范围内", "There is no such import in your scope")
    if states:
        _require(held, *states)
    return held


def _require(held: Batch, *states: State) -> None:
    if held.state not in states:
        label = State(held.state).label
        raise InputRefused(
            f"这次导入现在是“{_ZH[State(held.state)]}”，不能这样做（可能另一个窗口刚刚处理过）",
            f"This import is “{label}” now, so this cannot be done; another window may just have dealt with it",
        )


def _move(held: Batch, to: State) -> None:
    if to not in MOVES[State(held.state)]:
        raise ValueError(f"no move from {held.state} to {to}")
    held.state = to
    _save(held)


def _end_files(held: Batch, event: str, by: Scope) -> None:
    # A colleague's file is not seen: then its time ends it.
    ours = StoredFile.objects.filter(pk__in=[held.file_id, held.marked or 0], destroyed_at=None).order_by("pk")
    for file in ours.values_list("pk", flat=True):
        happened(event, file=file, by=by)


#: In Chinese whatever the language of the thread: a refusal says itself in both.
_ZH: Final = {
    State.CHECKING: "正在核对", State.READY: "等待确认", State.CONFIRMING: "正在导入", State.CONFIRMED: "已导入",
    State.REFUSED: "文件不能用", State.DISCARDED: "已放弃", State.UNDOING: "正在撤销", State.UNDONE: "已撤销",
}  # fmt: skip
#: Batches whose rows wait or whose file lives.
OPEN: Final = Q(state__in=[State.CHECKING, State.READY])
