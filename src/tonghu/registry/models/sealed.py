"""A column of sealed bytes that code seals and opens itself, and that a change of keys writes again."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tonghu.platform.crypto.fields import EncryptedText


class SealedBytes(EncryptedText):
    """Sealed bytes as they are. They may be moved between columns of one ``place``, say from a staging table."""

    description = "Sealed bytes"
    movable = True

    def from_db_value(self, value: bytes | memoryview | None, *_: object) -> Any:
        return None if value is None else bytes(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: ARG002 -- Django's
        return value
