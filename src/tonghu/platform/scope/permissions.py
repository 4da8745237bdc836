"""Every permission there is: its name and, in one sentence, what it lets somebody do.

A room declares its permissions in its ``access.py`` and uses the constants; roles (``accounts/roles.py``) name them.
Naming one that nobody declared is an error when the site starts. Example::

    READ = declare(
        "children.read",
        zh="查看患儿", en="See children",
        effect_zh="查看本范围内患儿的资料，每次查看都有记录。",
        effect_en="Sees the children in scope; every look is logged.",
        of_patients=True,
    )
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import get_language

_CODE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that a post may let its holder do.

    Attributes:
        code: ``room.verb``, the same in policies, roles and views.
        zh, en: its name, a few words.
        effect_zh, effect_en: what changes for somebody who gets it, one sentence.
        of_patients: it shows or changes data of patients; administrators' roles can never hold it.
        system_only: only named pieces of the system hold it (``scope.SYSTEM``), never a role.
    """

    code: str
    zh: str
    en: str
    effect_zh: str
    effect_en: str
    of_patients: bool = False
    system_only: bool = False

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return self.zh if _chinese() else self.en

    @property
    def effect(self) -> str:
        """The sentence in the language of the reader."""
        return self.effect_zh if _chinese() else self.effect_en


_declared: dict[str, Permission] = {}


def declare(
    code: str,
    *,
    zh: str,
    en: str,
    effect_zh: str,
    effect_en: str,
    of_patients: bool = False,
    system_only: bool = False,
) -> str:
    """Make a permission known and return its code.

    Raises:
        ValueError: the code is not ``room.verb``, a text is missing, or the code has been declared differently.
    """
    if not _CODE.fullmatch(code):
        raise ValueError(f"a permission is called room.verb, not {code!r}")
    if not all((zh, en, effect_zh, effect_en)):
        raise ValueError(f"permission {code} lacks a name or a sentence on its effect")
    wanted = Permission(code, zh, en, effect_zh, effect_en, of_patients, system_only)
    if _declared.setdefault(code, wanted) != wanted:
        raise ValueError(f"permission {code} is declared twice, differently")
    return code


def declared() -> Mapping[str, Permission]:
    """Return every permission by code; complete once Django has loaded its apps."""
    return MappingProxyType(_declared)


def permission(code: str) -> Permission:
    """Return the permission of a code.

    Raises:
        KeyError: nobody declared it.
    """
    return _declared[code]


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
