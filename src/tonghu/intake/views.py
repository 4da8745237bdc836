"""Pages of an import: bring a file, watch it being checked, look at what it would do, decide, confirm, undo."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.hqms.labels import GROUPS_EN, GROUPS_ZH
from tonghu.intake import asked_first, deadline, departing, queries, questions, services
from tonghu.intake.absent import absent
from tonghu.intake.access import TAKE_MARKED, UNDO, UPLOAD
from tonghu.intake.forms import UploadForm
from tonghu.intake.looking_again import look_again, wish
from tonghu.intake.models import Batch, Damage, State
from tonghu.intake.outcomes import COUNTED, WHY
from tonghu.intake.tasks import MARKED_AT_ONCE, compare_rows, mark_file
from tonghu.intake.undoing import forecast, stays_by_reason
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.components.parts import Confirm
from tonghu.platform.components.table import Column, Mark, Table
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.purposes import purpose
from tonghu.platform.files.upload import takes_files, uploaded
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.jobs.views import progress_of
from tonghu.registry.locks import is_locked
from tonghu.registry.zero import ZEROS_SHOWN, signed_zero

TONES: Final = {
    State.CHECKING: "ask", State.READY: "ask", State.CONFIRMING: "ask", State.CONFIRMED: "done",
    State.REFUSED: "block", State.DISCARDED: "quiet", State.UNDOING: "ask", State.UNDONE: "quiet",
}  # fmt: skip
#: States in which a job works.
WORKING: Final = frozenset({State.CHECKING, State.CONFIRMING, State.UNDOING})
#: Rules that the preview shows at once; the others open.
GROUPS_SHOWN: Final = 8
#: Of an import of more cards than these it is not said beforehand which an undo would leave: that would take more than
#: half a second each time its page is shown.
FORESEEN: Final = 30_000


@requires(UPLOAD)
@require_GET
def imports(request: Request) -> HttpResponse:
    """Bring a file; and the imports of the hospital."""
    table = Table(
        request=request,
        name="imports",
        rows=queries.batches(),
        order="-pk",
        columns=(
            Column("label", _("Import"), sort=None, fixed=True, kind="code",
                   link=lambda batch: reverse("intake:batch", args=[batch.pk])),
            Column("archive_month", _("Archive month"), value=lambda batch: f"{batch.archive_month:%Y-%m}", sort=None),
            Column("state", _("State"), value=state_mark, kind="mark", sort=None),
            *(
                Column(name, words, value=partial(_count, name), kind="number", sort=None)
                for name, words in COUNTED.items()
            ),
            Column("who", _("Who"), value=lambda batch: batch.who.split(" ")[0], sort=None),
            Column("created_at", _("Uploaded"), kind="time", sort=None),
        ),
        caption=_("Imports"),
        empty=_("Imports appear here, with what each of them did."),
    )  # fmt: skip
    form = UploadForm()
    today = timezone.localdate()
    kept = purpose("discharge_upload", today)
    hours = kept.life // timedelta(hours=1) if kept.life else None
    zeros = list(signed_zero(request.scope.institution or 0).values())[:ZEROS_SHOWN]
    said = {"form": form, "table": table, "limit": kept.limit // 2**20, "hours": hours, "zeros": zeros}
    return render(request, "intake/imports.html", said)


@requires(UPLOAD)
@takes_files("discharge_upload")
@require_POST
def upload(request: Request) -> HttpResponseBase:
    """Take a file in; the page's script asks for the answer as JSON, so that it can show how far the upload is."""
    form = UploadForm(request.POST)
    said, to = "", reverse("intake:imports")
    try:
        if not form.is_valid():
            raise InputRefused(*[str(form.errors["archive_month"].as_data()[0].messages[0])] * 2)
        batch = services.upload(
            received=uploaded(request, "file"), archive_month=form.cleaned_data["archive_month"], by=request.scope
        )
        to = reverse("intake:batch", args=[batch.pk])
    except services.AlreadyHere as here:
        to = reverse("intake:batch", args=[here.batch])
        messages.info(request, _said(here))
    except InputRefused as why:
        said = _said(why)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"refused": said} if said else {"to": to})
    if said:
        messages.error(request, said)
    return redirect(to)


