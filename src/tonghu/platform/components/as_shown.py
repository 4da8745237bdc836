"""Forms that carry what their reader saw, so that a colleague's change meanwhile is neither lost nor written over.

What was shown goes with the form, sealed: it may hold numbers that the page shows masked. A form says what it is
compared by (``held``), a service compares (``platform.stale``), and :meth:`AsShown.show_again` shows the form once more
with what both typed.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.db.models import Model
from django.http import QueryDict
from django.utils.translation import gettext as _

from tonghu.errors import InputRefused
from tonghu.platform.crypto.box import CannotOpen, seal, unseal
from tonghu.platform.stale import ChangedMeanwhile, text_of

#: The hidden field.
FIELD: Final = "as_shown"
#: More than any form of ours carries.
_MOST: Final = 64 * 1024


class AsShown(forms.Form):
    """A form about something that stands there already, or (``held`` None) is new.

    Args:
        held: what it is compared by, as it stands now: field → value, or a model that has what :attr:`compared` names.
        about: tells one thing from another of the same form, so that what one showed is never taken for another's.

    Attributes:
        shown: what stood there when the form was shown, for :func:`~tonghu.platform.stale.merged`; None of a new thing.
    """

    compared: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, held: Any = None, about: object = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.held = held
        self.about = about or getattr(held, "pk", "")
        self.shown: dict[str, str] | None = None
        if held is not None:
            self.fields[FIELD] = forms.CharField(required=False, widget=forms.HiddenInput, max_length=_MOST)
            now = _texts(self.held_values())
            self.initial[FIELD] = self._sealed(now)
            self.shown = self._opened(str(self.data.get(FIELD, ""))) if self.is_bound else now

    def held_values(self) -> dict[str, Any]:
        """What the form is compared by, as it stands now."""
        if isinstance(self.held, Mapping):
            return dict(self.held)
        return {name: getattr(self.held, name) for name in self.compared}

    def clean(self) -> dict[str, Any]:
        """What was typed, without what the form carries."""
        found = super().clean() or {}
        found.pop(FIELD, None)
        return found

    def in_field(self, field: str, value: Any) -> Any:  # noqa: ARG002 -- for forms that mask some fields
        """What a field holds before anybody types, for a value."""
        return getattr(value, "code", value)

    def in_words(self, field: str, value: Any) -> str:
        """A value as this form's reader may see it."""
        asked = self.fields.get(field)
        if isinstance(asked, forms.BooleanField):
            return _("yes") if value else _("no")
        if text_of(value) == "":
            return _("(empty)")
        if isinstance(value, Model):
            return str(getattr(value, "name", value))
        if isinstance(asked, forms.ChoiceField):
            return str(dict(_flat(asked.choices)).get(text_of(value), value))
        return self._typed(field, value)

    def fit(self) -> None:
        """Fit the fields to what the form shows; called again when that has changed."""

    def show_again(self, refused: ChangedMeanwhile) -> None:
        """Show once more what was refused: what was typed stays, what only the other side changed is taken over, and
        beside a field that both changed stands what the other made of it. The form carries what stands there now, so
        sent once more it is meant.
        """
        assert isinstance(self.data, QueryDict)
        assert self.shown is not None
        said = self.data.copy()
        for name, value in refused.now.items():
            if name in self.fields and self.shown.get(name) == text_of(self.cleaned_data.get(name)):
                self._put(said, name, value)
        if isinstance(self.held, Model):
            self.held.refresh_from_db()
        else:
            self.held = refused.now
        self.shown = {**self.shown, **_texts(refused.now)}
        said[FIELD] = self._sealed(self.shown)
        self.data = said
        self.fit()
        self.full_clean()
        for name in sorted(refused.both):
            message = _("Meanwhile somebody else put here: %(theirs)s. What you typed stands here, not saved yet.")
            self._say(name, message % {"theirs": self.in_words(name, refused.now[name])})
        for name, others in sorted(refused.beside.items()):
            for other in sorted(others):
                message = _("Meanwhile somebody else changed “%(field)s” to: %(theirs)s. Check that both fit.")
                label = self.fields[other].label if other in self.fields else other
                self._say(name, message % {"field": label, "theirs": self.in_words(other, refused.now[other])})

    def _say(self, name: str, message: str) -> None:
        self.add_error(name if name in self.fields else None, message)

    def _put(self, said: QueryDict, name: str, value: Any) -> None:
        asked = self.fields[name]
        if isinstance(asked, forms.BooleanField):
            said.setlist(name, ["on"] if value else [])
        elif isinstance(asked, forms.ChoiceField):
            said[name] = text_of(value)
        else:
            said[name] = self._typed(name, value)

    def _typed(self, name: str, value: Any) -> str:
        """A value as it stands in its field."""
        held = self.in_field(name, value)
        asked = self.fields.get(name)
        return str(asked.widget.format_value(asked.prepare_value(held)) or "") if asked else text_of(held)

    def _place(self) -> str:
        return f"form.{type(self).__module__}.{type(self).__qualname__}.{self.about}"

    def _sealed(self, values: Mapping[str, str]) -> str:
        return base64.b64encode(seal(zlib.compress(json.dumps(values).encode()), self._place())).decode()

    def _opened(self, sealed: str) -> dict[str, str]:
        """What a form carried; nothing where that does not open: then everything that differs was changed by both."""
        try:
            found = zlib.decompress(unseal(base64.b64decode(sealed, validate=True), self._place()))
        except (CannotOpen, binascii.Error, ValueError):
            return {}
        return {str(name): str(value) for name, value in json.loads(found).items()}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: text_of(value) for name, value in values.items()}


def _flat(choices: Any) -> Iterable[tuple[str, Any]]:
    for code, label in choices:
        if isinstance(label, list | tuple):
            yield from ((str(one), said) for one, said in label)
        else:
            yield str(code), label


def refuse(form: forms.BaseForm, refused: InputRefused, said: Callable[[InputRefused], str | list[str]]) -> None:
    """Say in a form that was sent why it was refused: above the fields, and beside those that both sides changed."""
    if isinstance(refused, ChangedMeanwhile) and isinstance(form, AsShown):
        form.show_again(refused)
    form.add_error(None, said(refused))
