"""The forms for docking clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.platform.accounts.forms import DateField, in_a_row, institution_field
from tonghu.platform.api import queries
from tonghu.platform.api.models import DockingClient
from tonghu.platform.scope.scope import Scope


class IssueForm(forms.Form):
    """Credentials for an information system."""

    name = forms.CharField(
        label=_("System"), max_length=80, help_text=_("What it is called in your institution, such as HIS or EMR.")
    )
    environment = forms.ChoiceField(
        label=_("Environment"), choices=DockingClient.Environment.choices,
        help_text=_("A test client never sees patients of a real institution."),
    )  # fmt: skip
    permissions = forms.MultipleChoiceField(
        label=_("Rights"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Give only what the system needs, of what your own post may. Regions, institutions and code tables need no "
            "right."
        ),
    )  # fmt: skip
    networks = forms.CharField(
        label=_("Addresses from which it calls"), required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as 10.1.2.3 or 10.1.2.0/24. Needed where the system sees patients."),
    )  # fmt: skip
    starts = DateField(label=_("First day"))
    ends = DateField(label=_("Last day"))

    def __init__(self, *args: Any, by: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"] = institution_field(by, label=_("Institution"))
        rights = self.fields["permissions"]
        rights.choices = [  # type: ignore[attr-defined]
            (code, f"{one.name} — {one.effect}") for code, one in queries.for_clients().items() if by.may(code)
        ]
        if not rights.choices:  # type: ignore[attr-defined]
            rights.help_text = _(
                "Nobody hands on a right that their own post does not hold, and yours holds none that a system can "
                "get: these credentials open regions, institutions and code tables only. A system that needs more gets "
                "its credentials from the %(roles)s of the institution."
            ) % {"roles": in_a_row(queries.who_gives())}
        self.fields["starts"].initial = timezone.localdate
        self.fields["ends"].initial = lambda: timezone.localdate() + timedelta(days=365)
        self.order_fields(("institution", "name", "environment", "permissions", "networks", "starts", "ends"))

    def clean_networks(self) -> list[str]:
        """One network a line."""
        return [line.strip() for line in self.cleaned_data["networks"].splitlines() if line.strip()]


class ReasonForm(forms.Form):
    """Why an act on a client is done."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
