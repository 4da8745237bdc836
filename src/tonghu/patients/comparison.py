"""Several hospitals' views of one child side by side, and what differs between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from tonghu.network.naming import full_name
from tonghu.patients.masking import masked
from tonghu.patients.models import HospitalView, Merge
from tonghu.patients.models.known import in_words


@dataclass(frozen=True, slots=True)
class Cell:
    """What one view says: in words, and where the whole is shown if it is masked."""

    said: str
    reveal_url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One field of every view; ``differs`` where two that say something say different things."""

    label: str
    cells: tuple[Cell, ...]
    differs: bool


def compared(views: Sequence[HospitalView], *, reveal: bool, blank: bool = False) -> list[Line]:
    """Return the lines of a table with one column a view; fields that none knows are left out, unless `blank`.

    Args:
        views: at least one, with their institutions.
        reveal: whether the reader may see masked values whole.
    """
    lines = []
    for label, secret, value in _fields():
        held = [value(view) for view in views]
        if not any(held) and (not blank or label == _("Former names")):
            continue
        cells = tuple(
            Cell(
                masked(secret, said) if secret else said,
                reverse("patients:reveal", args=[secret, view.pk]) if secret and said and reveal else "",
            )
            for view, said in zip(views, held, strict=True)
        )
        lines.append(Line(label, cells, len({said.casefold() for said in held if said}) > 1))
    return lines


def called(view: HospitalView) -> str:
    """Return what a child is called where two are told apart: the name, and under which record number it stands."""
    return _("%(name)s (%(record)s)") % {"name": view.patient_name, "record": view.record_number}


def names_of(acts: Iterable[Merge]) -> dict[int, str]:
    """Return what the children of merges are called, by id: each by its first view that the reader sees."""
    children = {child for act in acts for child in (act.kept_id, act.merged_id)}
    found: dict[int, str] = dict.fromkeys(children, _("a child at another hospital"))
    seen = HospitalView.objects.filter(child__in=children).only("child_id", "patient_name", "record_number")
    return found | {view.child_id: called(view) for view in seen.order_by("-pk")}


def _fields() -> list[tuple[str, str, Callable[[HospitalView], str]]]:
    return [
        (_("Name"), "", lambda view: view.patient_name),
        (_("Former names"), "", lambda view: _(", ").join(one.name for one in view.former_names.all())),
        (_("Sex"), "", lambda view: view.sex_label()),
        (_("Date of birth"), "", lambda view: view.birth_date.isoformat() if view.birth_date else ""),
        (_("Document type"), "", lambda view: view.get_document_type_display()),
        (_("Document number"), "document", lambda view: view.document_number or ""),
        (_("Ethnicity"), "", lambda view: in_words("RC035", view.ethnicity)),
        (_("Nationality"), "", lambda view: view.nationality),
        (_("County of residence"), "", lambda view: full_name(view.residence_code)),
        (_("Residence"), "residence", lambda view: view.residence or ""),
        (_("Telephone"), "phone", lambda view: view.phone or ""),
    ]
