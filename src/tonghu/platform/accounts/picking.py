"""A field in which one of many is picked by name: the browser offers, the server resolves and checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

#: More than this is not offered; typing a name or a code finds the others all the same.
OFFERED: Final = 500
#: How an entry stands in the field: its name, and the code that tells it from others of that name.
_SHOWN: Final = re.compile(r".*[（(]([^（()）]+)[)）]\s*", re.DOTALL)


class _Offering(forms.TextInput):
    """A text field with a list of what may be meant."""

    options: Callable[[], Iterable[tuple[str, str]]]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        list_id = f"{name}-offered"
        offered = list(self.options())[:OFFERED]
        known = next((shown(*one) for one in offered if one[0] == value), value)
        drawn = super().render(name, known, {**(attrs or {}), "list": list_id, "autocomplete": "off"}, renderer)
        return format_html(
            '{}<datalist id="{}">{}</datalist>',
            drawn,
            list_id,
            format_html_join("", '<option value="{}"></option>', ((shown(*one),) for one in offered)),
        )


class PickField(forms.CharField):
    """One of many, typed or picked by name; its code alone will do.

    Args:
        options: pairs of code and name to offer.
        find: returns what a code means, None where it means nothing in scope.
    """

    def __init__(
        self, *, options: Callable[[], Iterable[tuple[str, str]]], find: Callable[[str], Any], **more: Any
    ) -> None:
        widget = _Offering()
        widget.options = options
        self._find, self._options = find, options
        super().__init__(widget=widget, max_length=200, **more)

    def clean(self, value: Any) -> Any:
        """Return what was picked.

        Raises:
            ValidationError: nothing in scope is called so, or several are.
        """
        typed = super().clean(value)
        if not typed:
            return None
        whole = _SHOWN.fullmatch(typed)
        found = self._find(whole[1].strip()) if whole else self._find(typed.split()[0])
        return found if found is not None else self._by_name(typed)

    def _by_name(self, typed: str) -> Any:
        """What has this name, or the only one whose name holds it."""
        wanted = typed.casefold()
        fits = [one for one in self._options() if wanted in one[1].casefold()]
        exact = [one for one in fits if one[1].casefold() == wanted] or fits
        if not exact:
            raise ValidationError(_("Nothing in your scope is called “%(code)s”.") % {"code": typed})
        if len(exact) > 1:
            near = _(", ").join(shown(*one) for one in exact[:3])
            raise ValidationError(_("Several are called “%(name)s”: choose one, such as %(near)s.") % {
                "name": typed, "near": near})  # fmt: skip
        return self._find(exact[0][0])


def shown(code: str, name: str) -> str:
    """An entry as it stands in the field: ``虚构医院（H1）``."""
    return f"{name}（{code}）"
