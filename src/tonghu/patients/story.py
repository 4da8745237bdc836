"""What was changed about a child, told as people tell it: by names and acts, without numbers of rows or codes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.patients.comparison import names_of
from tonghu.patients.models import Child, Consent, FormerName, Grant, Guardian, HospitalView, Identifier, Merge, Split
from tonghu.patients.queries import splits_of
from tonghu.platform.audit.changes import FieldChange, RowChange, of_record, who_in_words
from tonghu.platform.components.parts import Change, Event

#: Rows that say what another says better: who is one with whom, which the merge tells.
_TOLD_ELSEWHERE = ("patients.child",)


def told(children: Sequence[int], views: Sequence[HospitalView]) -> list[Event]:
    """Return what was changed about children that are one, the newest first.

    Args:
        children: their ids.
        views: those that the reader sees.
    """
    found = {(change.table, change.number): change for one in children for change in of_record("patients.child", one)}
    splits = splits_of(children)
    for act in splits:
        if act.parted_id in children and act.child_id not in children:
            found |= _before(act)
    changes = sorted(found.values(), key=lambda change: (change.at, change.number), reverse=True)
    teller = _Teller(changes, views)
    events = [
        Event(
            at=change.at, who=change.who, what=teller.sentence(change), why=change.reason,
            changes=_details(change),
        )
        for change in changes
        if change.table not in _TOLD_ELSEWHERE and (change.act != "update" or _details(change))
    ]  # fmt: skip
    parted = [
        Event(at=act.at, who=who_in_words(act.who), what=_parted(act), why=act.reason) for act in splits
    ]  # fmt: skip
    return sorted([*events, *parted, *teller.run_out(changes)], key=lambda event: event.at, reverse=True)


def _parted(act: Split) -> str:
    return _("Record number %(record)s parted as another child") % {"record": act.record_number}


def _details(change: RowChange) -> list[Change]:
    """The fields of a change, without those that only say to which child and record the row belongs."""
    if change.table == "patients.merge":
        return []
    own = {str(Child._meta.verbose_name), str(HospitalView._meta.verbose_name)}
    return [
        Change(label=one.label, before=one.before, after=one.after, secret=one.secret)
        for one in change.fields
        if one.label not in own
    ]


def _before(act: Split) -> dict[tuple[str, int], RowChange]:
    """What had been changed of a view and its rows while it still stood for the child that it was parted from."""
    view = act.view_id
    rows = {("patients.hospitalview", view)}
    for model in (Guardian, Identifier, FormerName):
        rows |= {
            (model._meta.label_lower, pk)
            for pk in model._default_manager.filter(view=view).values_list("pk", flat=True)
        }
    changes = of_record("patients.child", act.child_id)
    return {(one.table, one.number): one for one in changes if (one.table, one.pk) in rows}


class _Teller:
    def __init__(self, changes: Sequence[RowChange], views: Sequence[HospitalView]) -> None:
        self.records = {view.pk: view.record_number for view in views}
        self.merges = Merge.objects.in_bulk([change.pk for change in changes if change.table == "patients.merge"])
        self.children = names_of(self.merges.values()) if self.merges else {}
        self.guardians = _names(changes, "patients.guardian", Guardian)
        grants = {change.pk for change in changes if change.table == "patients.grant"}
        self.grants = Grant.objects.select_related("institution").in_bulk(grants) if grants else {}

    def sentence(self, change: RowChange) -> str:
        """Say what was done."""
        ways = {
            "patients.hospitalview": self._view, "patients.guardian": self._guardian, "patients.merge": self._merge,
            "patients.identifier": self._document, "patients.formername": self._former_name,
            "patients.consent": self._consent, "patients.grant": self._grant,
        }  # fmt: skip
        return ways[change.table](change) if change.table in ways else change.sentence()

    def _view(self, change: RowChange) -> str:
        record = self.records.get(change.pk, "")
        if change.act == "insert":
            return _("Entered under record number %(record)s") % {"record": record}
        if said := _listed(change):
            return said % {"record": record}
        if len(self.records) > 1:
            return _("Record number %(record)s: %(fields)s") % {"record": record, "fields": _fields(change)}
        return _fields(change)

    def _guardian(self, change: RowChange) -> str:
        name = {"name": self.guardians.get(change.pk, "")}
        if change.act == "insert":
            return _("Added the guardian %(name)s") % name
        if change.act == "delete":
            return _("Took off the guardian %(name)s") % name
        return _("Guardian %(name)s: %(fields)s") % {**name, "fields": _fields(change)}

    def _document(self, change: RowChange) -> str:
        kind = {"kind": _value(change, Identifier, "document_type") or _("another document")}
        return (_("Took off: %(kind)s") if change.act == "delete" else _("Added: %(kind)s")) % kind

    def _former_name(self, change: RowChange) -> str:
        name = {"name": _value(change, FormerName, "name")}
        return (
            _("“%(name)s” is no former name any more") if change.act == "delete" else _("Former name: “%(name)s”")
        ) % name

    def _consent(self, change: RowChange) -> str:
        if change.act == "insert":
            return _("Consent of the family: %(purpose)s") % {"purpose": _value(change, Consent, "purpose")}
        return _("The family took a consent back")

    def _grant(self, change: RowChange) -> str:
        if change.act == "insert":
            return _("Let %(hospital)s see the child") % {"hospital": _value(change, Grant, "institution")}
        held = self.grants.get(change.pk)
        hospital = held.institution.name if held else _("another hospital")
        return _("Ended that %(hospital)s sees the child") % {"hospital": hospital}

    def run_out(self, changes: Sequence[RowChange]) -> list[Event]:
        """Return the ends of grants that nobody ended before their date: no row changes then."""
        own = [change for change in changes if change.table == "patients.grant" and change.act == "update"]
        ended = {change.pk for change in own if _details(change)}
        return [
            Event(
                at=held.valid.upper, who=_("by the date agreed on"),
                what=_("%(hospital)s no longer sees the child") % {"hospital": held.institution.name},
            )
            for held in self.grants.values()
            if held.pk not in ended and held.valid.upper is not None and held.valid.upper <= timezone.now()
        ]  # fmt: skip

    def _merge(self, change: RowChange) -> str:
        act = self.merges.get(change.pk)
        if act is None:
            return change.sentence()
        two = {"one": self.children[act.kept_id], "other": self.children[act.merged_id]}
        if act.undoes_id:
            return _("Merge taken back: %(one)s and %(other)s") % two
        return _("Declared one child: %(one)s and %(other)s") % two


def _fields(change: RowChange) -> str:
    """What changed of a row, without saying of which."""
    said = []
    for one in change.fields:
        if one.secret:
            said.append(_("%(field)s changed") % {"field": one.label})
        else:
            words = {"field": one.label, "before": one.before or _("empty"), "after": one.after or _("empty")}
            said.append(_("%(field)s from “%(before)s” to “%(after)s”") % words)
    return _("; ").join(said)


def _listed(change: RowChange) -> str:
    """What a view that left the lists with an import, or came back to them, says; '' for any other change."""
    label = str(HospitalView._meta.get_field("taken_back").verbose_name)
    for one in change.fields:
        if one.label == label:
            if one.after:
                return _("Record number %(record)s off the lists: the import that brought the child was undone")
            return _("Record number %(record)s back on the lists")
    return ""


def _value(change: RowChange, model: type[Model], field: str) -> str:
    label = str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    return next((_either(one) for one in change.fields if one.label == label), "")


def _either(one: FieldChange) -> str:
    return one.after or one.before


def _names(changes: Sequence[RowChange], table: str, model: type[Model]) -> dict[int, str]:
    """The names of rows, those that are gone too: the newest that their changes say."""
    found: dict[int, str] = {}
    for change in changes:
        if change.table == table and (name := _value(change, model, "name")):
            found.setdefault(change.pk, name)
    return found
