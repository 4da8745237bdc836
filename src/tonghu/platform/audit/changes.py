"""The history in words: what changed in a row, from what to what, by whom and why, as its readers understand it.

Everything is read under the open scope: a change of a record that the reader may not see is not found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from django.db import models
from django.db.backends.postgresql.psycopg_any import Range
from django.db.models import F, OuterRef, Subquery, Value
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tonghu.platform.audit import places
from tonghu.platform.audit.history import event_models
from tonghu.platform.audit.places import Place, Wanted
from tonghu.platform.crypto.fields import EncryptedText
from tonghu.platform.crypto.masks import mask_id
from tonghu.platform.scope.scope import SYSTEM
from tonghu.platform.scope.wording import label_in_words, system_in_words
from tonghu.platform.shell import Words

Act = Literal["insert", "update", "delete"]
#: What a number looks like that is shown masked; other sealed texts are not shown at all.
_NUMBER = re.compile(r"[0-9Xx+() -]{5,}")
#: Rows of this table are children, and so is what has a column ``child_id``.
CHILD_TABLE: Final = "patients.child"
#: By what people know rows whose own columns say nothing of it, as far as the reader may see it: numbers → words.
Naming = Callable[[set[int]], dict[int, str]]
_namings: Final[dict[type[Any], Naming]] = {}
#: How a room says values, and calls columns, of its followed tables: by the field's name.
_worded: Final[dict[type[Any], dict[str, Callable[[Any], str]]]] = {}
_labelled: Final[dict[type[Any], dict[str, Words]]] = {}
#: Columns of followed tables that are worked out from others: nobody changed them.
_worked_out: Final[dict[type[Any], frozenset[str]]] = {}
#: Columns that no form writes and that say all the same what somebody did.
_told_too: Final[dict[type[Any], frozenset[str]]] = {}
#: A record's page shows so many changes at most, the newest.
RECORD_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, in words. ``secret``: it changed, and what it says is not shown."""

    label: str
    before: str
    after: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class RowChange:
    """One change of one row; ``child`` and ``institution`` say whose record it is of, where it is of one."""

    at: datetime
    table: str
    number: int
    record: str
    pk: int
    act: Act
    who: str
    reason: str
    request: str
    fields: tuple[FieldChange, ...]
    child: int | None = None
    institution: int | None = None

    def sentence(self) -> str:
        """Return what was done, without who and when: 把“电话”从“…”改为“…”."""
        if self.act == "delete":
            return _("deleted %(record)s") % {"record": self.record}
        if self.act == "insert":
            return _("entered %(record)s") % {"record": self.record}
        said = [_changed(one) for one in self.fields]
        return _("changed %(record)s: %(fields)s") % {"record": self.record, "fields": _("; ").join(said)}


def _changed(one: FieldChange) -> str:
    if one.secret:
        return _("%(field)s (not shown)") % {"field": one.label}
    return _("%(field)s from “%(before)s” to “%(after)s”") % {
        "field": one.label,
        "before": one.before or _("empty"),
        "after": one.after or _("empty"),
    }


def tables() -> dict[str, str]:
    """Return the followed tables: ``app.model`` and how people call it."""
    return {name_of(model): _name(model) for model in event_models()}


def named_by(model: type[Any], naming: Naming) -> None:
    """Have the rows of a followed table called by what `naming` says of their numbers; it is asked once a page."""
    _namings[model] = naming


def worded_by(
    model: type[Any],
    *,
    words: Mapping[str, Callable[[Any], str]],
    labels: Mapping[str, Words] | None = None,
    worked_out: Iterable[str] = (),
    told_too: Iterable[str] = (),
) -> None:
    """Have values of a followed table said in words of the room that shows them, and columns called so.

    For what the model cannot say itself: words that only the room's pages know.

    Args:
        worked_out: columns that follow from others; they are nobody's doing, and the history does not tell them.
        told_too: columns that only the database writes, and by which people see that something was done.
    """
    _worded[model] = dict(words)
    _labelled[model] = dict(labels or {})
    _worked_out[model] = frozenset(worked_out)
    _told_too[model] = frozenset(told_too)


