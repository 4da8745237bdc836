"""The components' tags: ``{% load components %}``. Each shows one value of ``tonghu.platform.components``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseForm, BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect, Select, Textarea
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from tonghu.platform.components.ages import age as age_in_words
from tonghu.platform.components.charts import Chart, vega
from tonghu.platform.components.maps import TileMap
from tonghu.platform.components.parts import Change, Confirm, Event, Finding, Level, Progress
from tonghu.platform.components.table import Column, Kind, Link, Mark, Table
from tonghu.platform.components.undo import undo_url as offered

register = template.Library()


@register.inclusion_tag("components/table.html", takes_context=True)
def table(context: template.Context, table: Table) -> dict[str, Any]:
    """A table with its filters, column chooser and paging."""
    return {"table": table, "csrf_token": context.get("csrf_token"), "request": table.request}


@register.simple_tag
def cell(column: Column, value: object) -> SafeString | str:
    """What stands in a cell; an unknown value is a dash that is read as such."""
    if isinstance(value, Link):
        return format_html('<a href="{}">{}</a>', value.url, _plain(value.text, column.kind))
    if isinstance(value, Mark):
        return mark(value.text, value.tone)
    return _plain(value, column.kind)


@register.simple_tag
def mark(text: object, tone: str = "quiet") -> SafeString:
    """A state as a word with a mark: ``block``, ``ask``, ``done`` or ``quiet``."""
    return format_html('<span class="mark mark-{}">{}</span>', tone, text)


@register.simple_tag
def unknown() -> SafeString:
    """What stands where nothing is known."""
    return format_html(
        '<span class="unknown" title="{0}">—<span class="visually-hidden">{0}</span></span>', _("unknown")
    )


@register.inclusion_tag("components/form.html", takes_context=True)
def form(
    context: template.Context,
    form: BaseForm,
    submit: str = "",
    action: str = "",
    draft: str = "",
    cancel: str = "",
    focus: bool = True,
    enter: bool = False,
) -> dict[str, Any]:
    """A whole form: in one column, or in the parts that its ``parts`` name, two fields side by side.

    A form's ``parts`` are pairs of a title ('' for none) and names of fields; a field whose widget says ``wide`` takes
    the whole width. A field that no part names stands in the last.

    `submit` is the verb on the button; `draft` names the form so that what was typed survives an expired session in
    this tab (never passwords); `cancel` is the address that leads away without saving; `focus` leads the reader to the
    errors when there are any; `enter` submits with Enter in the last field, as everybody expects of a log-in.
    """
    request = context.get("request")
    person = getattr(getattr(request, "user", None), "pk", None) or ""
    return {
        "form": form, "submit": submit or _("Save"), "action": action, "cancel": cancel, "focus": focus, "enter": enter,
        "wrong": sum(name != NON_FIELD_ERRORS for name in form.errors),
        "draft": f"{draft}:{person}" if draft else "", "csrf_token": context.get("csrf_token"), "parts": _parts(form),
    }  # fmt: skip


@register.inclusion_tag("components/field.html")
def field(field: BoundField) -> dict[str, Any]:
    """One field: label above, hint below it, the error beside it."""
    widget = field.field.widget
    group = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    tick = isinstance(widget, CheckboxInput)
    style = "form-check-input" if group or tick else "form-select" if isinstance(widget, Select) else "form-control"
    if field.errors:
        style += " is-invalid"
    return {
        "field": field, "group": group, "tick": tick, "file": isinstance(widget, FileInput),
        "control": field if group else field.as_widget(attrs={"class": style}),
        "optional": not field.field.required and not tick and not _always_answered(widget),
        "wide": group or tick or isinstance(widget, Textarea) or getattr(widget, "wide", False),
    }  # fmt: skip


def _always_answered(widget: Any) -> bool:
    """Whether one of its choices stands in it from the start: there is no empty one."""
    return type(widget) is Select and "" not in {value for value, _label in widget.choices}


@register.inclusion_tag("components/findings.html")
def findings(findings: Sequence[Finding], heading: str = "") -> dict[str, Any]:
    """Findings, what blocks first; F goes to the next, M to the field it names, O to the reason."""
    order = list(Level)
    ranked = sorted(findings, key=lambda finding: order.index(finding.level))
    counts = [(level, sum(finding.level is level for finding in ranked)) for level in order]
    return {"findings": ranked, "counts": [(level, n) for level, n in counts if n], "heading": heading or _("Findings")}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Sequence[Event], unfold: bool = False) -> dict[str, Any]:
    """What happened, the newest first as given; with `unfold`, what was changed stands open."""
    return {"events": events, "unfold": unfold}


@register.inclusion_tag("components/diff.html")
def diff(changes: Sequence[Change]) -> dict[str, Any]:
    """Fields before and after."""
    return {"rows": list(_before_and_after(changes))}


@register.inclusion_tag("components/progress.html", takes_context=True)
def progress(context: template.Context, progress: Progress) -> dict[str, Any]:
    """How far something is, with count, rate and time left."""
    return {"progress": progress, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/confirm.html", takes_context=True)
def confirm(context: template.Context, confirm: Confirm) -> dict[str, Any]:
    """The button of a grave act; it opens the question with its consequence in numbers."""
    return {"confirm": confirm, "id": f"confirm-{uuid4().hex[:8]}", "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/empty.html")
def empty(what: str, url: str = "", act: str = "") -> dict[str, str]:
    """What will come here and how, where there is nothing yet; `act` is the verb that leads to it."""
    return {"what": what, "url": url, "act": act}


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart) -> dict[str, Any]:
    """A chart with its question, answer and figures."""
    return {"chart": chart, "vega": vega(chart), "id": f"chart-{uuid4().hex[:8]}"}


@register.inclusion_tag("components/tile_map.html")
def tile_map(map: TileMap) -> dict[str, Any]:
    """A map of equal squares."""
    return {"map": map}


@register.inclusion_tag("components/masked.html")
def masked(shown: str, label: str = "", reveal_url: str = "") -> dict[str, str]:
    """A masked identity with its visible placeholder; `reveal_url` asks for a reason before it shows the whole."""
    return {"shown": shown, "label": label, "reveal_url": reveal_url}


@register.filter
def undo_url(message: Any) -> str:
    """Where a message's act is taken back; '' where it offers nothing."""
    return offered(message.extra_tags)


