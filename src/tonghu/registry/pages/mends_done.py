"""The bulk mends of a hospital, the newest first, each with a page of its own (``one_mend``) that says what became of
it and takes it back: the bar right after a mend is gone in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tonghu.codes.dates import read_date
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.audit.changes import event_model, who_in_words
from tonghu.platform.audit.models import Event
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import called
from tonghu.registry.access import ENTER
from tonghu.registry.events import CARDS, MENDED
from tonghu.registry.forms.cells import label
from tonghu.registry.forms.titles import title_of
from tonghu.registry.models import CardVersion, Origin
from tonghu.registry.services.mending import stored

#: How many mends a list has is counted up to this.
MOST_COUNTED: Final = 500
#: So many fields of a mend are named in the list; its page names all.
NAMED: Final = 3
#: The mends of so many people can be chosen from, those who mended last first.
MOST_PEOPLE: Final = 50
_BULK: Final = Q(origin=Origin.BULK)


@requires(ENTER)
@require_GET
def mends(request: Request) -> HttpResponse:
    """The bulk mends of the hospital."""
    by = request.scope
    fields: dict[int, list[str]] = {}
    rules: dict[int, str] = {}
    who: dict[int, str] = {}
    table = Table(
        request=request, name="mends", rows=done(by), order="batch", key="batch",
        columns=(
            Column("at", _("Time"), kind="time", sort=None, fixed=True, link=_page),
            Column("who", _("By whom"), value=lambda row: who.get(row["sample"], ""), sort=None),
            Column("rule", _("Rule"), value=lambda row: _title(rules.get(stored(row["batch"]))), kind="sentence",
                   sort=None),
            Column("fields", _("Fields"), value=lambda row: _some(fields.get(row["batch"], [])), sort=None),
            Column("cards", _("Cards"), kind="number", sort=None),
            Column("back", _("Cards taken back"), kind="number", value=_taken_back, sort=None),
        ),
        filters=(
            Filter("who", _("By whom"), _by_person, choices=_people(by)),
            Filter("since", _("From (YYYY-MM-DD)"), lambda rows, said: rows.filter(at__gte=_day(said))),
            Filter("until", _("Until (YYYY-MM-DD)"),
                   lambda rows, said: rows.filter(at__lt=_day(said) + timedelta(days=1))),
        ),
        caption=_("Recent bulk mends"), count_to=MOST_COUNTED,
        empty=_("No bulk mend yet. Cards are mended together from the correction queue."),
    )  # fmt: skip
    here = [row["batch"] for row in table.slice.rows]
    fields.update(fields_of(here, by))
    rules.update(rules_of([stored(batch) for batch in here], by))
    who.update(writers([row["sample"] for row in table.slice.rows], by))
    return render(request, "registry/mends.html", {"table": table})


def done(by: Scope) -> QuerySet[Any]:
    """The own hospital's bulk mends, a row each: number as stored, when, on how many cards, and how many of these were
    taken back; ``sample`` is one of the versions.
    """
    made = CardVersion.objects.filter(institution=by.institution, batch__lt=0)
    counted = made.values("batch").annotate(
        at=Min("made_at", filter=_BULK),
        cards=Count("card", filter=_BULK, distinct=True),
        back=Count("card", filter=Q(origin=Origin.UNDO), distinct=True),
        sample=Max("pk", filter=_BULK),
    )
    return counted.filter(at__isnull=False)


def fields_of(batches: Iterable[int], by: Scope) -> dict[int, list[str]]:
    """What mends changed, by the names of the fields."""
    found: dict[int, set[str]] = {}
    whole = CardVersion.objects.filter(_BULK, institution=by.institution, batch__in=list(batches))
    for batch, changed, layout in whole.values_list("batch", "changed", "card__layout").distinct():
        found.setdefault(batch or 0, set()).update(label(column, layout) or column for column in changed)
    return {batch: sorted(names) for batch, names in found.items()}


def rules_of(numbers: Iterable[int], by: Scope) -> dict[int, str]:
    """By which rules mends were done, as far as the reader's part of the log says so: of one's own it does."""
    kept = Event.objects.filter(
        subject_kind=CARDS, subject_id=str(by.institution), kind=MENDED.code, data__batch__in=list(numbers)
    )
    return {data["batch"]: data["rule"] for data in kept.values_list("data", flat=True)}


def writers(versions: Iterable[int], by: Scope) -> dict[int, str]:
    """Who wrote these versions, as the reader is told of people."""
    known = CardVersion.objects.filter(pk__in=list(versions)).values_list("card", "number", "pk")
    wanted = {(card, number): pk for card, number, pk in known}
    events = (
        event_model("registry.card")
        .objects.filter(pgh_obj_id__in=[card for card, _number in wanted])
        .order_by("-pgh_id")
    )
    return {
        wanted[card, version]: called(who_in_words(who), by)
        for card, version, who in events.values_list("pgh_obj_id", "version", "pgh_who")
        if (card, version) in wanted
    }


def _people(by: Scope) -> list[tuple[str, str]]:
    """Who mended here: number of the person and name, those who mended last first."""
    made = CardVersion.objects.filter(_BULK, institution=by.institution, batch__lt=0, person_id__isnull=False)
    last = made.values("person_id").annotate(sample=Max("pk")).order_by("-sample")
    samples = dict(last.values_list("person_id", "sample")[:MOST_PEOPLE])
    names = writers(samples.values(), by)
    return [(str(person), names[sample]) for person, sample in samples.items() if sample in names]


def _by_person(rows: QuerySet[Any], said: str) -> QuerySet[Any]:
    theirs = CardVersion.objects.filter(_BULK, batch__lt=0, person_id=int(said))
    return rows.filter(batch__in=theirs.values("batch"))


def _day(said: str) -> datetime:
    """The beginning of a day as people write it.

    Raises:
        InputRefused: it is no day.
    """
    day: date | None = read_date(said).value
    if day is None:
        raise InputRefused(
            f"日期“{said}”无法识别：请写成 2026-09-01 或 20260901",
            f"The day “{said}” cannot be read: write it as 2026-09-01 or 20260901",
        )
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _page(row: dict[str, Any]) -> str:
    return reverse("registry:mend", args=[stored(row["batch"])])


def _title(rule: str | None) -> str:
    return f"{title_of(rule)} {rule}" if rule else ""


def _some(names: list[str]) -> str:
    said = _(", ").join(names[:NAMED])
    if len(names) <= NAMED:
        return said
    return f"{said} " + _("and others, %(n)s fields in all") % {"n": len(names)}


def _taken_back(row: dict[str, Any]) -> object:
    return Mark(_("all taken back"), "quiet") if row["back"] == row["cards"] else row["back"]
