"""System checks: what would go wrong later is said at start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, register

from tonghu.platform.crypto.fields import EncryptedText, KeyedHash
from tonghu.platform.crypto.rotation import rehashers


@register()
def fields_are_sound(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[CheckMessage]:  # noqa: ARG001 -- Django's
    """No two columns share a place unless both say so, and every hash can be made anew when the hash key changes."""
    places: dict[tuple[str, bool], str] = {}
    for model in apps.get_models():
        if hasattr(model, "pgh_tracked_model"):  # a history table keeps the places of its table
            continue
        for field in model._meta.local_concrete_fields:
            here = f"{model._meta.db_table}.{field.column}"
            if isinstance(field, EncryptedText):
                other = places.setdefault((field.place, field.movable), here)
                if other != here and not field.movable:
                    yield Error(f"{here} and {other} share the place {field.place}", obj=field, id="crypto.E002")
            elif isinstance(field, KeyedHash) and not field.fixed and field.of is None and here not in rehashers:
                yield Error(f"nobody can make {here} anew when keys change", obj=field, id="crypto.E003",
                            hint="give it of=..., or register tonghu.platform.crypto.rotation.rehashed_by")  # fmt: skip
