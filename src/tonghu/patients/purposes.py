"""What families are asked to agree to: the dated catalogue in ``consent_purposes.yaml``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.utils import timezone
from django.utils.translation import get_language

from tonghu.platform.dated import Setting, setting, settings

FILE = Path(__file__).parent / "consent_purposes.yaml"


def purposes(on: date | None = None) -> dict[str, Setting]:
    """Return what may be asked on a day (default today), by code, in the catalogue's order."""
    day = on or timezone.localdate()
    names = dict.fromkeys(one.name for one in settings(FILE) if one.valid_from <= day)
    return {name: setting(FILE, name, day) for name in names}


def name_of(code: str) -> str:
    """Return a purpose in the reader's language, also one that is no longer asked; the code where there is none."""
    found = purposes().get(code)
    return code if found is None else said(found)


def said(purpose: Setting, what: bool = False) -> str:
    """Return a purpose's name, or the sentence on what it means, in the reader's language."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return str(purpose[f"what_{language}" if what else language])


def shares(code: str) -> bool:
    """Whether another hospital may be let see a child on a consent of this purpose."""
    found = purposes().get(code)
    return found is not None and bool(found["shares"])
