"""What the history says of an import's counts, in the words of its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tonghu.intake.outcomes import COUNTED
from tonghu.platform.shell import Words

#: What an undo counts.
UNDONE: Final[dict[str, Words]] = {
    "voided": gettext_lazy("cards voided"),
    "restored": gettext_lazy("cards set back"),
    "kept": gettext_lazy("cards left as they are"),
}


def counts(said: Mapping[str, int]) -> str:
    """Return counts as words, those of zero left out: 新增 150，失败 2."""
    words = {**COUNTED, **UNDONE}
    return _(", ").join(f"{words[name]} {said[name]:,}" for name in words if said.get(name))
