"""The page of one bulk mend: every card with its texts before and after, what became of them, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components.parts import Confirm
from tonghu.platform.components.table import Column, Filter, Table
from tonghu.platform.components.templatetags.components import mark, unknown
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.states import LIVE
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content, open_
from tonghu.registry.forms.cells import AT_THE_HOSPITAL, label, shown_text
from tonghu.registry.forms.titles import title_of
from tonghu.registry.models import CardVersion
from tonghu.registry.pages import card_lists, mends_done
from tonghu.registry.seen import show_names
from tonghu.registry.services.mend_fates import GOES_BACK, Fate, Outcome, Standing, counted, outcomes, written
from tonghu.registry.services.mending import stored

#: What the form of the question carries, so that the undo leads back to this page.
FROM_HERE: Final = "from"
#: The tones of what became of a text.
_TONES: Final = {Standing.STANDS: "done", Standing.TAKEN_BACK: "quiet", Standing.CHANGED: "ask"}


@requires(ENTER)
@require_GET
def mend(request: Request, batch: int) -> HttpResponse:
    """One bulk mend of the own hospital."""
    by = request.scope
    made = mends_done.done(by).filter(batch=stored(batch)).order_by("batch").first() if by.institution else None
    if made is None:
        raise Http404
    found = outcomes(stored(batch), by)
    fates = counted(found)
    rule = mends_done.rules_of([batch], by).get(batch, "")
    said = {
        "batch": batch, "at": made["at"], "cards": made["cards"],
        "who": mends_done.writers([made["sample"]], by).get(made["sample"], ""),
        "rule": rule, "rule_title": title_of(rule) if rule else "",
        "fields": mends_done.fields_of([stored(batch)], by).get(stored(batch), []),
        "fates": [(fate.value, fate.label, fates[fate]) for fate in Fate if fates[fate]],
        "goes_back": sum(fates[fate] for fate in GOES_BACK),
        "undo": _undo(batch, found, fates), "working": _working(batch, by),
        "table": _table(request, batch, found),
    }  # fmt: skip
    return render(request, "registry/mend.html", said)


def _undo(batch: int, found: Iterable[Outcome], fates: Counter[Fate]) -> Confirm | None:
    """Asks once more with what it would do in numbers; None where nothing would go back."""
    back = sum(fates[fate] for fate in GOES_BACK)
    if not back:
        return None
    partly = len({one.card for one in found if one.partly})
    stay = ((fate, fates[fate]) for fate in Fate if fate not in GOES_BACK)
    return Confirm(
        question=_("Take this bulk mend back?"),
        consequences=[
            (f"{back:,}", _("cards get their earlier text back")),
            (f"{fates[Fate.WITHDRAWN]:,}", _("of these are withdrawn from the audit first")),
            (f"{partly:,}", _("of these keep the fields that were changed since")),
            *((f"{count:,}", str(fate.label)) for fate, count in stay),
        ],
        act=_("Undo"),
        url=reverse("registry:undo_bulk", args=[batch]),
        fields=[(FROM_HERE, "mend")],
        final=False,
    )


def _working(batch: int, by: Scope) -> bool:
    """Whether a job of the reader's works on it: what stands here is then of the moment."""
    held = Job.objects.filter(institution=by.institution, state__in=LIVE)
    mending = held.filter(kind="registry.mend", key=f"mend-{batch}")
    return (mending | held.filter(kind="registry.undo_mend", key__startswith=f"undo-mend-{batch}-")).exists()


def _table(request: Request, batch: int, found: list[Outcome]) -> Table:
    by = request.scope
    of_version = {one.version: one for one in found}
    here = {one.fate for one in found}
    named: dict[int, str] = {}
    before: dict[int, Content] = {}
    rows = written(stored(batch), by).select_related("card")
    table = Table(
        request=request, name="mend", rows=rows, order="card_id",
        columns=(
            Column("record_number", _("Record number"), kind="code", sort=None, fixed=True,
                   value=lambda one: one.card.record_number, link=lambda one: card_lists.card_url(one.card_id)),
            Column("name", _("Name"), value=lambda one: named.get(one.card_id, ""), sort=None),
            Column("texts", _("What was mended"), kind="sentence", sort=None, fixed=True,
                   value=lambda one: _texts(one, before.get(one.pk), of_version[one.pk])),
            Column("state", _("State"), value=lambda one: card_lists.state_mark(one.card), sort=None),
            Column("fate", _("With an undo it"), kind="sentence", sort=None,
                   value=lambda one: of_version[one.pk].fate.label),
        ),
        filters=(
            Filter("fate", _("With an undo"), lambda some, said: some.filter(pk__in=_of_fate(found, said)),
                   [(fate.value, fate.label) for fate in Fate if fate in here]),
        ),
        caption=_("Cards of this bulk mend"), total=None if request.GET.get("fate") else len(found),
        count_to=card_lists.MOST_COUNTED,
    )  # fmt: skip
    named.update(show_names([one.card for one in table.slice.rows], card_lists.LISTED, by=by))
    before.update(_before(table.slice.rows))
    return table


def _of_fate(found: Iterable[Outcome], said: str) -> list[int]:
    return [one.version for one in found if one.fate == said]


def _before(mends: Iterable[CardVersion]) -> dict[int, Content]:
    """What the cards said before, by the keys of the versions that the mend wrote."""
    wanted = {(one.card_id, one.number - 1): one.pk for one in mends}
    earlier = CardVersion.objects.filter(
        card__in={card for card, _number in wanted}, number__in={number for _card, number in wanted}
    )
    return {
        wanted[one.card_id, one.number]: open_(one.content)
        for one in earlier.only("card_id", "number", "content")
        if (one.card_id, one.number) in wanted
    }


def _texts(mend: CardVersion, before: Content | None, outcome: Outcome) -> SafeString:
    """Each text before and after, and what became of it; identities masked."""
    after = open_(mend.content)
    old = before or Content(after.layout)
    return format_html_join(
        "",
        '<div class="mended"><span>{}</span> {} → <ins>{}</ins> {}</div>',
        (
            (
                label(column, after.layout) or column,
                _earlier(shown_text(column, old.value(column), old, AT_THE_HOSPITAL)),
                shown_text(column, after.value(column), after, AT_THE_HOSPITAL),
                mark(standing.label, _TONES[standing]),
            )
            for column, standing in outcome.texts.items()
        ),
    )


def _earlier(text: str) -> SafeString:
    return format_html("<del>{}</del>", text) if text else unknown()
