"""Forms of this room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.network.models import Institution
from tonghu.network.queries import lying_in
from tonghu.platform.accounts.forms import DateField
from tonghu.platform.accounts.picking import PickField
from tonghu.platform.components.as_shown import AsShown
from tonghu.platform.scope.scope import Scope
from tonghu.surveillance.models import Point


class ReasonForm(forms.Form):
    """Why something is taken back; kept with the record."""

    reason = forms.CharField(
        label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the record for good."),
    )  # fmt: skip


class SignForm(forms.Form):
    """A signature; beside files of the month that wait, with the word that they are known and the reason.

    Attributes:
        known: the numbers of the files that the page named which was sent.
        fresh: whether others wait now: then nothing is taken from the page, and it asks anew.
    """

    def __init__(self, data: Any = None, *, waiting: Sequence[int]) -> None:
        said = str(data.get("known", "")) if data is not None else ""
        self.known = {int(one) for one in said.split(",") if one.isdecimal()}
        self.fresh = data is not None and not set(waiting) <= self.known
        named = ",".join(str(one) for one in waiting)
        if data is not None:  # what is shown again names the files that wait now, and is ticked anew
            data = {**data.dict(), "known": named}
            if self.fresh:
                data.pop("agreed", None)
        super().__init__(data)
        if waiting:
            self.fields["known"] = forms.CharField(widget=forms.HiddenInput, initial=named)
            self.fields["agreed"] = forms.BooleanField(
                label=_("I know of these files; what they hold is no case of this month"),
                error_messages={"required": _("Tick this if it is so; else have the files imported or discarded")},
            )
            self.fields["despite"] = forms.CharField(
                label=_("Why not"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}),
                help_text=_("Kept with the zero report for good."),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse a page that did not name the files that wait now."""
        if self.fresh:
            self.errors.clear()
            raise forms.ValidationError(
                _("Files of the month came in since you opened the page. Nothing was signed: look at them, then decide")
            )
        return super().clean() or {}


class LockForm(forms.Form):
    """What a lock is for."""

    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class AdmitForm(forms.Form):
    """Which institution becomes a point, from when, on what ground."""

    start = DateField(label=_("First day"), help_text=_("The month of this day is the first that is expected."))
    ground = forms.ChoiceField(label=_("Ground"), choices=Point.Ground.choices)
    note = forms.CharField(
        label=_("Document or note"), max_length=200, required=False,
        help_text=_("The document that made it a point, or how it came about."),
    )  # fmt: skip

    def __init__(self, *args: Any, by: Scope, **more: Any) -> None:
        super().__init__(*args, **more)
        low = by.region_from or "000000"
        around = lying_in(Institution.objects.exclude(kind="authority"), low).filter(
            valid__contains=timezone.localdate()
        )
        self.fields["institution"] = PickField(
            label=_("Institution"), help_text=_("Begin to type the name, then choose."),
            options=lambda: around.exclude(
                points__valid__contains=timezone.localdate()
            ).order_by("region_code", "name_pinyin").values_list("code", "name")[:500],
            find=lambda code: around.filter(code__iexact=code).first(),
        )  # fmt: skip
        self.order_fields(["institution", "start", "ground", "note"])


class EndForm(AsShown):
    """The last day on which an institution is a point, and why."""

    last_day = DateField(label=_("Last day"), help_text=_("A month on whose last day it is a point is still expected."))
    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
