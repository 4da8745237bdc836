"""Reasons to choose from, by act (``reasons.yaml``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import yaml
from django.utils.translation import get_language

FILE: Final = Path(__file__).with_name("reasons.yaml")
OVERRIDE: Final = "override"
DEPARTMENTS: Final = "departments"


def reasons(act: str) -> tuple[str, ...]:
    """The reasons that are often given for an act, in the reader's language."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return tuple(each[language] for each in _file().get(act, ()))


def in_words(reason: str, *, of_an_import: bool) -> str:
    """A reason as the reader is told it: what people wrote as it is, what an import gave in the reader's language."""
    if of_an_import and (get_language() or "").startswith("en"):
        for each in _file()["by_an_import"]:
            if reason.startswith(each["zh"]):
                return each["en"] + reason.removeprefix(each["zh"])
    return reason


@cache
def _file() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = yaml.safe_load(FILE.read_text("utf-8"))
    return found
