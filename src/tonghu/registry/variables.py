"""The card's variables and where each comes from (``variables.yaml``): the page, the supplement, or worked out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

FILE: Final = Path(__file__).with_name("variables.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the card.

    Attributes:
        group: basic, stay, diagnosis, treatment, outcome or cost.
        evidence: C named in readable text, H carried by the front page, I inferred.
        page: the facts of the front page that fill it; `item`: the item of the supplement; `derived`: the column that
            is worked out. One of the three.
    """

    group: str
    zh: str
    en: str
    evidence: str
    page: tuple[str, ...] = ()
    item: str = ""
    derived: str = ""


@cache
def variables() -> tuple[Variable, ...]:
    """Return every variable, in the order of the book's groups."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(Variable(**{**one, "page": tuple(one.get("page", ()))}) for one in found)


def typed_by_hand() -> tuple[Variable, ...]:
    """Return those of the supplement: somebody types them, where no front page fills them (``from_page``)."""
    return tuple(one for one in variables() if one.item)
