"""Settings that change on a day: limits, waiting times, how long things are kept. They are data, not code.

A file is a YAML list; each entry has ``name``, ``valid_from``, ``source`` (who decided it), ``verified`` (how sure that
is) and its own values. The newest entry of a name that has begun holds::

    - name: default
      valid_from: 2026-11-22
      source: decided by Tonghu itself; no policy says anything
      verified: own
      attempts: 5
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

#: What ``verified`` may say: read in the official text, taken from a secondary source, or a decision of our own.
MARKS: Final = frozenset({"official", "secondary", "own"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One entry: what holds from a day on, and on whose word.

    Attributes:
        name: what is set.
        valid_from: the first day on which it holds.
        source: who decided it, and where that can be read.
        verified: one of :data:`MARKS`.
        values: the entry's own keys.
    """

    name: str
    valid_from: date
    source: str
    verified: str
    values: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]


@cache
def settings(file: Path) -> tuple[Setting, ...]:
    """Return every entry of a file, oldest first.

    Raises:
        ValueError: an entry lacks one of the four keys, its mark is unknown, or two begin on the same day.
    """
    found: list[Setting] = []
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        said = dict(entry)
        try:
            known = {key: said.pop(key) for key in ("name", "valid_from", "source", "verified")}
        except KeyError as missing:
            raise ValueError(f"{file.name}: an entry lacks {missing}") from None
        if known["verified"] not in MARKS or not isinstance(known["valid_from"], date):
            raise ValueError(f"{file.name}: {known['name']} has a mark or a day that cannot be read")
        found.append(Setting(**known, values=said))
    if len({(one.name, one.valid_from) for one in found}) < len(found):
        raise ValueError(f"{file.name}: two entries of one name begin on the same day")
    return tuple(sorted(found, key=lambda one: one.valid_from))


def setting(file: Path, name: str, on: date) -> Setting:
    """Return what holds for `name` on a day.

    Raises:
        KeyError: nothing of that name has begun.
    """
    held = [one for one in settings(file) if one.name == name and one.valid_from <= on]
    if not held:
        raise KeyError(f"{file.name} says nothing about {name!r} on {on}")
    return held[-1]
