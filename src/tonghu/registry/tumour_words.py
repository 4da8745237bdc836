"""The words of the registries' edits on a card: its codes as they stand there, and as what they count.

The edits read codes in their plain form, and a morphology of the front page's list by its number in ICD-O-3. Whoever
mends a card looks for what is written on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tonghu.codes.text import clean, halfwidth
from tonghu.rulebook.expressions import Value
from tonghu.rulebook.rules import Rule

if TYPE_CHECKING:
    from tonghu.tumours.checks import Finding

_NUMBER: Final = re.compile(r"\d{4}", re.ASCII)


def said(rule: Rule, tumour: Mapping[str, Value], supplement: Mapping[str, str]) -> Finding:
    """What an edit says of a card's tumour.

    Args:
        tumour: its facts as the edit read them.
        supplement: what the card says.
    """
    from tonghu.tumours.checks import finding

    named = rule.message.placeholders
    written = {name: text for name in ("topography", "histology") if (text := clean(supplement.get(name)))}
    if "behaviour" in named and "histology" in written:  # said beside it
        written["histology"] = written["histology"].partition("/")[0]
    found = finding(rule, {**tumour, **written})
    number = _NUMBER.search(halfwidth(written.get("histology", "")))
    counts_as = str(tumour.get("histology") or "")
    if "histology" not in named or number is None or number[0] == counts_as or not _NUMBER.fullmatch(counts_as):
        return found
    return found._replace(
        message_zh=f"{found.message_zh}；{written['histology']} 是 ICD-O-2 的编码，ICD-O-3 中为 {counts_as}",
        message_en=f"{found.message_en}; {written['histology']} is a number of ICD-O-2, in ICD-O-3 it is {counts_as}",
    )


def site_as_written(text: str, plain: Value, supplement: Mapping[str, str]) -> str:
    """A message with the site as it stands on the card, where it names it in its plain form."""
    written = clean(supplement.get("topography"))
    return text.replace(plain, written) if isinstance(plain, str) and plain and written else text