@requires(UPLOAD)
@require_GET
def batch_page(request: Request, pk: int) -> HttpResponse:
    """One import, whatever its state; what waits is compared again where its cards moved on."""
    looked = look_again(batch=pk, by=request.scope)
    if looked.compared:
        messages.info(request, _compared_again(looked.compared))
    batch = get_object_or_404(Batch, pk=pk)
    job = Job.objects.select_related("progress").filter(pk=batch.job or 0).first()
    said: dict[str, Any] = {
        "batch": batch, "mark": state_mark(batch), "file_name": getattr(_file(batch), "name", ""), "zh": _zh(),
        "by_group": _by_group(batch.summary),
        "title": _("Import %(label)s") % {"label": batch.label} if batch.number else _("Import of %(month)s") % {
            "month": f"{batch.archive_month:%Y-%m}"
        },
    }  # fmt: skip
    if batch.state in WORKING:
        live = job is not None and job.state in (Job.State.WAITING, Job.State.RUNNING)
        said |= {
            "progress": progress_of(job, request) if job else None, "stopped": not live,
            "error": (job.error_zh if _zh() else job.error_en) if job else "",
        }  # fmt: skip
    if batch.state == State.READY:
        said |= {**_preview(batch), **_marked(batch, request), "until": deadline.until(batch)}
        if looked.left:
            said |= {"left": looked.left, "progress": progress_of(_compare_rows(batch, request), request)}
    elif batch.state == State.DISCARDED:
        said["discarded"] = deadline.discarded(batch)
    elif batch.state == State.REFUSED:
        zh, en, name, *_more = [*str(batch.refusal or "").split("\n"), "", "", ""]
        said |= {"refusal": zh if _zh() else en, "file_name": name}
    elif batch.state in (State.CONFIRMING, State.CONFIRMED, State.UNDOING, State.UNDONE):
        said |= _done(batch, request)
    return render(request, "intake/batch.html", said)


@requires(UPLOAD)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Request, pk: int) -> HttpResponse:
    """Have a file imported; where its cards moved on since it was looked at, it is looked at again first."""
    if request.method == "POST":
        looked = look_again(batch=pk, by=request.scope)
        if looked.compared:
            not_yet = _("Nothing was imported yet: look, then confirm again.")
            messages.warning(request, f"{_compared_again(looked.compared)} {not_yet}")
        if looked.compared or looked.left:  # what is left its page has compared, and says so
            return redirect("intake:batch", pk)
        waiting = Batch.objects.filter(pk=pk, state=State.READY).first()
        if waiting and "locked" not in request.POST and is_locked(waiting.institution_id, waiting.archive_month):
            said = _("The month was locked meanwhile. Nothing was imported yet: look, then confirm again.")
            messages.warning(request, said)
            return redirect("intake:batch", pk)
    seen = request.POST.get("compared_at")
    agreed = request.POST.dict()
    return _act(
        request, pk, lambda: asked_first.confirm(batch=pk, by=request.scope, agreed=agreed, looked_at=seen)
    )  # fmt: skip


@requires(UPLOAD)
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: Request, pk: int) -> HttpResponse:
    """Give a file up."""
    said = _("The file was discarded; nothing of it was imported.")
    return _act(request, pk, lambda: services.discard(batch=pk, by=request.scope), said)


@requires(UPLOAD)
@require_http_methods(["GET", "HEAD", "POST"])
def go_on(request: Request, pk: int) -> HttpResponse:
    """Take up again what stopped."""
    return _act(request, pk, lambda: services.go_on(batch=pk, by=request.scope))