def event_model(name: str) -> type[Any]:
    """Return the history's model of a followed table.

    Raises:
        KeyError: no table of that name is followed.
    """
    return {name_of(model): model for model in event_models()}[name]


def name_of(model: type[Any]) -> str:
    """Return ``app.model`` of the table that a history follows."""
    label: str = model.pgh_tracked_model._meta.label_lower
    return label


def of_record(name: str, pk: int) -> list[RowChange]:
    """Return the changes of a record and of its parts, the newest first, at most :data:`RECORD_LIMIT`.

    Raises:
        KeyError: no table of that name is followed.
    """
    whole = event_model(name)
    found = {whole: _newest(whole.objects.filter(pgh_obj_id=pk), RECORD_LIMIT)}
    for model in event_models():
        if model.pgh_part_of and _target(model) is whole.pgh_tracked_model:
            parts = _newest(model.objects.filter(**{f"{model.pgh_part_of}_id": pk}), RECORD_LIMIT)
            found[model] = [*found.get(model, ()), *parts]
    return _sorted(_described(found))[:RECORD_LIMIT]


def who_in_words(who: str) -> str:
    """Return who acted; a piece of the system is called so, a role in the reader's language."""
    return system_in_words(who) if who in SYSTEM else label_in_words(who) or "—"


@dataclass(frozen=True, slots=True)
class Page:
    """Changes, the newest first, and where the next page begins; None behind the last."""

    changes: list[RowChange]
    behind: Place | None


def changes(wanted: Wanted, *, limit: int, after: Place | None = None) -> Page:
    """Return at most `limit` changes that are wanted, behind a place; a page costs the same wherever it lies.

    Raises:
        KeyError: no table of that name is followed.
    """
    standing = places.newest(wanted, _histories(wanted), limit + 1, after)
    shown = standing[:limit]
    return Page(told(shown), shown[-1] if len(standing) > limit else None)


def standing_at(wanted: Wanted, *, limit: int) -> list[Place]:
    """Return where the newest `limit` changes stand that are wanted.

    Raises:
        KeyError: no table of that name is followed.
    """
    return places.newest(wanted, _histories(wanted), limit, None)


def told(standing: Iterable[Place]) -> list[RowChange]:
    """Return the changes at these places, the newest first, but for those that changed nothing that people see."""
    return _sorted(_described({model: list(rows) for model, rows in _rows(standing)}))


def whose(standing: Iterable[Place]) -> list[tuple[int, int | None]]:
    """Return whose records the changes at these places are of: each child with the hospital, where it is one's view."""
    found: set[tuple[int, int | None]] = set()
    for model, rows in _rows(standing):
        columns = {field.attname for field in model._meta.concrete_fields}
        child = "pgh_obj_id" if name_of(model) == CHILD_TABLE else "child_id"
        if child in columns:
            place = F("institution_id") if "institution_id" in columns else Value(None, models.BigIntegerField())
            found.update(rows.exclude(**{child: None}).values_list(child, place).distinct())
    return sorted(found, key=lambda one: (one[0], one[1] or 0))


