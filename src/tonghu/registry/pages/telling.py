"""What came of an act on cards, said to whoever did it: a sentence of what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.contrib import messages
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext_lazy
from django.utils.translation import gettext as _

from tonghu.errors import InputRefused
from tonghu.registry.services.moving import Moved, why

#: What was done with many cards at once, by act.
TOGETHER: Final = {
    "submit": ngettext_lazy(
        "%(n)d card was submitted for the audit.", "%(n)d cards were submitted for the audit.", "n"
    ),
    "approve": ngettext_lazy("%(n)d card was approved.", "%(n)d cards were approved.", "n"),
    "report": ngettext_lazy(
        "%(n)d card was reported to the national centre.", "%(n)d cards were reported to the national centre.", "n"
    ),
    "accept": ngettext_lazy(
        "%(n)d card was accepted by the national centre.", "%(n)d cards were accepted by the national centre.", "n"
    ),
}
#: What was done with one card, by act.
ONE: Final[dict[str, Promise]] = {
    "submit": gettext_lazy("%(record)s was submitted for the audit."),
    "withdraw": gettext_lazy("%(record)s was withdrawn: you can change it again."),
    "return": gettext_lazy("%(record)s was returned to the clerk."),
    "approve": gettext_lazy("%(record)s was approved."),
    "recall": gettext_lazy("The approval of %(record)s was recalled: it is back with the clerk."),
    "report": gettext_lazy("%(record)s was reported to the national centre."),
    "return_by_centre": gettext_lazy("%(record)s was returned to its point."),
    "accept": gettext_lazy("%(record)s was accepted by the national centre."),
    "revise": gettext_lazy("%(record)s is in correction: a new version begins."),
    "void": gettext_lazy("%(record)s was voided."),
    "void_reported": gettext_lazy("%(record)s was voided; the national centre is told."),
    "restore": gettext_lazy("%(record)s was restored as a draft."),
    "restore_reported": gettext_lazy("%(record)s was restored as a draft; the national centre is told."),
}


def refusal_in_words(refused: InputRefused) -> str:
    """What was refused and how to mend it, in the reader's language."""
    return refused.en if (get_language() or "").startswith("en") else refused.zh


def elsewhere() -> str:
    """What a tab says of a field that another tab of the same person typed into; the page fills in which and what."""
    return _(
        "%(field)s: you typed “%(theirs)s” in another tab, and the draft keeps that. What stands here counts once you "
        "type on in it or save."
    )


def done(act: str, whose: str) -> str:
    """What was done with a card.

    Args:
        whose: the record number and the child's name.
    """
    return str(ONE[act]) % {"record": whose}


def tell(request: HttpRequest, answers: Iterable[Moved], act: str) -> None:
    """Say how many were moved by an act, and how many were not and why."""
    counts = Counter(one.refused for one in answers)
    said = 1 if (get_language() or "").startswith("en") else 0
    if counts[""]:
        messages.success(request, TOGETHER[act] % {"n": counts[""]})
    for refused, count in sorted(counts.items()):
        if refused:
            left = {"n": count, "why": why(refused)[said]}
            messages.warning(request, _("%(n)d cards left as they were: %(why)s.") % left)
    if not counts:
        messages.info(request, _("There was nothing to do: somebody may have done it just now."))
