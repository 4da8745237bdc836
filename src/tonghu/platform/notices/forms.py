"""How a reader wants to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tonghu.platform.notices.kinds import GROUPS, Mail, kinds
from tonghu.platform.notices.models import Preference

AS_DECLARED = ""


class PreferencesForm(forms.Form):
    """One choice for each group; nothing chosen leaves each kind as it was declared."""

    def __init__(self, *args: Any, chosen: dict[str, Preference], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group, name in GROUPS.items():
            held = chosen.get(group)
            self.fields[f"mail_{group}"] = forms.ChoiceField(
                label=_("%(group)s by e-mail") % {"group": name},
                choices=Mail.choices,
                initial=held.mail if held else Mail.DAILY,
            )
            if any(kind.sms for kind in kinds().values() if kind.group == group):
                self.fields[f"sms_{group}"] = forms.BooleanField(
                    label=_("%(group)s by SMS, where it is urgent") % {"group": name},
                    required=False,
                    initial=bool(held and held.sms),
                )
