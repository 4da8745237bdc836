"""Model fields: a text that only those with the key can read, and the hash by which it is found.

Example::

    number = EncryptedText(place="patients_identifier.number")
    number_hash = KeyedHash(of="number", purpose="identifier")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import BaseExpression

from tonghu.platform.crypto.box import key_number, seal, unseal
from tonghu.platform.crypto.hashing import keyed_hash
from tonghu.platform.crypto.keys import keyring
from tonghu.platform.crypto.masks import MaskedPosted, is_masked

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
    _Binary = models.BinaryField[Any, Any]
else:
    _Field, _Binary = models.Field, models.BinaryField  # Django's classes take no type arguments when they run


class Opened(str):
    """A text read from a sealed field; saved again unchanged it keeps its ciphertext: history sees no change."""

    __slots__ = ("place", "sealed")
    sealed: bytes
    place: str


class EncryptedText(_Field):
    """A text, sealed in the database (bytea). It cannot be searched or ordered by; keep a :class:`KeyedHash` beside it.

    Args:
        place: ``table.column`` at the time it was made; bound into every value, so never change it, not even when the
            table is renamed. History tables keep the place of the table that they follow.
        stars: allow ``*`` in the text. Else a text with a mask in it is refused.
    """

    description = "Sealed text"
    #: Whether values may be moved between columns of one place; such columns say so, others have a place of their own.
    movable = False

    def __init__(self, *args: Any, place: str, stars: bool = False, **kwargs: Any) -> None:
        self.place = place
        self.stars = stars
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["place"] = self.place
        if self.stars:
            kwargs["stars"] = True
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        if self.unique or getattr(self, "db_index", False):
            found.append(
                checks.Error("a sealed text cannot be unique or indexed: use KeyedHash", obj=self, id="crypto.E001")
            )
        return found

    def from_db_value(self, value: bytes | memoryview | None, *_: object) -> str | None:
        """Open a value.

        Raises:
            CannotOpen, KeysMissing: see :mod:`tonghu.platform.crypto.box`.
        """
        if value is None:
            return None
        sealed = bytes(value)
        text = Opened(unseal(sealed, self.place).decode())
        text.sealed, text.place = sealed, self.place
        return text

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: ARG002 -- Django's
        """Seal a value.

        Raises:
            MaskedPosted: it holds a mask.
            KeysMissing: no key can be read.
        """
        if value is None or isinstance(value, BaseExpression):
            return value
        if isinstance(value, Opened) and value.place == self.place and _written_by_writer(value.sealed):
            return value.sealed
        if not self.stars and is_masked(value):
            raise MaskedPosted
        return seal(str(value).encode(), self.place)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is sealed and cannot be searched with {lookup_name}; search its KeyedHash")
        return super().get_lookup(lookup_name)

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        return super().formfield(**{"form_class": forms.CharField, **kwargs})


class KeyedHash(_Binary):
    """The hash under which a text is found: ``filter(number_hash__in=keyed_hashes(text, purpose))``.

    Args:
        purpose: what the hash is for; the same text hashes differently for another purpose.
        of: the field that it is worked out from on every save and bulk_create. Without it the room sets the value and
            registers with :func:`tonghu.platform.crypto.rotation.rehashed_by` who makes it anew.
        derive: makes the hashed text from the field's, for example its last four characters; None hashes nothing.
        fixed: evidence that is never made anew; its key cannot be forgotten while it stands.
    """

    def __init__(
        self,
        *args: Any,
        purpose: str = "",  # a column in a migration has none
        of: str | None = None,
        derive: Callable[[str], str | None] | None = None,
        fixed: bool = False,
        **kwargs: Any,
    ) -> None:
        self.purpose, self.of, self.derive, self.fixed = purpose, of, derive, fixed
        super().__init__(*args, **{**kwargs, "max_length": None})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs  # a migration needs the column, not how it is filled

    def text(self, instance: models.Model) -> str | None:
        """Return the text to hash for one row, None for none."""
        assert self.of is not None
        held = getattr(instance, self.of)
        return held if not held or self.derive is None else self.derive(held)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if self.of is None:
            return super().pre_save(model_instance, add)
        text = self.text(model_instance)
        value = keyed_hash(text, self.purpose) if text else None
        setattr(model_instance, self.attname, value)
        return value


def _written_by_writer(sealed: bytes) -> bool:
    return key_number(sealed) == keyring().writer("seal").number