def _rows(standing: Iterable[Place]) -> Iterator[tuple[type[Any], models.QuerySet[Any]]]:
    """The rows at these places, history by history."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for _at, table, number in standing:
        numbers[table].append(number)
    for table, here in numbers.items():
        model = event_model(table)
        yield model, model.objects.filter(pgh_id__in=here)


def count(wanted: Wanted, *, limit: int) -> int:
    """Return how many changes are wanted, `limit` at most; those that changed nothing that people see are counted too.

    Raises:
        KeyError: no table of that name is followed.
    """
    return places.count(wanted, _histories(wanted), limit)


def _histories(wanted: Wanted) -> dict[str, str]:
    """The histories that are wanted: by what the tables that they follow are called, their own tables."""
    if wanted.table:
        return {wanted.table: event_model(wanted.table)._meta.db_table}
    return {name_of(model): model._meta.db_table for model in event_models()}


def _sorted(found: list[RowChange]) -> list[RowChange]:
    return sorted(found, key=lambda change: (change.at, change.table, change.number), reverse=True)


def _newest(rows: models.QuerySet[Any], limit: int) -> list[Any]:
    return list(rows.order_by("-pgh_created_at", "-pgh_id")[:limit])


def _target(model: type[Any]) -> Any:
    return model.pgh_tracked_model._meta.get_field(model.pgh_part_of).related_model


def _name(model: type[Any]) -> str:
    return str(model.pgh_name or model.pgh_tracked_model._meta.verbose_name)


def _described(found: Mapping[type[Any], Sequence[Any]]) -> list[RowChange]:
    """Put events into words, by their history; one that changed nothing that people see is left out.

    All of them at once: what they point at is looked up once for all, however many histories point there.
    """
    before = {model: _previous(model, events) for model, events in found.items()}
    fields = {model: _shown_fields(model) for model in found}
    names = _related_names(
        (fields[model], [*events, *before[model].values()]) for model, events in found.items() if events
    )
    described = []
    for model, events in found.items():
        own = _namings.get(model.pgh_tracked_model)
        named = own({event.pgh_obj_id for event in events}) if own and events else {}
        for event in events:
            said = tuple(_field_changes(fields[model], event, before[model].get(event.pgh_id), names))
            if said or event.pgh_label != "update":
                called = named.get(event.pgh_obj_id) or _called(model, event, names)
                described.append(_row_change(model, event, called, said))
    return described


def _row_change(model: type[Any], event: Any, called: str, said: tuple[FieldChange, ...]) -> RowChange:
    return RowChange(
        at=event.pgh_created_at,
        table=name_of(model),
        number=event.pgh_id,
        record=f"{_name(model)} {called or f'#{event.pgh_obj_id}'}",
        pk=event.pgh_obj_id,
        act=event.pgh_label,
        who=who_in_words(event.pgh_who),
        reason=event.pgh_reason,
        request=event.pgh_request,
        fields=said,
        child=event.pgh_obj_id if name_of(model) == CHILD_TABLE else getattr(event, "child_id", None),
        institution=getattr(event, "institution_id", None),
    )


def _previous(model: type[Any], events: Sequence[Any]) -> dict[int, Any]:
    """The state of each updated row before its event, by the event's number."""
    updates = [event for event in events if event.pgh_label == "update"]
    if not updates:
        return {}
    before = model.objects.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    numbers = model.objects.filter(pgh_id__in=[event.pgh_id for event in updates])
    earlier = numbers.annotate(earlier=Subquery(before.values("pgh_id")[:1])).values("earlier")
    states: dict[int, list[Any]] = defaultdict(list)
    for state in model.objects.filter(pgh_id__in=earlier).order_by("pgh_id"):
        states[state.pgh_obj_id].append(state)
    found = {}
    for event in updates:
        known = [state for state in states[event.pgh_obj_id] if state.pgh_id < event.pgh_id]
        if known:
            found[event.pgh_id] = known[-1]
    return found


def _shown_fields(model: type[Any]) -> list[models.Field[Any, Any]]:
    kept = {field.name for field in model._meta.concrete_fields}
    return [
        field
        for field in model.pgh_tracked_model._meta.concrete_fields
        if field.name in kept
        and (field.editable or field.name in _told_too.get(model.pgh_tracked_model, ()))
        and not field.primary_key
        and field.name not in _worked_out.get(model.pgh_tracked_model, ())
        and not isinstance(field, models.BinaryField)
        and _has_words(field)
    ]


def _has_words(field: models.Field[Any, Any]) -> bool:
    """Whether people have a word for a column; one without (a job's number, a hash) serves the system alone."""
    named = isinstance(field.verbose_name, Promise) or field.name in _labelled.get(field.model, {})
    return named or isinstance(field, models.ForeignKey)