@requires(UNDO)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: Request, pk: int) -> HttpResponse:
    """Take a whole import back."""
    return _act(request, pk, lambda: services.undo(batch=pk, by=request.scope))


@requires(TAKE_MARKED)
@require_POST
def mark(request: Request, pk: int) -> HttpResponse:
    """Have the marked workbook made, where that was not done by itself."""
    batch = get_object_or_404(Batch, pk=pk, state=State.READY)
    enqueue(mark_file, by=request.scope, key=f"intake-mark-{batch.pk}", batch=batch.pk)
    messages.success(request, _("The workbook is being made; it will be ready for download here in a moment."))
    return redirect("intake:batch", pk)


def state_mark(batch: Batch) -> Mark:
    """The state of an import as a word with a mark."""
    return Mark(State(batch.state).label, TONES[State(batch.state)])  # type: ignore[arg-type]


def _preview(batch: Batch) -> dict[str, Any]:
    would = queries.preview(batch)
    counts = would.counts
    groups = queries.groups(batch, zh=_zh())
    summary = batch.summary
    total = summary["in_scope"] + summary["undetermined"]
    will_do = counts["created"] + counts["updated"]
    first = asked_first.asks(batch, counts)
    locked = first.locked or (not will_do and is_locked(batch.institution_id, batch.archive_month))
    return {
        "absent": absent(batch),
        "counts": [(name, words, counts[name]) for name, words in COUNTED.items()],
        "waits": counts["waits"],
        "together": sum(counts.values()),
        "total": total,
        "will_do": will_do,
        "failed": counts["failed"],
        "keys_lacking": queries.keys_lacking(batch, zh=_zh()),
        "locked": locked,
        "first": first,
        "confirm_first": asked_first.question(batch, counts, first),
        # What was decided is remembered when the import ends, also where it changes nothing.
        "left_by_choice": counts["skipped"],
        "kinds": would.kinds,
        "with_errors": would.with_errors,
        # The command's number, where the card's own rules, or columns that the file lacks, make it another.
        "in_the_file": summary["problem_cards"] if summary["problem_cards"] != would.with_errors else None,
        "damaged": [(code, words, n) for code, words in Damage.choices if (n := would.damaged.get(code))],
        "answered": would.answered,
        "decided_in": queries.decided_in(batch) if would.answered else [],
        "mostly": would.mostly,
        "repeated": queries.repeated(batch),
        "discharged": [(when, words, would.discharged[when]) for when, words in queries.DISCHARGED.items()],
        "groups": groups[:GROUPS_SHOWN],
        "columns": queries.columns(batch, zh=_zh()),
        "more_groups": groups[GROUPS_SHOWN:],
        "notes": [(note["zh" if _zh() else "en"], note["attention"]) for note in summary["notes"]],
        "taken_for": summary["taken_for"]["zh" if _zh() else "en"],
    }


