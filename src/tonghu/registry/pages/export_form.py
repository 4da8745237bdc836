"""Which cards are taken away, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tonghu.codes.hqms_fields import LAYOUTS


class ExportForm(forms.Form):
    """The layout of the file, and the reason."""

    layout = forms.ChoiceField(label=_("Layout of the front page"), choices=[(each, each) for each in LAYOUTS])
    kind = forms.ChoiceField(
        label=_("Kind of file"), required=False, initial="xlsx", choices=[("xlsx", "Excel"), ("csv", "CSV")]
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=400, widget=forms.Textarea({"rows": 2}),
        help_text=_("Stands in the file and in the log, for example “correction with the ward, October”."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        for name in ("layout", "kind"):
            self.fields[name].widget.attrs["class"] = "form-select"

    def clean_kind(self) -> str:
        """Return the kind of file; CSV where nobody said."""
        return self.cleaned_data["kind"] or "csv"
