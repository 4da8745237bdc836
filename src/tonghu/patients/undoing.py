"""Taking back that something was taken off: the history still has it, and it stands again as it stood.

What comes back keeps its number, so that its history goes on.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from tonghu.errors import InputRefused
from tonghu.patients.access import ENTER
from tonghu.patients.identity import REFUSALS, attach
from tonghu.patients.models import Guardian, HospitalView, Identifier
from tonghu.patients.services import check_once
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.changes import event_model
from tonghu.platform.scope.scope import Scope


@transaction.atomic
def restore_guardian(*, view: HospitalView, guardian: int, by: Scope) -> Guardian:
    """Put a guardian back who was taken off a view; returns it.

    Raises:
        InputRefused: there is none to put back, one of its name and relation is there again, or outside the scope.
    """
    check_may(by, ENTER)
    # Locked as by whoever enters one: the same one may have been entered anew meanwhile.
    if HospitalView.objects.select_for_update().filter(pk=view.pk).first() is None:
        raise InputRefused(*REFUSALS["TH002"])
    restored: Guardian = _restored(Guardian, view, guardian)
    check_once(restored)
    return restored


@transaction.atomic
def restore_document(*, view: HospitalView, document: int, by: Scope) -> Identifier:
    """Put a document back that was taken off a view; returns it. It is evidence for the child again.

    Raises:
        InputRefused: there is none to put back, or outside the scope.
    """
    check_may(by, ENTER)
    restored: Identifier = _restored(Identifier, view, document)
    attach(view, restored.document_number)
    return restored


def _restored(model: type[models.Model], view: HospitalView, pk: int) -> Any:
    """Write a row as its last state in the history was, where that is its removal from this view."""
    history = event_model(model._meta.label_lower).objects
    last = history.filter(pgh_obj_id=pk).order_by("-pgh_id").first()
    if last is None or last.pgh_label != "delete" or last.view_id != view.pk:
        raise InputRefused(*REFUSALS["TH004"])
    kept = {field.attname for field in type(last)._meta.concrete_fields}
    values = {f.attname: getattr(last, f.attname) for f in model._meta.concrete_fields if f.attname in kept}
    # The child as the view has it now, whatever it was then.
    row = model(**values | {"id": pk, "child_id": view.child_id})
    row.save(force_insert=True)
    stamped = {f.attname for f in model._meta.concrete_fields if getattr(f, "auto_now_add", False)} & kept
    if stamped:  # Django stamps them anew; a removal that was taken back is no new entry
        model._default_manager.filter(pk=pk).update(**{name: getattr(last, name) for name in stamped})
        row.refresh_from_db()
    return row
