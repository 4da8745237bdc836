"""Fields that this room's forms share: a name, a day of birth, a county, a telephone."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.codes.text import halfwidth, seen
from tonghu.network.naming import full_name
from tonghu.patients.places import COUNTIES
from tonghu.platform.components.codes import CodeInput, resolve
from tonghu.platform.components.days import DayField
from tonghu.platform.crypto.masks import STAR

#: Front pages in electronic form begin about 1990; whoever was a child (under 20) then was born after this day.
FIRST_BIRTH: Final = date(1970, 1, 1)

_RARE: Final = ("Co", "Cn")
PHONE: Final = RegexValidator(r"^[0-9+() -]{5,20}$|\*", _("A telephone number: digits, blanks, + ( ) and dashes."))


class NameField(forms.CharField):
    """A person's name: it has a letter or character that somebody can read, and no marks that nobody sees."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=40, **more)

    def to_python(self, value: Any) -> str:
        """Return the name without what nobody sees.

        Raises:
            ValidationError: nothing is left that is a name.
        """
        typed = super().to_python(value) or ""
        name = seen(typed)
        # Rare characters of names stand where Unicode has none yet, or keeps none.
        # Rare characters of names stand where Unicode has none yet, or keeps none.
        if typed and not any(unicodedata.category(one)[0] == "L" or unicodedata.category(one) in _RARE for one in name):
            raise ValidationError(_("What was typed has no character of a name that can be seen. Type it anew."))
        return name


class DocumentField(forms.CharField):
    """A document's number: full-width characters and blanks within do not matter, as in a search for it."""

    def to_python(self, value: Any) -> str:
        """Return the number as it is kept; a masked one comes back as it was shown."""
        typed = super().to_python(value) or ""
        return typed if STAR in typed else "".join(halfwidth(typed).split())


class BirthField(DayField):
    """A day of birth: not to come, and of somebody who can have been a child in these records."""

    def validate(self, value: Any) -> None:
        """Say why a day is no day of birth here.

        Raises:
            ValidationError: it is still to come, or too long ago.
        """
        super().validate(value)
        if value and value > timezone.localdate():
            raise ValidationError(_("This day is still to come."), code="to_come")
        if value and value < FIRST_BIRTH:
            raise ValidationError(
                _("Born before %(day)s: no child of these records. Check the year."),
                code="too_early", params={"day": FIRST_BIRTH.isoformat()},
            )  # fmt: skip


class CountyInput(CodeInput):
    """The list of counties; a province or an old code that a front page gave is shown with its name as well."""

    def format_value(self, value: Any) -> str | None:
        """Return code and name as far as they are known."""
        shown = super().format_value(value)
        if shown and shown.isdigit() and (name := full_name(shown)):
            return f"{shown} {name}"
        return shown


class CountyField(forms.CharField):
    """A county by code or name; cleans to the code. What is held already may stay, whatever became of the code."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=200, widget=CountyInput(COUNTIES), **more)
        self.held = ""

    def clean(self, value: Any) -> str:
        """Return the code of the county that was picked or typed.

        Raises:
            ValidationError: no county is called that today.
        """
        typed = super().clean(value)
        if not typed or (self.held and typed.split()[0] == self.held):
            return str(typed and self.held)
        found = resolve(COUNTIES, typed)
        if found is None:
            raise ValidationError(_("No county is called so today. Pick it from the list: code, name or initials."))
        return found.code
