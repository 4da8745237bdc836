"""What the made-up hospitals reported: done through the services, by the people whose posts it is, in their scope.

Nothing here is written around the services, so what is done now is done today; ``made_up_past`` then gives what was
done for earlier months the days on which it would have been.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.db.models import Q
from django.utils import timezone

from tonghu.config.made_up_points import MadeUpPoint, points
from tonghu.errors import InputRefused
from tonghu.intake import services as intake
from tonghu.intake.models import WAITING, Batch, Choice, Match, Row, State
from tonghu.network.models import Institution
from tonghu.network.services import set_code
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.sign_in import scope_of_post
from tonghu.platform.files.incoming import Incoming
from tonghu.platform.files.upload import ReceivedFile
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.pulse import SameConnection
from tonghu.platform.jobs.queue import TryAgain
from tonghu.platform.jobs.runner import run_job
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.registry.services import move
from tonghu.registry.states import State as CardState
from tonghu.registry.tasks import gather
from tonghu.surveillance import board, figures
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Point, ZeroReport
from tonghu.surveillance.services import admit_point, sign_zero
from tonghu.surveillance.tasks import nation
from tonghu.synth.making import Order, make_file

#: How many months before the last one the hospitals have been points.
BEFORE: Final = 2
#: Stays in scope of an earlier month: at the demo's first hospital, and at the others.
FIRST_CARDS, OTHER_CARDS = 14, 6
#: The share of cards with mistakes in the first file of a month, before the corrected one: in each province its
#: children's hospital's; the others get along without a second file.
_MISTAKES: Final = 0.6
_PIECE: Final = 1 << 20
#: Systems of codes by their length.
_SYSTEMS: Final = {22: "registration", 18: "credit", 9: "organisation"}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What came of a file.

    Attributes:
        batch: its number; `label` what people call it, '' where it waits.
        waits: rows on which somebody must decide before it is imported.
        counts: by what happened: created, updated, unchanged, skipped, failed.
        refused: why it was not taken (zh, en); empty where it was.
        again: it had been imported before.
    """

    batch: int
    label: str
    waits: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    refused: tuple[str, str] | None = None
    again: bool = False


@contextmanager
def acting(username: str) -> Iterator[Scope]:
    """Act as somebody of the demo, in their first post."""
    with open_scope(system_scope("login")):
        post = Post.objects.select_related("person", "institution").filter(person__username=username).order_by("pk")[0]
    by = scope_of_post(post, purpose="registration")
    with open_scope(by):
        yield by


def report(seed: int) -> bool:
    """Make the hospitals points and have them report the earlier months; returns whether there was anything to do.

    An interrupted start is taken up again: the second hospital's zero report is what comes last.

    Raises:
        InputRefused: the site was made by an earlier version, whose hospitals were others.
    """
    last = Month.of(timezone.localdate()).plus(-1)
    first, second, *others = points(seed)
    with acting(f"{second.short}.point_lead"):
        if ZeroReport.objects.exists():
            return False
    _admit(seed, last.plus(-BEFORE).first)
    _month(first, last.plus(-2), seed, FIRST_CARDS)
    _accept(first, last.plus(-2), share=1.0)
    _month(first, last.plus(-1), seed, FIRST_CARDS)
    _return_some(first, last.plus(-1))
    _accept(first, last.plus(-1), share=0.5)
    _month(second, last.plus(-1), seed, OTHER_CARDS)
    for n, point in enumerate(others):
        # Each had cases in one of the last two months. Two of the ten owe the other; the rest sign what had no case.
        with_cards = (n + 1) % 2
        for back in range(BEFORE + 1):
            if back == with_cards:
                _month(point, last.plus(-back), seed, OTHER_CARDS)
                _accept(point, last.plus(-back), share=0.5)
            elif n not in (4, 9) or back == BEFORE:
                _zero(point, last.plus(-back))
    _zero(second, last.plus(-2))
    return True


def sum_up() -> None:
    """Have the nation's boards and figures counted and the names of codes gathered now, as the jobs do."""
    with open_scope(nation(system_scope("summary"))):
        board.sum_up(timezone.localdate())
        figures.count(timezone.localdate())
    gather(system_scope("names"))


