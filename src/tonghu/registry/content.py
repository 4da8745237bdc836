"""What a card says: the front page and the supplement, word by word as written; and how that is kept sealed.

:func:`seal` and :func:`open_` are the only way into and out of the database; :func:`key` tells whether two contents are
the same without opening them. What the content means (ages, scope, group) is worked out by :mod:`summary`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from tonghu.platform.crypto.box import seal as _seal
from tonghu.platform.crypto.box import unseal
from tonghu.platform.crypto.hashing import hash_with, keyed_hash, keyed_hashes
from tonghu.platform.crypto.keys import Key

#: Bound into every sealed content, wherever it stands (version, draft, row of a batch), so that it can be moved there.
PLACE: Final = "registry.content"
KEY_PURPOSE: Final = "registry.content"


@dataclass(frozen=True, slots=True)
class Content:
    """What a card says.

    Attributes:
        layout: ``2012`` or ``2020``.
        front: codes of the layout's fields → texts as written; what is blank is left out.
        supplement: names of supplement items → values as written; likewise.
    """

    layout: str
    front: Mapping[str, str] = field(default_factory=dict)
    supplement: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("front", "supplement"):
            held = {code: text for code, text in sorted(getattr(self, name).items()) if text.strip()}
            object.__setattr__(self, name, MappingProxyType(held))

    def with_changes(self, front: Mapping[str, str], supplement: Mapping[str, str]) -> Content:
        """Return the content with some texts replaced; a blank one is taken out."""
        return Content(self.layout, {**self.front, **front}, {**self.supplement, **supplement})

    @property
    def filled(self) -> list[str]:
        """The codes and names of all that is written."""
        return [*self.front, *self.supplement]

    def value(self, column: str) -> str:
        """Return what is written in a field or supplement item; '' where nothing is."""
        return self.front.get(column) or self.supplement.get(column, "")


def differences(before: Content, after: Content) -> list[str]:
    """Return the codes and names whose texts differ, in the order of codes."""
    return [
        code
        for old, new in ((before.front, after.front), (before.supplement, after.supplement))
        for code in sorted(old.keys() | new.keys())
        if old.get(code, "") != new.get(code, "")
    ]


def seal(content: Content) -> bytes:
    """Return the content as it stands in the database: compressed and sealed.

    Raises:
        KeysMissing: no key can be read.
    """
    return _seal(zlib.compress(_canonical(content)), PLACE)


def open_(sealed: bytes) -> Content:
    """Return a content that :func:`seal` made.

    Raises:
        CannotOpen: it was altered, or its key is gone.
        KeysMissing: no key can be read.
    """
    held: dict[str, Any] = json.loads(zlib.decompress(unseal(sealed, PLACE)))
    return Content(held["layout"], held["front"], held["supplement"])


def key(content: Content) -> bytes:
    """Return the keyed hash to write: equal for equal contents, and for nothing else."""
    return keyed_hash(_digest(content), KEY_PURPOSE)


def keys(content: Content) -> list[bytes]:
    """Return every hash under which an equal content may stand while keys change."""
    return keyed_hashes(_digest(content), KEY_PURPOSE)


def key_with(hasher: Key, content: Content) -> bytes:
    """Return the hash under a certain key, for the change of keys."""
    return hash_with(hasher, _digest(content), KEY_PURPOSE)


def _digest(content: Content) -> str:
    # Hashed before the key comes in: the keyed hash takes full width for half, and these texts differ by that.
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Content) -> bytes:
    said = {"layout": content.layout, "front": dict(content.front), "supplement": dict(content.supplement)}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