def _done(batch: Batch, request: Request) -> dict[str, Any]:
    counts = [(name, words, batch.counts.get(name, 0)) for name, words in COUNTED.items()]
    said = batch.summary.get("failed", [])
    in_hand = batch.summary.get("in_hand", [])[: questions.KEPT_SHOWN]
    records = queries.record_numbers([*in_hand, *(one["card"] for one in said if "card" in one)])
    failed = [
        {"row": one["row"], "why": WHY.get(one["why"], one["why"]), "card": one.get("card"),
         "record": records.get(one.get("card"))}
        for one in said
    ]  # fmt: skip
    locked = is_locked(batch.institution_id, batch.archive_month)
    may_undo = batch.state == State.CONFIRMED and request.scope.may(UNDO) and not locked
    written = batch.counts.get("created", 0) + batch.counts.get("updated", 0)
    foreseen = forecast(batch) if may_undo and 0 < written <= FORESEEN else None
    return {
        "counts": counts,
        "listed": queries.LISTED,
        "repeated": queries.repeated(batch) if batch.counts.get("unchanged") else 0,
        "together": batch.counts.get("of", 0) if batch.state != State.CONFIRMING else 0,
        "failed": failed,
        "more_failed": max(0, batch.counts.get("failed", 0) - len(failed)),
        "locked": locked,
        "in_hand": [(card, records[card]) for card in in_hand if card in records],
        "in_hand_count": batch.counts.get("in_hand", 0),
        "kept": questions.kept(batch),
        "would_stay": questions.groups(stays_by_reason(foreseen.left)) if foreseen else [],
        "undone": [
            (_("Voided"), batch.counts.get("voided", 0)), (_("Put back"), batch.counts.get("restored", 0)),
            *([(_("Of these withdrawn first"), first)] if (first := batch.counts.get("withdrawn", 0)) else []),
            *([(_("Of these submitted again"), again)] if (again := batch.counts.get("submitted", 0)) else []),
            (_("Left as they are"), batch.counts.get("kept", 0)),
            *([(_("Children off the lists"), batch.counts["children"])] if "children" in batch.counts else []),
        ],
        "children_stay": departing.told(batch.summary.get("children", {})),
        "confirm_undo": Confirm(
            question=_("Take this whole import back?"),
            consequences=[
                *questions.foreseen(batch, foreseen),
                *departing.consequences(foreseen.children if foreseen else None),
            ],
            act=_("Undo the import"),
            url=reverse("intake:undo", args=[batch.pk]),
            final=False,
        ) if may_undo and written else None,
    }  # fmt: skip


def _marked(batch: Batch, request: Request) -> dict[str, Any]:
    """The marked workbook of a file that waits, for whoever may take such: there, being made, or to be asked for."""
    if not request.scope.may(TAKE_MARKED):
        return {}
    if batch.marked is not None:  # a colleague's is not seen; one that was destroyed is not made again
        living = StoredFile.objects.filter(pk=batch.marked, destroyed_at=None)
        return {"marked": living.defer("key", "children").first()}
    total = batch.summary["in_scope"] + batch.summary["undetermined"]
    return {"may_mark": total > MARKED_AT_ONCE, "being_marked": 0 < total <= MARKED_AT_ONCE}


def _file(batch: Batch) -> StoredFile | None:
    return StoredFile.objects.filter(pk=batch.file_id).defer("key", "children").first()


def _by_group(summary: dict[str, Any]) -> list[tuple[str, int]]:
    names = GROUPS_ZH if _zh() else GROUPS_EN
    return [(names.get(name, name), count) for name, count in summary.get("by_group", {}).items() if count]


def _count(name: str, batch: Batch) -> int | None:
    return batch.counts.get(name) if batch.number is not None else None


def _act(request: Request, pk: int, act: Any, said: str = "") -> HttpResponse:
    """Do an act and show the import; who only opens the address of an act is led there, and nothing is done."""
    get_object_or_404(Batch.objects.only("pk"), pk=pk)
    if request.method != "POST":
        return redirect("intake:batch", pk)
    try:
        act()
    except InputRefused as why:
        messages.error(request, _said(why))
    else:
        if said:
            messages.success(request, said)
    return redirect("intake:batch", pk)


def _compared_again(rows: int) -> str:
    return ngettext(
        "The card of %(n)d row has changed since the file was checked: the row was compared again.",
        "The cards of %(n)d rows have changed since the file was checked: these rows were compared again.",
        rows,
    ) % {"n": rows}


def _compare_rows(batch: Batch, request: Request) -> Job:
    asked = enqueue(compare_rows, by=request.scope, key=wish(batch), batch=batch.pk)
    return Job.objects.select_related("progress").get(pk=asked.pk)


def _said(why: InputRefused) -> str:
    said = in_words(why)
    return said if isinstance(said, str) else " ".join(said)


def _zh() -> bool:
    return (get_language() or "zh").startswith("zh")
