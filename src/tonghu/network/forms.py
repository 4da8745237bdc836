"""Forms of institutions."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tonghu.network.catalogues import GRADES, departments, institution_types, level_in_words
from tonghu.network.models import Institution, InstitutionCode
from tonghu.network.queries import REGIONS
from tonghu.platform.accounts.forms import DateField
from tonghu.platform.components.as_shown import AsShown
from tonghu.platform.components.codes import CodeField

_NONE = ("", "—")


class RegionField(CodeField):
    """A region of today, by name or code; a code that has ended goes to the service, which says what became of it."""

    def clean(self, value: Any) -> str:
        said = str(value or "").strip()
        return said if re.fullmatch(r"[0-9]{6}", said) else super().clean(said)


class InstitutionForm(AsShown):
    """What is known of an institution. Code and kind are given once."""

    compared = ("name", "region_code", "type", "level", "grade", "department")

    name = forms.CharField(label=pgettext_lazy("institution", "Name"), max_length=120)
    region_code = RegionField(
        REGIONS,
        label=_("Region"),
        help_text=_("The county of a hospital; the area that an authority is in charge of."),
    )
    type = forms.ChoiceField(label=_("Type"), required=False)
    level = forms.TypedChoiceField(
        label=_("Level"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[_NONE, (1, _("Level 1")), (2, _("Level 2")), (3, _("Level 3"))],
    )
    grade = forms.ChoiceField(label=_("Grade"), required=False)
    department = forms.ChoiceField(label=_("Department (authorities only)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [_NONE, *((one, level_in_words(None, one)) for one in GRADES)]  # type: ignore[attr-defined]
        self.fields["type"].choices = [_NONE, *((one.code, str(one)) for one in institution_types().values())]  # type: ignore[attr-defined]
        self.fields["department"].choices = [_NONE, *((one.code, str(one)) for one in departments().values())]  # type: ignore[attr-defined]


class RegisterForm(InstitutionForm):
    """A new institution."""

    code = forms.CharField(label=_("Institution code"), max_length=22)
    kind = forms.ChoiceField(label=_("Kind"), choices=Institution.Kind.choices)
    since = DateField(label=pgettext_lazy("institution", "Since"), required=False, help_text=_("Empty: always."))
    field_order = ("kind", "code", "name", "region_code", "type", "level", "grade", "department", "since")


class CodeForm(AsShown):
    """Another code of an institution."""

    system = forms.ChoiceField(label=_("Code system"), choices=InstitutionCode.System.choices)
    code = forms.CharField(label=_("Code"), max_length=22)


class CloseForm(AsShown):
    """The end of an institution."""

    last_day = DateField(label=_("Last day"), help_text=_("Posts at it end with it. Its records stay."))
