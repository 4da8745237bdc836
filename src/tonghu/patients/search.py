"""What the search box finds of this room: children, by whatever is at hand."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tonghu.patients.access import READ
from tonghu.patients.queries import search
from tonghu.platform.audit.acts import log_list
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import SearchHit, SearchProvider


def providers() -> tuple[SearchProvider, ...]:
    """Children in the reader's reach."""
    return (SearchProvider(gettext_lazy("Children"), find, permission=READ),)


def find(scope: Scope, text: str, limit: int) -> Iterator[SearchHit]:
    """One answer a child, with what tells it from another of the same name."""
    answers = search(text, by=scope, limit=limit)
    log_list(((found.views[0].child, found.views[0].institution) for found in answers), "搜索框", by=scope)
    for found in answers:
        nearest = found.views[0]
        known = [
            nearest.birth_date.isoformat() if nearest.birth_date else "",
            nearest.record_number,
            nearest.institution_name,
            _("former name") if nearest.former else "",
        ]
        note = " · ".join(part for part in known if part)
        yield SearchHit(nearest.patient_name, reverse("patients:child", args=[nearest.child]), note)
