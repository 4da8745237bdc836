"""What this room puts on a child's page: its stays, one card each, as far as the reader sees them."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.patients.child_page import Section
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import READ
from tonghu.registry.forms.diagnoses import diagnosis_names, with_code
from tonghu.registry.pages.card_lists import group_name, state_mark
from tonghu.registry.seen import cards_of_child

#: So many stays are shown, the latest; a child has seldom more, and the list of cards has the rest.
SHOWN: Final = 60


def stays(by: Scope, children: list[int]) -> dict[str, Any] | None:
    """The stays of a child and of those that are one with it: of the own hospital all, of others those reported."""
    seen = cards_of_child(children).select_related("institution").order_by("-discharge_at", "-pk")
    held = list(seen[: SHOWN + 1])
    diagnoses = diagnosis_names(held, by)
    rows = [
        {
            "url": reverse("registry:card", args=[card.pk]),
            "number": card.record_number,
            "admitted": card.admission_at and timezone.localtime(card.admission_at).date(),
            "discharged": timezone.localtime(card.discharge_at).date(),
            "hospital": card.institution.name,
            "diagnosis": with_code(card.principal_code, diagnoses),
            "group": group_name(card.scope_group),
            "state": state_mark(card),
        }
        for card in held[:SHOWN]
    ]
    return {
        "rows": rows,
        "more": len(held) > SHOWN,
        "places": len({card.institution_id for card in held}),
        # Several hospitals are named; one hospital knows its own name.
        "hospitals": any(card.institution_id != by.institution for card in held),
        "whose": _(
            "Stays of your hospital; of other hospitals those that they reported and let yours see, while they do."
        )
        if by.institution is not None
        else _("Stays that hospitals reported, as they were reported."),
    }


SECTIONS: Final = (Section("registry/of_child.html", stays, permission=READ, order=10),)
