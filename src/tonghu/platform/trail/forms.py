"""Forms of history and log: which changes, and why they are taken away."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.platform.accounts.forms import DateField
from tonghu.platform.audit.changes import tables
from tonghu.platform.audit.places import Wanted


class WantedForm(forms.Form):
    """Which changes: table, person, from–until (both days inclusive, China time)."""

    table = forms.ChoiceField(label=_("Kind of record"), required=False)
    who = forms.CharField(label=_("Who"), required=False, max_length=60)
    since = DateField(label=_("From"), required=False)
    until = DateField(label=_("Until (inclusive)"), required=False)

    def __init__(self, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        choices = [("", _("all")), *sorted(tables().items(), key=lambda item: item[1])]
        self.fields["table"].choices = choices  # type: ignore[attr-defined]
        for name, each in self.fields.items():
            each.widget.attrs["class"] = "form-select" if name == "table" else "form-control"

    def clean(self) -> dict[str, Any]:
        """Check that the period does not end before it begins."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            raise ValidationError(_("The period ends before it begins."))
        return said

    def wanted(self) -> Wanted:
        """Return what was asked for; the form is valid."""
        said, zone = self.cleaned_data, timezone.get_default_timezone()
        since, until = said.get("since"), said.get("until")
        return Wanted(
            table=said.get("table", ""),
            who=said.get("who", ""),
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
        )

    def in_words(self) -> str:
        """Return what was asked for in words for the log; the form is valid. A name that was typed is left out."""
        said = self.cleaned_data
        parts = [
            said.get("table") or "全部表",
            "指定人员" if said.get("who") else "",
            f"{said.get('since') or ''}—{said.get('until') or ''}" if said.get("since") or said.get("until") else "",
        ]
        return "，".join(part for part in parts if part)


class ReasonForm(forms.Form):
    """Why data are taken away."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It is kept in the log and stands in the file. No names, no numbers of documents."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
