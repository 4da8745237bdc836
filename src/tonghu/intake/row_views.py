"""Pages of the rows that a file brings: those of one kind, and one beside the card that is there."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tonghu.errors import InputRefused
from tonghu.hqms.labels import GROUPS_EN, GROUPS_ZH
from tonghu.intake import identity, queries, services
from tonghu.intake.access import UPLOAD
from tonghu.intake.comparing import lines
from tonghu.intake.looking_again import look_again
from tonghu.intake.looks import log_row, log_rows
from tonghu.intake.matching import contents, lacking
from tonghu.intake.models import (
    BESIDE_A_ROW,
    CHOICES,
    SEEMS_A_ROWS,
    WAITING,
    Batch,
    Choice,
    Damage,
    Match,
    Row,
    State,
)
from tonghu.intake.outcomes import ALONE, COUNTED, DECIDED, HELD, WHY, outcome
from tonghu.intake.same_child import other_row
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import REVEAL
from tonghu.platform.components.parts import Finding, Level
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.registry.checks import check
from tonghu.registry.content import open_
from tonghu.registry.forms.cells import Sight
from tonghu.registry.models import Card

#: What each outcome is called in the list, with its tone.
_OUTCOMES: Final = {
    "create": (gettext_lazy("new card"), "done"),
    "replace": (gettext_lazy("take the file"), "done"),
    "fill": (gettext_lazy("fill blanks"), "done"),
    "unchanged": (gettext_lazy("unchanged"), "quiet"),
    "skipped": (gettext_lazy("left out"), "quiet"),
    "failed": (gettext_lazy("not imported"), "block"),
    "waits": (gettext_lazy("waits for you"), "ask"),
}


@requires(UPLOAD)
@require_GET
def rows(request: Request, pk: int) -> HttpResponse:
    """The rows of a file that waits, or those of one kind."""
    batch = get_object_or_404(Batch, pk=pk, state=State.READY)
    match = request.GET.get("match", "")
    match = match if match in Match.values else ""
    groups = GROUPS_ZH if _zh() else GROUPS_EN
    table = Table(
        request=request,
        name="import-rows",
        rows=Row.objects.filter(batch=batch).defer("content", "content_key"),
        order="row",
        columns=(
            Column("row", _("Row"), kind="number", sort=None, fixed=True,
                   link=lambda row: reverse("intake:row", args=[pk, row.row])),
            Column("record_number", _("Record number"), kind="code", sort=None),
            Column("name", _("Name"), value=lambda row: identity.opened(row.identity).patient_name, sort=None),
            Column("discharge_at", _("Discharge"), value=lambda row: _day(row), sort=None),
            Column("scope_group", _("Group"), value=lambda row: groups.get(row.scope_group, row.scope_group),
                   sort=None),
            Column("match", _("What it is"), value=lambda row: Match(row.match).label, sort=None),
            Column("changed", _("Fields that differ"), kind="number", sort=None,
                   value=lambda row: len(row.changed) if row.match == Match.CHANGED else None),
            Column("errors", _("Errors"), kind="number", sort=None),
            Column("outcome", _("What happens"), value=outcome_mark, kind="mark", sort=None),
        ),
        filters=(
            Filter("match", _("What it is"), lambda all_, said: all_.filter(match=said), choices=Match.choices),
            Filter("counts", _("What happens"), lambda all_, said: queries.counted_as(all_, said, batch),
                   choices=[*COUNTED.items(), ("waits", _("waits for you"))]),
            Filter("discharged", _("Discharge"), lambda all_, said: queries.discharged(all_, said, batch.archive_month),
                   choices=list(queries.DISCHARGED.items())),
            Filter("damage", _("In doubt"), lambda all_, said: queries.damaged(all_).filter(damage=said),
                   choices=Damage.choices),
            Filter("decided", _("Decided before"), lambda all_, said: all_.filter(answered__isnull=said == "no"),
                   choices=[("yes", _("Yes")), ("no", _("No"))]),
        ),
        caption=_("Rows in scope"),
        empty=_("The file has no reportable stay."),
        row_mark=lambda row: "ask" if _becomes(row) == "waits" else "",
    )  # fmt: skip
    log_rows(batch, table.slice.rows, by=request.scope)
    chosen = Row.objects.filter(batch=batch, match=match).exclude(why__in=HELD) if match in CHOICES else None
    of_all = chosen.aggregate(
        count=Count("pk"), decided=Count("pk", filter=DECIDED), alone=Count("pk", filter=ALONE & ~DECIDED),
    ) if chosen is not None else {}  # fmt: skip
    said = {
        "batch": batch, "table": table, "match": match, "choices": _choices(chosen, match),
        "title": Match(match).label if match else _("Rows in scope"),
        "open": of_all.get("count", 0) - of_all.get("decided", 0), **of_all,
    }  # fmt: skip
    return render(request, "intake/rows.html", said)


@requires(UPLOAD)
@require_GET
def row_page(request: Request, pk: int, row: int) -> HttpResponse:
    """One row: beside the card that is there, or alone."""
    batch = get_object_or_404(Batch, pk=pk, state=State.READY)
    held = get_object_or_404(Row, batch=batch, row=row)
    card = Card.objects.select_related("view").filter(pk=held.card or 0).first()
    moved_on = card is not None and (card.version, card.state) != (held.card_version, held.card_state)
    if moved_on and look_again(batch=batch.pk, by=request.scope).compared:
        return redirect("intake:row", pk, row)  # beside the card as it is now
    log_row(batch, held, card, by=request.scope)
    other = other_row(held) if held.why == "same_child_in_file" else None
    if other is not None:
        log_rows(batch, [other], by=request.scope)
    incoming = open_(held.content)
    beside = contents([card.pk])[card.pk] if card else open_(other.content) if other else None
    zh = _zh()
    codes = [*(["renames"] if held.renames else []), *([held.damage] if held.damage else [])]
    said: dict[str, Any] = {
        "batch": batch, "row": held, "card": card, "identity": identity.opened(held.identity),
        "lines": lines(incoming, beside, zh=zh, absent=lacking(batch)),
        "may_reveal": request.scope.may(REVEAL), "why": WHY.get(held.why, ""),
        "besides": [WHY[code] for code in codes if code != held.why],
        "outcome": outcome_mark(held),
        "choices": [] if held.why in HELD else held.choices, "other": other,
        "findings": _findings(batch, held, zh=zh),
        "waiting": Row.objects.filter(WAITING, batch=batch).count(),
        "decided_in": queries.batches().filter(pk=held.answered or 0).first(),
    }  # fmt: skip
    around = Row.objects.filter(batch=batch, match=held.match).values_list("row", flat=True)
    said["before"] = around.filter(row__lt=row).order_by("-row").first()
    said["after"] = around.filter(row__gt=row).order_by("row").first()
    said["may_fill"] = card is not None and Choice.FILL in said["choices"]
    said["differing"] = [line for line in said["lines"] if line.differs or line.fills]
    said["same"] = [line for line in said["lines"] if not (line.differs or line.fills)]
    said["fields"] = sum(line.differs for line in said["lines"])
    return render(request, "intake/row.html", said)


@requires(UPLOAD)
@require_POST
def choose(request: Request, pk: int) -> HttpResponse:
    """Say what is to become of one row, or of all of a kind; then the next one that waits."""
    batch = get_object_or_404(Batch, pk=pk, state=State.READY)
    choice, match, one = (request.POST.get(name, "") for name in ("choice", "match", "row"))
    number = int(one) if one.isascii() and one.isdecimal() and len(one) < 10 else None
    try:
        rows = [number] if number is not None else None
        count = services.choose(
            batch=batch.pk, choice=choice, by=request.scope, rows=rows, match=match,
            again=bool(request.POST.get("again")),
            beside=request.POST.get("beside"), looked_again=request.POST.get("looked_again"),
        )  # fmt: skip
    except services.ComparedAgain as why:
        messages.warning(request, str(in_words(why)))
        listed = f"{reverse('intake:rows', args=[pk])}?match={match}"
        return redirect(listed if number is None else reverse("intake:row", args=[pk, number]))
    except InputRefused as why:
        messages.error(request, str(in_words(why)))
        return redirect("intake:batch", pk)
    if number is None:
        label = Choice(choice).label
        messages.success(
            request,
            ngettext("%(count)d row: %(choice)s", "%(count)d rows: %(choice)s", count)
            % {"count": count, "choice": label},
        )
        return redirect(f"{reverse('intake:rows', args=[pk])}?match={match}")
    if count:
        messages.success(request, _("Row %(row)s: %(choice)s") % {"row": number, "choice": Choice(choice).label})
    waits = Row.objects.filter(WAITING, batch=batch).order_by("row").values_list("row", flat=True)
    following = waits.filter(row__gt=number).first() or waits.first()
    if following is not None:
        return redirect("intake:row", pk, following)
    messages.success(request, _("Every row is decided."))
    return redirect("intake:batch", pk)


def outcome_mark(row: Row) -> Mark:
    """What becomes of a row, as a word with a mark."""
    label, tone = _OUTCOMES[_becomes(row)]
    return Mark(label, tone)  # type: ignore[arg-type]


def _becomes(row: Row) -> str:
    return outcome(row.match, row.choice, row.why, answered=row.answered is not None, fills=row.fills)


def _choices(rows: QuerySet[Row] | None, match: str) -> list[Choice]:
    """What may be chosen for all rows of a kind; of probable ones those beside a row have other choices."""
    if rows is None:
        return []
    found = list(CHOICES[match]) if match != Match.PROBABLE or rows.exclude(SEEMS_A_ROWS).exists() else []
    if match == Match.PROBABLE and rows.filter(SEEMS_A_ROWS).exists():
        found += [choice for choice in BESIDE_A_ROW if choice not in found]
    return found


def _zh() -> bool:
    return (get_language() or "zh").startswith("zh")


def _day(row: Row) -> str:
    return f"{timezone.localtime(row.discharge_at):%Y-%m-%d}" if row.discharge_at else ""


def _findings(batch: Batch, row: Row, *, zh: bool) -> list[Finding]:
    """What the rules find in the row alone; findings that compare rows stand in the preview and the workbook."""
    content = open_(row.content)
    found = check(content, timezone.localdate(batch.created_at), batch.institution.region_code)
    return [
        Finding(
            level=Level(one.level),
            what=Sight().message(content, one.message_zh if zh else one.message_en),
            where=queries.label(batch.layout, one.column, zh=zh),
            rule=one.rule,
        )
        for one in found
    ]
