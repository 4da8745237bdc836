"""What came of an act on many cards, said to whoever did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tonghu.errors import InputRefused
from tonghu.registry.services.moving import REFUSALS, Moved


def refusal_in_words(refused: InputRefused) -> str:
    """What was refused and how to mend it, in the reader's language."""
    return refused.en if (get_language() or "").startswith("en") else refused.zh


def elsewhere() -> str:
    """What a tab says of a field that another tab of the same person typed into; the page fills in which and what."""
    return _(
        "%(field)s: you typed “%(theirs)s” in another tab, and the draft keeps that. What stands here counts once you "
        "type on in it or save."
    )


def tell(request: HttpRequest, answers: Iterable[Moved], done: str) -> None:
    """Say how many were moved, and how many were not and why."""
    counts = Counter(one.refused for one in answers)
    said = 1 if (get_language() or "").startswith("en") else 0
    if counts[""]:
        messages.success(request, _("%(n)d cards %(done)s.") % {"n": counts[""], "done": done})
    for refused, count in sorted(counts.items()):
        if refused:
            why = REFUSALS[refused][said]
            messages.warning(request, _("%(n)d cards left as they were: %(why)s.") % {"n": count, "why": why})
    if not counts:
        messages.info(request, _("There was nothing to do: somebody may have done it just now."))
