"""What files may be kept for: a dated table (``purposes.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tonghu.platform.dated import setting, settings

FILE: Final = Path(__file__).with_name("purposes.yaml")
#: Entries of the table that are no purposes: see there.
SPACE, BODIES = "plain_space", "bodies"
#: What each purpose is called on pages.
NAMES: Final[dict[str, Promise]] = {
    "discharge_upload": _("discharge data for import"),
    "marked_workbook": _("marked workbook"),
    "export": _("export"),
    "attachment": _("attachment"),
}


@dataclass(frozen=True, slots=True)
class Purpose:
    """What holds for files of a purpose.

    Attributes:
        name: its code.
        limit: the largest size, in bytes.
        kinds: kinds of content that are taken, None for any.
        life: how long a file lives after it was stored; None as long as what it belongs to.
        ends_with: events that end the life earlier.
        take: the permission that taking such a file needs, beside its being one's own; '' where none.
    """

    name: str
    limit: int
    kinds: frozenset[str] | None
    life: timedelta | None
    ends_with: frozenset[str]
    take: str

    @property
    def is_export(self) -> bool:
        """Whether the site made it to be taken away."""
        return self.take != ""


def purpose(name: str, on: date) -> Purpose:
    """Return what holds for a purpose on a day.

    Raises:
        KeyError: there is no such purpose.
    """
    if name not in NAMES:
        raise KeyError(name)
    said = setting(FILE, name, on)
    return Purpose(
        name=name,
        limit=said["limit"],
        kinds=None if said["kinds"] == "any" else frozenset(said["kinds"]),
        life=None if said["hours"] is None else timedelta(hours=said["hours"]),
        ends_with=frozenset(said["ends_with"]),
        take=said["take"] or "",
    )


def largest(on: date) -> int:
    """Return the largest limit of any purpose."""
    return max(purpose(name, on).limit for name in {one.name for one in settings(FILE)} - {SPACE, BODIES})


def plain_space(on: date) -> int:
    """Return how many bytes of plaintext one process may hold."""
    held: int = setting(FILE, SPACE, on)["bytes"]
    return held


def largest_body(on: date, *, files: str | None, stranger: bool) -> int:
    """Return how many bytes a page takes: of a form, or of one with files of a purpose beside it."""
    held = setting(FILE, BODIES, on)
    if files is not None:
        return purpose(files, on).limit + int(held["form"])
    return int(held["stranger" if stranger else "form"])
