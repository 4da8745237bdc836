"""Forms of the log-in, of one's own account, and of people and posts. What they check is what a reader can mistype."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tonghu.errors import InputRefused
from tonghu.platform.accounts.models import Person
from tonghu.platform.accounts.passwords import PasswordRules
from tonghu.platform.accounts.picking import PickField
from tonghu.platform.accounts.queries import institutions_in_scope
from tonghu.platform.accounts.reach import Offer, offer
from tonghu.platform.accounts.roles import Role
from tonghu.platform.components.as_shown import AsShown
from tonghu.platform.components.days import DayField
from tonghu.platform.scope.scope import Scope

_OLD = {"autocomplete": "current-password"}
_NEW = {"autocomplete": "new-password"}


def in_words(refused: InputRefused | ValidationError) -> str | list[str]:
    """Return what was refused, in the reader's language."""
    if isinstance(refused, ValidationError):
        return refused.messages
    return refused.zh if (get_language() or "zh").startswith("zh") else refused.en


def _password(label: Any, attrs: dict[str, str]) -> forms.CharField:
    return forms.CharField(label=label, strip=False, max_length=256, widget=forms.PasswordInput(attrs=attrs))


class DateField(DayField):
    """A day, typed or picked from the calendar."""


class LogInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = _password(_("Password"), _OLD)


class CodeForm(forms.Form):
    """A one-time code, or a recovery code in its place."""

    code = forms.CharField(
        label=_("One-time code"),
        help_text=_("The six digits that your telephone shows now. Telephone lost: one of your recovery codes."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text"}),
    )


class FirstCodeForm(forms.Form):
    """The first code of a new set-up."""

    code = forms.CharField(
        label=_("The six digits that the telephone shows now"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ConfirmPasswordForm(forms.Form):
    """The password again, before something that a thief of an open session would like to do."""

    password = _password(_("Your password"), _OLD)


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    new = _password(_("New password"), _NEW)
    again = _password(_("New password once more"), _NEW)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = PasswordRules().get_help_text()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("new") and said.get("again") and said["new"] != said["again"]:
            self.add_error("again", _("The two are not alike."))
        return said


class ChangePasswordForm(NewPasswordForm):
    """The old password and a new one."""

    old = _password(_("Password now"), _OLD)
    field_order = ("old", "new", "again")


class LanguageForm(forms.Form):
    """The language of one's pages and messages."""

    language = forms.ChoiceField(label=_("Language"), choices=[("zh-hans", "中文"), ("en", "English")])


class RegisterForm(forms.Form):
    """Somebody new."""

    name = forms.CharField(label=_("Name"), max_length=60)
    username = forms.CharField(
        label=_("User name"),
        max_length=40,
        help_text=_("3 to 40 small letters, digits, dots, dashes or underscores; it cannot be changed later."),
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=[("zh-hans", "中文"), ("en", "English")])

    def __init__(self, *args: Any, by: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"] = institution_field(by, label=_("Institution that keeps the account"))


class AppointForm(forms.Form):
    """A post for somebody: where, and which of those that whoever acts may give there.

    Args:
        place: what stands in the field of the institution; the roles are those of it.
    """

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    starts = DateField(label=_("First day"))
    ends = DateField(label=_("Last day"), required=False, help_text=_("Empty: without end."))
    field_order = ("institution", "role", "starts", "ends")

    def __init__(self, *args: Any, by: Scope, place: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        where = self.fields["institution"] = institution_field(by, label=_("At"))
        # Another place has other roles: they are asked for anew as soon as one is picked.
        where.widget.attrs |= {
            "hx-get": "", "hx-trigger": "change", "hx-include": "closest form", "hx-target": "closest .panel",
            "hx-select": ".panel", "hx-swap": "outerHTML", "hx-params": "institution,role,starts,ends",
        }  # fmt: skip
        self.fields["starts"].initial = timezone.localdate
        self.order_fields(self.field_order)
        at = self._at(place or where.initial or "")
        self._offer(self.fields["role"], offer(by, at) if at else None)

    def _at(self, place: str) -> Any:
        """The institution that is meant; None where none is yet."""
        try:
            at = self.fields["institution"].clean(place)
        except ValidationError:
            return None
        self.fields["institution"].initial = at.code
        return at

    @staticmethod
    def _offer(field: Any, offered: Offer | None) -> None:
        """Nothing is chosen beforehand: a post must not be given because nobody looked at the first of the list."""
        if offered is None:
            field.help_text = _("Choose first where: the posts that you may give there appear then.")
            return
        field.choices = [
            (role.code, format_html('<strong>{}</strong> <span class="meta">{}</span>', role.name, role.what_for))
            for role in offered.given
        ]
        field.help_text = others_in_words(offered)
        field.error_messages["invalid_choice"] = " ".join(
            (str(_("You cannot give this post there.")), field.help_text)
        ).strip()


_GIVEN_BY = {
    "": _("%(roles)s: given by %(givers)s"),
    "above": _("%(roles)s: given by %(givers)s of a place above"),
    "line": _("%(roles)s: given by %(givers)s of that department"),
}


def others_in_words(offered: Offer) -> str:
    """In a line, who gives the posts of a place that are not offered."""
    return str(_("; ")).join(
        str(_GIVEN_BY[one.where]) % {"roles": in_a_row(one.roles), "givers": in_a_row(one.givers)}
        for one in offered.others
    )


def in_a_row(roles: Iterable[Role]) -> str:
    """Names of roles beside each other."""
    return str(_(", ")).join(role.name for role in roles)


class EndForm(AsShown):
    """The end of a post."""

    last_day = DateField(label=_("Last day"), help_text=_("Yesterday ends it at once."))
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class DeputyForm(forms.Form):
    """Who stands in, and when."""

    starts = DateField(label=_("First day"))
    ends = DateField(label=_("Last day"))

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PickField(
            label=_("Deputy"),
            help_text=_("Begin to type the name, then choose."),
            options=lambda: people.order_by("name").values_list("username", "name"),
            find=lambda username: people.filter(username=username.lower()).first(),
        )
        self.fields["starts"].initial = timezone.localdate
        self.order_fields(("person", "starts", "ends"))


class MoveForm(EndForm):
    """To which institution somebody moves, and when their posts elsewhere end."""

    def __init__(self, *args: Any, by: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"] = institution_field(by, label=_("New institution"))
        self.order_fields(("to", "last_day", "reason"))

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if said.get("to") == self.held_values()["to"]:
            self.add_error(
                "to", _("The account is there already, there is nothing to move: choose another institution.")
            )
        return said


def institution_field(by: Scope, label: Any) -> PickField:
    """An institution in the scope of `by`, by its code; the only one is filled in."""
    places = institutions_in_scope(by)
    only = list(places[:2])
    return PickField(
        label=label,
        help_text=_("Begin to type the name, then choose."),
        options=lambda: places.values_list("code", "name"),
        find=lambda code: places.filter(code=code).first(),
        initial=only[0].code if len(only) == 1 else None,
    )
