"""Forms of this room: a file with its archive month; which cards to export."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.registry.months import FIRST_MONTH


def months() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the archive months that can be declared, the last one first, by year: (year, [(value, label)])."""
    day = timezone.localdate().replace(day=1)
    found: list[tuple[str, list[tuple[str, str]]]] = []
    while day >= FIRST_MONTH:
        if not found or found[-1][0] != str(day.year):
            found.append((str(day.year), []))
        found[-1][1].append((f"{day:%Y-%m}", f"{day:%Y-%m}"))
        day = before(day)
    return found


def before(month: date) -> date:
    """Return the first day of the month before."""
    return date(month.year - (month.month == 1), 12 if month.month == 1 else month.month - 1, 1)


def last_month() -> str:
    """The month that is most often imported: the one before this."""
    return f"{before(timezone.localdate().replace(day=1)):%Y-%m}"


class MonthField(forms.ChoiceField):
    """An archive month; cleans to its first day."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=months, initial=last_month, label=_("Archive month"),
            widget=forms.Select(attrs={"class": "form-select"}), **options,
        )  # fmt: skip

    def clean(self, value: Any) -> date:
        """Return the first day of the month.

        Raises:
            ValidationError: it is none of the months.
        """
        return date.fromisoformat(f"{super().clean(value)}-01")


class UploadForm(forms.Form):
    """The month of a file; the file itself comes sealed beside it."""

    archive_month = MonthField(
        # The answer stands beside the file, not beside the field: it says itself what it is about.
        error_messages=dict.fromkeys(
            ("invalid_choice", "required"),
            _("Choose this month or an earlier one, from 2017-01 on: later months are still to come."),
        )
    )