def _related_names(
    shown: Iterable[tuple[Sequence[models.Field[Any, Any]], Iterable[Any]]],
) -> dict[tuple[type[Any], int], str]:
    """What foreign keys of events point at, as far as the reader may see it; `shown`: fields, and events with them."""
    wanted: dict[type[Any], set[int]] = defaultdict(set)
    for fields, events in shown:
        references = [field for field in fields if isinstance(field, models.ForeignKey)]
        for event in events:
            for field in references:
                if (key := getattr(event, field.attname)) is not None:
                    wanted[field.related_model].add(key)
    histories = {history.pgh_tracked_model: history for history in event_models()}
    named = {
        (model, key): said
        for model, keys in wanted.items()
        if model in _namings
        for key, said in _namings[model](keys).items()
    }
    return named | {
        (model, key): (_called(histories[model], found, {}) if model in histories else "") or str(found)
        for model, keys in wanted.items()
        if model not in _namings
        for key, found in model._default_manager.in_bulk(keys).items()
    }


def _called(model: type[Any], row: Any, names: dict[tuple[type[Any], int], str]) -> str:
    """By what people know a followed row, or its state in the history; empty where nothing of it can be said."""
    said = []
    for name in model.pgh_called:
        field = model.pgh_tracked_model._meta.get_field(name)
        value = getattr(row, field.attname)
        if isinstance(field, models.ForeignKey) and (field.related_model, value) not in names:
            continue  # not for this reader, or not looked up: its number would say nothing
        said.append(_words(field, value, names, model.pgh_words))
    return " ".join(filter(None, said))


def _field_changes(
    fields: Sequence[models.Field[Any, Any]], event: Any, earlier: Any, names: dict[tuple[type[Any], int], str]
) -> Iterable[FieldChange]:
    update, removed = event.pgh_label == "update", event.pgh_label == "delete"
    in_words = event.pgh_words | _worded.get(event.pgh_tracked_model, {})
    for field in fields:
        now = getattr(event, field.attname)
        then = getattr(earlier, field.attname) if earlier is not None else None
        if update and (then == now and earlier is not None):
            continue
        if not update and now in (None, "", [], {}):
            continue
        label = _label(field)
        if isinstance(field, EncryptedText) and not all(_NUMBER.fullmatch(text) for text in (then, now) if text):
            yield FieldChange(label, "", "", secret=True)
            continue
        said_now, said_then = (_words(field, value, names, in_words) for value in (now, then))
        yield FieldChange(label, said_now, "") if removed else FieldChange(label, said_then, said_now)


def _label(field: models.Field[Any, Any]) -> str:
    """What a field is called; a reference without words of its own (only lazy ones are) by what it points at."""
    if own := _labelled.get(field.model, {}).get(field.name):
        return str(own)
    if isinstance(field, models.ForeignKey) and not isinstance(field.verbose_name, Promise):
        target = field.related_model
        called = {model.pgh_tracked_model: model.pgh_name for model in event_models()}
        return str(called.get(target) or target._meta.verbose_name)
    return str(field.verbose_name)


def _words(
    field: models.Field[Any, Any],
    value: Any,
    names: dict[tuple[type[Any], int], str],
    in_words: dict[str, Callable[[Any], str]],
) -> str:
    """A value as the reader knows it from the record's own page."""
    if value is None or value == "":
        return ""
    if field.name in in_words:
        return in_words[field.name](value)
    if isinstance(field, EncryptedText):
        return mask_id(value)
    if isinstance(field, models.ForeignKey):
        return names.get((field.related_model, value), f"#{value}")
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(localtime(value), "Y-m-d H:i")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Range):
        ends = (value.lower, value.upper)
        if ends == (None, None):
            return pgettext("a period without ends", "always")
        begin, end = (pgettext("end of a period", "open") if one is None else _plain(one) for one in ends)
        return _("from %(begin)s until before %(end)s") % {"begin": begin, "end": end}
    if isinstance(value, list):
        return _(", ").join(_plain(one) for one in value)
    return str(value)
