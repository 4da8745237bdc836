"""A field in which one of many is picked by typing: the browser offers, the server resolves and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

#: More than this is not offered; typing a code finds the others all the same.
OFFERED = 500


class _Offering(forms.TextInput):
    """A text field with a list of what may be meant."""

    options: Callable[[], Iterable[tuple[str, str]]]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        list_id = f"{name}-offered"
        drawn = super().render(name, value, {**(attrs or {}), "list": list_id, "autocomplete": "off"}, renderer)
        offered = list(self.options())[:OFFERED]
        return format_html(
            '{}<datalist id="{}">{}</datalist>',
            drawn,
            list_id,
            format_html_join("", '<option value="{}">{}</option>', offered),
        )


class PickField(forms.CharField):
    """One of many, typed as ``code`` or ``code name``.

    Args:
        options: pairs of code and name to offer.
        find: returns what a code means, None where it means nothing in scope.
    """

    def __init__(
        self, *, options: Callable[[], Iterable[tuple[str, str]]], find: Callable[[str], Any], **more: Any
    ) -> None:
        widget = _Offering()
        widget.options = options
        self._find = find
        super().__init__(widget=widget, max_length=200, **more)

    def clean(self, value: Any) -> Any:
        """Return what was picked.

        Raises:
            ValidationError: nothing, or nothing in scope, is called so.
        """
        typed = super().clean(value)
        found = self._find(typed.split()[0]) if typed else None
        if typed and found is None:
            raise ValidationError(_("Nothing in your scope is called “%(code)s”.") % {"code": typed})
        return found
