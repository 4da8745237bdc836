"""A day in a form: typed in whatever form front pages have (``20180315``, ``2018-3-15``), or picked from the calendar.

The browser's own date field takes a day apart into three parts, each with its own keys; who copies eight digits from a
paper types them in one go.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tonghu.codes.dates import read_date
from tonghu.codes.reading import EXCEL_SERIAL


class DayInput(forms.DateInput):
    """A text field with the calendar at its end; ``days.js`` opens that and puts the dashes in."""

    template_name = "components/day_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        shown = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 10, "placeholder": "YYYY-MM-DD"}
        super().__init__(format="%Y-%m-%d", attrs=shown | (attrs or {}))


class DayField(forms.DateField):
    """A day of the years 1900 to 2099."""

    widget = DayInput
    default_error_messages = {  # noqa: RUF012 -- Django's own way to say it
        "invalid": _("This is no day of the years 1900 to 2099. Type it as 20180315 or 2018-03-15."),
    }

    def to_python(self, value: Any) -> date | None:
        """Return the day that was typed.

        Raises:
            ValidationError: it is none.
        """
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        reading = read_date(str(value))
        if reading.value is None and reading.note is None:
            return None
        # A day number out of a spreadsheet is never typed: five digits are a mistake.
        if reading.value is None or reading.note == EXCEL_SERIAL:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return reading.value
