"""Several hospitals' views of one child side by side, and what differs between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from tonghu.patients.masking import masked
from tonghu.patients.models import HospitalView
from tonghu.patients.models.known import in_words
from tonghu.patients.places import full_name


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


def compared(views: Sequence[HospitalView], *, reveal: bool) -> list[Line]:
    """Return the lines of a table with one column a view; fields that none knows are left out.

    Args:
        views: at least one, with their institutions.
        reveal: whether the reader may see masked values whole.
    """
    lines = []
    for label, secret, value in _fields():
        held = [value(view) for view in views]
        if not any(held):
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
