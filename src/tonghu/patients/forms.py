"""Forms of this room. What they check is what a reader can mistype; masked values that come back unchanged are kept."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tonghu.codes import identity
from tonghu.codes.tables import table
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.fields import PHONE, BirthField, CountyField, DocumentField, NameField
from tonghu.patients.masking import SECRETS, masked
from tonghu.patients.models import Consent, Grant, Guardian, HospitalView
from tonghu.patients.models.known import DocumentType, in_words
from tonghu.patients.purposes import name_of, purposes, said, shares
from tonghu.patients.services import OF_DOCUMENT, OF_GUARDIAN
from tonghu.platform.accounts.forms import DateField
from tonghu.platform.accounts.forms import in_words as refused_words
from tonghu.platform.accounts.picking import PickField
from tonghu.platform.components.as_shown import AsShown
from tonghu.platform.components.codes import CodeField
from tonghu.platform.crypto.masks import kept
from tonghu.platform.stale import text_of

#: Of the numbers that children are registered with, only resident identity numbers are so long.
_RESIDENT_ID_LENGTH = 18
_NO_CHOICE = ("", _("not known"))


#: Of RC001, the codes that say that a sex is not known. Front pages tell them apart; a clerk is offered one.
_SEX_UNKNOWN = ("0", "9")


def _sexes(held: str = "") -> list[tuple[str, Any]]:
    """The sexes to choose from, and once "not known": that which is held already, else nothing."""
    known = (entry.code for entry in table("RC001").entries if entry.code not in _SEX_UNKNOWN)
    unknown = (held if held in _SEX_UNKNOWN else "", _NO_CHOICE[1])
    return [unknown, *((code, in_words("RC001", code)) for code in known)]


class _Wide(forms.TextInput):
    """A text that takes the width of two fields."""

    wide = True


class MaskedForm(AsShown):
    """A form some of whose fields show a masked value; left as it was shown, the value stays.

    ``masked``: field → name in :data:`tonghu.patients.masking.SECRETS`.
    """

    masked: dict[str, str] = {}  # noqa: RUF012 -- a table of the class

    def __init__(self, *args: Any, held: Any = None, **more: Any) -> None:
        super().__init__(*args, held=held, **more)
        for field in self.masked:
            if shown := masked(self.masked[field], getattr(held, field, None)):
                self.initial[field] = shown
                self.fields[field].help_text = _("Shown masked. Leave it as it is, or type the whole anew.")

    def clean(self) -> dict[str, Any]:
        """Put back what came back as it was shown.

        Raises:
            ValidationError: beside a field that holds a mask and was changed.
        """
        found = super().clean()
        for field, secret in self.masked.items():
            if field in found:
                try:
                    found[field] = kept(found[field], self.was(field), SECRETS[secret].mask) or None
                except InputRefused as refused:
                    self.add_error(field, refused_words(refused))
        return found

    def was(self, field: str) -> str:
        """What stood in a field when the form was shown."""
        return (self.shown or {}).get(field, text_of(getattr(self.held, field, None)))

    def in_field(self, field: str, value: Any) -> Any:
        """What a field holds before anybody types: masked where it is shown so."""
        return masked(self.masked[field], value) if field in self.masked else super().in_field(field, value)


def check_document(form: forms.Form, found: dict[str, Any]) -> None:
    """Say beside the fields where an identity number is wrong, or contradicts the date of birth or the sex."""
    number = found.get("document_number")
    if not number or found.get("document_type") != DocumentType.RESIDENT_ID:
        return
    if not identity.is_well_formed(number):
        form.add_error(
            "document_number",
            gettext("This is no resident identity number: 18 characters, the last of which checks the others."),
        )
        return
    born, male = identity.birth_date(number), identity.is_male(number)
    if born and found.get("birth_date") and found["birth_date"] != born:
        form.add_error(
            "birth_date", gettext("The identity number says %(day)s. Check both.") % {"day": born.isoformat()}
        )
    if found.get("sex") in ("1", "2") and male is not None and male != (found["sex"] == "1"):
        form.add_error("sex", gettext("The identity number says otherwise. Check both."))


class ViewForm(MaskedForm):
    """What a hospital knows of a child."""

    masked = {"document_number": "document", "residence": "residence", "phone": "phone"}  # noqa: RUF012

    parts = (
        (_("Who it is"), ("record_number", "patient_name", "name_was_mistyped", "sex", "birth_date")),
        (_("Document"), ("document_type", "document_number", "document_was_mistyped")),
        (_("Residence and contact"), ("residence_code", "phone", "residence", "ethnicity", "nationality")),
    )

    record_number = forms.CharField(
        label=_("Record number"), max_length=20, help_text=_("As it stands on the front page of the medical record.")
    )
    patient_name = NameField(label=_("Name"))
    name_was_mistyped = forms.BooleanField(
        label=_("The earlier name was a mistake"),
        required=False,
        help_text=_("Otherwise it stays findable, marked as a former name."),
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=_sexes, required=False)
    birth_date = BirthField(label=_("Date of birth"), required=False, help_text=_("Eight digits will do: 20180315."))
    document_type = forms.ChoiceField(
        label=_("Document type"), choices=[_NO_CHOICE, *DocumentType.choices], required=False
    )
    document_number = DocumentField(
        label=_("Document number"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("By it a child is known again at every hospital."),
    )  # fmt: skip
    document_was_mistyped = forms.BooleanField(
        label=_("The earlier number was a mistake"),
        required=False,
        help_text=_("Otherwise it stays on record as another document of the child."),
    )
    ethnicity = CodeField("RC035", label=_("Ethnicity"), required=False)
    nationality = forms.CharField(label=_("Nationality"), max_length=40, required=False)
    residence_code = CountyField(label=_("County of residence"), required=False)
    residence = forms.CharField(label=_("Residence"), max_length=200, required=False, widget=_Wide())
    phone = forms.CharField(label=_("Telephone"), max_length=20, required=False, validators=[PHONE])

    compared = (
        "patient_name", "sex", "birth_date", "document_type", "document_number", "ethnicity", "nationality",
        "residence_code", "residence", "phone",
    )  # fmt: skip

    def __init__(self, *args: Any, held: HospitalView | None = None, **more: Any) -> None:
        if held is not None:
            shown = (name for name in self.base_fields if hasattr(held, name))
            more["initial"] = {name: getattr(held, name) for name in shown} | more.get("initial", {})
        super().__init__(*args, held=held, **more)
        if held is None:
            del self.fields["name_was_mistyped"], self.fields["document_was_mistyped"]
        else:
            self.fields["record_number"].disabled = True
            if not held.document_number:
                del self.fields["document_was_mistyped"]
            self.fit()

    def fit(self) -> None:
        """Offer what was shown, also where nobody would choose it today."""
        county, sex = self.fields["residence_code"], self.fields["sex"]
        assert isinstance(county, CountyField)
        assert isinstance(sex, forms.ChoiceField)
        county.held, sex.choices = self.was("residence_code"), _sexes(self.was("sex"))

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        number = found.get("document_number") or ""
        if len(number) == _RESIDENT_ID_LENGTH and not found.get("document_type"):
            found["document_type"] = DocumentType.RESIDENT_ID.value
        check_document(self, found)
        return found

    def ask(self, tick: str, value: str) -> None:
        """Show a tick that says `value` once set; never set beforehand, for each question is one of its own."""
        self.fields[tick] = forms.BooleanField(
            label=str(refused_words(InputRefused("已核对，按所填内容登记", "Checked: enter it as it is typed"))),
            required=False,
            widget=forms.CheckboxInput(attrs={"value": value}, check_test=lambda _said: False),
        )

    def known(self) -> tuple[dict[str, Any], frozenset[str]]:
        """Return the fields of the view, and which of the earlier values were mistakes."""
        said = dict(self.cleaned_data)
        mistakes = {"name_was_mistyped": "patient_name", "document_was_mistyped": "document_number"}
        return said, frozenset(field for tick, field in mistakes.items() if said.pop(tick, False))


class GuardianForm(MaskedForm):
    """A guardian."""

    masked = {  # noqa: RUF012
        "document_number": "guardian-document", "phone": "guardian-phone", "address": "guardian-address",
    }  # fmt: skip

    parts = (("", ("name", "relation", "phone", "document_number", "address")),)
    compared = OF_GUARDIAN

    name = NameField(label=_("Name"))
    relation = CodeField("RC033", label=_("Relation to the child"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=20, required=False, validators=[PHONE])
    document_number = DocumentField(
        label=_("Document number"), max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False, widget=_Wide())

    def __init__(self, *args: Any, held: Guardian | None = None, **more: Any) -> None:
        if held is not None:
            more["initial"] = {name: getattr(held, name) for name in self.base_fields}
        super().__init__(*args, held=held, **more)


class DocumentForm(forms.Form):
    """Another document."""

    parts = (("", ("document_type", "document_number")),)

    document_type = forms.ChoiceField(label=_("Document type"), choices=DocumentType.choices)
    document_number = DocumentField(
        label=_("Document number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        check_document(self, found)
        return found


class GuardianOffForm(AsShown):
    """The button that takes a guardian off: it carries what its reader saw."""

    compared = OF_GUARDIAN


class DocumentOffForm(AsShown):
    """The button that takes a document off."""

    compared = OF_DOCUMENT


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text=_("It stays in the record. Write no identity numbers."),
    )


class ConsentForm(forms.Form):
    """What a family agreed to."""

    parts = (("", ("purpose", "given_by", "relation", "start", "end", "note")),)

    purpose = forms.ChoiceField(label=_("Purpose"), widget=forms.RadioSelect)
    given_by = NameField(label=_("Given by"))
    relation = CodeField("RC033", label=_("Relation to the child"), required=False)
    start = DateField(label=_("From"))
    end = DateField(label=_("Last day"), required=False, help_text=_("Empty: until it is taken back."))
    note = forms.CharField(label=_("Note"), max_length=400, required=False, widget=_Wide())

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        choice = self.fields["purpose"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            (name, gettext("%(name)s: %(what)s") % {"name": said(one), "what": said(one, what=True)})
            for name, one in purposes().items()
        ]

    def clean(self) -> dict[str, Any]:
        return _span(self, super().clean() or {})


class GrantForm(forms.Form):
    """Which hospital may see the child, why and until when."""

    parts = (("", ("institution", "ground", "consent", "start", "end", "reference")),)

    institution = PickField(
        label=_("Hospital that may see"),
        help_text=_("Begin to type the name, then choose."),
        options=lambda: _hospitals(),
        find=lambda code: _hospital(code),
    )
    ground = forms.ChoiceField(label=_("Ground"), choices=Grant.Ground.choices)
    consent = forms.ModelChoiceField(
        label=_("Family's consent"),
        queryset=Consent.objects.none(),
        required=False,
        empty_label=_("Please choose"),
        help_text=_("Needed where the ground is a consent; the permission ends with it."),
    )
    start = DateField(label=_("First day"))
    end = DateField(label=_("Last day"))
    reference = forms.CharField(
        label=_("Reference"), max_length=60, required=False, help_text=_("Number of the referral or consultation.")
    )

    def __init__(self, *args: Any, children: list[int], **more: Any) -> None:
        super().__init__(*args, **more)
        choice = self.fields["consent"]
        assert isinstance(choice, forms.ModelChoiceField)
        now = timezone.now()
        standing = Consent.objects.filter(Q(child__in=children), withdrawn_at=None, valid__contains=now)
        choice.queryset = standing.filter(purpose__in=[name for name in purposes() if shares(name)])
        choice.label_from_instance = _named  # type: ignore[method-assign]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("ground") == Grant.Ground.CONSENT and not found.get("consent"):
            self.add_error("consent", gettext("Choose the family's consent that it rests on"))
        return _span(self, found)


def _named(obj: Consent) -> str:
    return f"{name_of(obj.purpose)} · {obj.given_by}"


def _span(form: forms.Form, found: dict[str, Any]) -> dict[str, Any]:
    """Days from–to as moments: from the beginning of the first, or now where that is today, to the end of the last."""
    start, end = found.get("start"), found.get("end")
    if start and end and end < start:
        form.add_error("end", gettext("The last day comes before the first."))
    elif start:
        begins = _midnight(start)
        found["start"] = max(begins, timezone.now()) if start == timezone.localdate() else begins
        found["end"] = _midnight(end + timedelta(days=1)) if end else None
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _hospitals() -> list[tuple[str, str]]:
    return list(Institution.objects.filter(kind="hospital").order_by("code").values_list("code", "name")[:500])


def _hospital(code: str) -> Institution | None:
    return Institution.objects.filter(kind="hospital", code=code).first()
