"""How a reader wants to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from tonghu.platform.components.as_shown import AsShown
from tonghu.platform.notices.kinds import GROUPS, Mail

#: Nothing chosen: each notice as it was declared.
CHOICES: Final = (("", _("at once what is urgent, the rest once a day")), *Mail.choices)


class PreferencesForm(AsShown):
    """One choice for each group. ``held``: what :func:`~tonghu.platform.notices.queries.wishes_of` says."""

    def __init__(self, *args: Any, held: Mapping[str, str | bool], **kwargs: Any) -> None:
        super().__init__(*args, held=held, initial=dict(held), **kwargs)
        for group, name in GROUPS.items():
            self.fields[f"mail_{group}"] = forms.ChoiceField(
                label=_("%(group)s by e-mail") % {"group": name}, choices=CHOICES, required=False
            )
            if f"sms_{group}" in held:
                self.fields[f"sms_{group}"] = forms.BooleanField(
                    label=_("%(group)s by SMS, where it is urgent") % {"group": name}, required=False
                )