@register.filter
def number(value: Decimal | float | int | None) -> SafeString | str:
    """A number with its thousands apart, the same in both languages; a dash where it is unknown."""
    return unknown() if value is None else f"{value:,}"


@register.filter
def money(value: Decimal | int | None) -> SafeString | str:
    """An amount in yuan with two decimals; a dash where it is unknown."""
    return unknown() if value is None else f"{value:,.2f}"


@register.simple_tag
def age(born: date, on: date) -> SafeString | str:
    """An age as people say it: 3岁4月 under six years, 岁 after; a dash where the day lies before the birth."""
    return unknown() if on < born else age_in_words(born, on)


def _before_and_after(changes: Sequence[Change]) -> Iterator[SafeString]:
    """The rows of a diff, not by a template: a page of histories has hundreds, and they were half of its time."""
    nothing, hidden = unknown(), _("changed; not shown")
    for change in changes:
        kind = change.kind
        if change.secret:
            said = '<tr class="is-{}"><th scope="row">{}</th><td colspan="2" class="meta">{}</td></tr>'
            yield format_html(said, kind, change.label, hidden)
            continue
        before = nothing if kind == "added" else format_html("<del>{}</del>", change.before)
        after = nothing if kind == "removed" else format_html("<ins>{}</ins>", change.after)
        said = '<tr class="is-{}"><th scope="row">{}</th><td class="before">{}</td><td class="after">{}</td></tr>'
        yield format_html(said, kind, change.label, before, after)


def _parts(form: BaseForm) -> list[tuple[object, list[BoundField]]]:
    asked: Sequence[tuple[object, Sequence[str]]] = getattr(form, "parts", ())
    if not asked:
        return []
    shown = {bound.name: bound for bound in form.visible_fields()}
    parts = [(title, [shown.pop(name) for name in names if name in shown]) for title, names in asked]
    parts[-1][1].extend(shown.values())
    return [(title, fields) for title, fields in parts if fields]


def _plain(value: object, kind: Kind) -> SafeString | str:
    if value is None or value == "":
        return unknown()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float | Decimal) and kind == "number":
        return number(value)
    if isinstance(value, int | Decimal) and kind == "money":
        return money(value)
    if kind == "date":
        return date_format(value, "DATE_FORMAT")  # type: ignore[arg-type]
    if kind == "time":
        here = localtime(value) if isinstance(value, datetime) and is_aware(value) else value
        return date_format(here, "DATETIME_FORMAT")  # type: ignore[arg-type]
    return str(value)