def upload(file: Path, month: date, username: str, *, decided: bool = True, up: bool = False) -> Uploaded:
    """Upload a file as a clerk, have it checked, look at what it would do and import it, as the page does.

    Args:
        decided: rows whose age cannot be told are left out, and a stay whose discharge time was put right is the one
            on record; otherwise they wait for whoever reads the page.
        up: the site is up, so that its worker does the jobs; otherwise they are done here.

    Raises:
        InputRefused: the month or the file's size is.
    """
    again = _before(file, month, username)
    if again is not None:
        return again
    with acting(username) as by:
        try:
            held = intake.upload(received=_received(file), archive_month=month, by=by).pk
        except intake.AlreadyHere as here:  # an earlier start was interrupted over it
            held = here.batch
    batch = _run(held, username, up=up)
    if batch.state == State.REFUSED:
        zh, _, en = (batch.refusal or "").partition("\n")
        return Uploaded(held, "", refused=(zh, en))
    with acting(username) as by:
        if decided:
            intake.choose(batch=held, choice=Choice.SKIP, match=Match.UNDETERMINED, by=by)
            intake.choose(batch=held, choice=Choice.REPLACE, match=Match.PROBABLE, by=by)
            # Numbers are drawn, and a few are two children's: each of their stays is one of its own.
            drawn_twice = Row.objects.filter(batch=held, match=Match.PROBABLE, why__startswith="same_child")
            numbers = list(drawn_twice.values_list("row", flat=True))
            intake.choose(batch=held, choice=Choice.NEW, rows=numbers, by=by)
        if waits := Row.objects.filter(WAITING, batch=held).count():
            return Uploaded(held, "", waits=waits)
        intake.confirm(batch=held, by=by)
    return _done(_run(held, username, up=up))


