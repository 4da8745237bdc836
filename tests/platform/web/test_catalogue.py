"""The catalogue of translations says each thing once: of two entries a reader would get whichever comes last."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tonghu.platform import web

CATALOGUE = Path(web.__file__).parents[2] / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_nothing_is_translated_twice() -> None:
    entries = CATALOGUE.read_text(encoding="utf-8").split("\n\n")
    named: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        said = re.search(r'^msgid ((?:".*"\n?)+)', entry, re.MULTILINE)
        context = re.search(r'^msgctxt (".*")', entry, re.MULTILINE)
        if said:
            named[context[1] if context else "", said[1].strip()] += 1
    assert len(named) > 1_000
    assert [one for one, times in named.items() if times > 1] == []