def hand_on(username: str, auditor: str, month: date) -> int:
    """The clerk submits what is clean, but for some; the auditor approves some and returns two. How many wait."""
    with acting(username) as by:
        clean = _cards(by, month, CardState.DRAFT, errors=0, warnings=0)
        move(cards=clean[: len(clean) * 3 // 4], act="submit", by=by)
    with acting(auditor) as by:
        submitted = _cards(by, month, CardState.SUBMITTED)
        back, approved = submitted[:2], submitted[2 : 2 + len(submitted) // 4]
        move(cards=back, act="return", by=by, reason="主要诊断与病理诊断不一致，请核对病案后再提交")
        move(cards=approved, act="approve", by=by)
        return len(submitted) - len(back) - len(approved)


@dataclass(frozen=True, slots=True)
class Home:
    """Where a file is uploaded: the hospital whose code it has.

    Attributes:
        institution: its name.
        clerk, auditor: user names of those who work there.
        registered: a code that was registered with the hospital for this file, '' for none.
    """

    institution: str
    clerk: str
    auditor: str
    registered: str = ""


def home_of(codes: Sequence[str]) -> Home:
    """The hospital that one of these organisation codes names; else the first, with the first code registered there.

    Raises:
        InputRefused: the first code is none that an institution can have.
    """
    by = system_scope("provisioning")
    with open_scope(by):
        known = Institution.objects.filter(Q(code__in=codes) | Q(codes__code__in=codes), kind="hospital").order_by("pk")
        held, registered = known.first(), ""
        if held is None:
            held = Institution.objects.filter(made_up=True, kind="hospital").order_by("pk")[0]
            if codes:
                registered = codes[0]
                set_code(institution=held, system=_SYSTEMS.get(len(registered), "registration"), code=registered, by=by)
    with open_scope(system_scope("login")):
        there = Post.objects.filter(institution=held, role__in=("entry_clerk", "auditor")).order_by("pk")
        names = dict(there.values_list("role", "person__username")[::-1])
    return Home(held.name, names["entry_clerk"], names["auditor"], registered)


def _admit(seed: int, start: date) -> None:
    with acting("centre.centre_officer") as centre:
        held = {one.code: one for one in Institution.objects.filter(made_up=True, kind="hospital")}
        if Point.objects.exists():
            return
        if not {point.hospital.code for point in points(seed)} <= held.keys():
            raise InputRefused(
                "这个演示网站由较早的版本建立：请加 --reset 重来",
                "This demo site is of an earlier version: add --reset",
            )
        for point in points(seed):
            admit_point(
                institution=held[point.hospital.code], start=start, by=centre, note="演示用，虚构",
                ground=Point.Ground.DESIGNATED if point.whole else Point.Ground.VOLUNTARY,
            )  # fmt: skip


def _month(point: MadeUpPoint, month: Month, seed: int, cards: int) -> None:
    """A month's stays: at some hospitals uploaded with mistakes, put right in the hospital's system and uploaded again;
    then submitted, approved and reported.
    """
    clerk, auditor = f"{point.short}.entry_clerk", f"{point.short}.auditor"
    with TemporaryDirectory(prefix="tonghu-demo-") as folder:
        for mistakes in (_MISTAKES, 0.0) if point.hospital.for_children else (0.0,):
            file = Path(folder) / f"{point.hospital.code}-{month}.csv"
            make_file(
                Order(
                    out=file,
                    rows=cards,
                    seed=seed,
                    month=str(month),
                    children=1.0,
                    in_scope=1.0,
                    mistakes=mistakes,
                    hospital=point.number,
                    # Record numbers of their own: the stays of another month are those of other children.
                    records=100_000 + month.first.toordinal(),
                )
            )
            upload(file, month.first, clerk)
    with acting(clerk) as by:
        # Where a mistake hid which stay a row is of, the corrected file made another card of it.
        wrong = _cards(by, month.first, CardState.DRAFT, version=1, errors__gt=0)
        move(cards=wrong, act="void", by=by, reason="首次导入的病案号或出院时间有误，已由更正后的文件另建")
        move(cards=_cards(by, month.first, CardState.DRAFT), act="submit", by=by)
    with acting(auditor) as by:
        move(cards=_cards(by, month.first, CardState.SUBMITTED), act="approve", by=by)
        move(cards=_cards(by, month.first, CardState.APPROVED), act="report", by=by)


def _accept(point: MadeUpPoint, month: Month, share: float) -> None:
    with acting("centre.centre_officer") as by:
        there = _reported(point, month)
        move(cards=there[: round(len(there) * share)], act="accept", by=by)


def _return_some(point: MadeUpPoint, month: Month) -> None:
    with acting("centre.centre_officer") as by:
        move(
            cards=_reported(point, month)[:2], act="return_by_centre", by=by,
            reason="形态学编码与 ICD-10 诊断不符，请与病理科核对后重报",
        )  # fmt: skip


def _zero(point: MadeUpPoint, month: Month) -> None:
    with acting(f"{point.short}.point_lead") as by:
        if not ZeroReport.objects.filter(archive_month=month.first).exists():
            sign_zero(month=month, by=by)


def _reported(point: MadeUpPoint, month: Month) -> list[int]:
    held = Card.objects.filter(
        institution__code=point.hospital.code, archive_month=month.first, state=CardState.REPORTED
    )
    return list(held.order_by("pk").values_list("pk", flat=True))


def _cards(by: Scope, month: date, state: CardState, **more: int) -> list[int]:
    held = Card.objects.filter(institution=by.institution, archive_month=month, state=state, **more)
    return list(held.order_by("pk").values_list("pk", flat=True))


def _received(file: Path) -> ReceivedFile:
    """A file as it lies sealed in the vault when a request has brought it."""
    incoming = Incoming()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            incoming.write(piece)
    incoming.finish()
    return ReceivedFile(incoming, name=file.name, content_type="", field="file")


def _before(file: Path, month: date, username: str) -> Uploaded | None:
    """What came of the same file the first time; None where it was not imported yet."""
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    with acting(username) as by:
        held = Batch.objects.filter(
            institution=by.institution, sha256=sha256, archive_month=month, state=State.CONFIRMED
        ).order_by("-pk")  # fmt: skip
        return next((_done(one, again=True) for one in held), None)


def _done(batch: Batch, *, again: bool = False) -> Uploaded:
    counts = {name: int(batch.counts.get(name, 0)) for name in intake.COUNTS}
    return Uploaded(batch.pk, batch.label, counts=counts, again=again)


def _run(number: int, username: str, *, up: bool) -> Batch:
    """Have the job of a batch done: by the site's worker, or here where none runs yet. Returns the batch."""
    with acting(username):
        job = Batch.objects.values_list("job", flat=True).get(pk=number)
    assert job is not None
    if up:
        _wait_for(job, username)
    else:
        try:
            run_job(job, SameConnection())
        except TryAgain:
            raise _unfinished() from None
    with acting(username):
        return Batch.objects.get(pk=number)


def _wait_for(job: int, username: str) -> None:
    """Wait until a worker has done a job."""
    while True:
        with acting(username):
            state = Job.objects.values_list("state", flat=True).get(pk=job)
        if state in (Job.State.DONE, Job.State.REFUSED):
            return
        if state not in (Job.State.WAITING, Job.State.RUNNING):
            raise _unfinished()
        time.sleep(0.2)


def _unfinished() -> InputRefused:
    return InputRefused(
        "后台任务没有完成，网站开着时会自动再试", "The job did not finish; it is tried again while the site is up"
    )
