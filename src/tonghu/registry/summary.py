"""What a content means: the typed columns of its card, by the same rules as a file's check."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any, Final

from django.utils import timezone

from tonghu.codes import hqms_fields
from tonghu.codes.identity import birth_date, is_valid
from tonghu.codes.regions import province_of_address
from tonghu.codes.tables import table
from tonghu.codes.text import halfwidth
from tonghu.hqms import stay as one_stay
from tonghu.patients.models.known import DocumentType
from tonghu.registry.content import Content

#: The longest record number and admission count that a card holds.
LONGEST_RECORD, LONGEST_COUNT = 20, 4
#: Passports and permits: letters, then digits. Fillers such as 无, 不详 or zeros are none.
_OTHER: Final = re.compile(r"[A-Z]{1,3}\d{6,10}")
#: Names of the fields that say who a child is.
_WHO: Final = ("patient_name", "sex", "birth_date")
#: What a summary says beside the columns of a card.
_NO_COLUMNS: Final = frozenset({"patient_name", "birth_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The typed columns of a card. Texts are '' where nothing is known; times are China wall time, aware.

    Attributes:
        patient_name, birth_date: who the stay is of by its own words; no columns, but compared with other stays.
    """

    record_number: str
    admission_count: str
    admission_at: datetime | None
    discharge_at: datetime | None
    sex: str
    age_years: int | None
    age_days: int | None
    residence_code: str
    principal_code: str
    scope_group: str
    scope_code: str
    scope_position: int | None
    iccc3_subgroup: str
    iccc3_method: str
    iccc3_certainty: str
    patient_name: str = ""
    birth_date: date | None = None

    def as_columns(self) -> dict[str, Any]:
        """Return the values by column name."""
        return {name: value for name, value in asdict(self).items() if name not in _NO_COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a content says of the child, for the hospital's view; '' and None where nothing is written."""

    patient_name: str
    sex: str
    birth_date: date | None
    ethnicity: str
    nationality: str
    document_number: str
    residence: str
    phone: str
    residence_code: str


def facts(content: Content, on: date, region: str | None = None) -> Summary:
    """Return the typed columns of a card by the rules of a day and a place.

    Raises:
        BadCode: there is no such layout.
    """
    stay = one_stay.screen(content.front, content.layout, on, region)
    known = stay.facts
    extra = content.supplement
    histology, behaviour = extra.get("histology", ""), extra.get("behaviour", "")
    group = one_stay.classified(
        stay, content.front, content.layout,
        topography=extra.get("topography") or None,
        morphology=histology if "/" in histology else f"{histology}/{behaviour}" if histology and behaviour else None,
    )  # fmt: skip
    subgroup, method, certainty = group or ("", "", "")
    return Summary(
        record_number=whole(known.get("medical_record_no"), LONGEST_RECORD),
        admission_count=whole(known.get("admission_count"), LONGEST_COUNT),
        admission_at=_moment(known.get("admission_datetime")),
        discharge_at=_moment(known.get("discharge_datetime")),
        sex=sex_code(known.get("sex")),
        age_years=stay.age_years,
        age_days=stay.age_days,
        residence_code=_residence(known),
        principal_code=_text(known.get("principal_diagnosis_code"), 20),
        scope_group=stay.group or "",
        scope_code=_text(stay.code, 20),
        scope_position=stay.position,
        iccc3_subgroup=subgroup,
        iccc3_method=method,
        iccc3_certainty=certainty,
        patient_name=_name(known),
        birth_date=_day(known),
    )


def identity(content: Content) -> Identity:
    """Return what a content says of the child."""
    known = one_stay.read(content.front, content.layout)
    number = _text(known.get("national_id"), 40)
    return Identity(
        patient_name=_name(known),
        sex=sex_code(known.get("sex")),
        birth_date=_day(known),
        ethnicity=_text(known.get("ethnicity"), 20),
        nationality=_text(known.get("nationality"), 40),
        document_number="" if number in ("-", "－") else number,
        residence=_text(known.get("current_address"), 200),
        phone=_text(known.get("contact_phone") or known.get("home_phone"), 40),
        residence_code=_residence(known),
    )


def named(content: Content) -> Identity:
    """Return name, sex and birth date alone of what a content says of the child: what many cards are asked at once."""
    known = hqms_fields.layout(content.layout).by_name
    codes = [known[name].code for name in _WHO]
    return identity(Content(content.layout, {code: content.front[code] for code in codes if code in content.front}))


def document(identity: Identity) -> tuple[str, str]:
    """Return kind and number of the document that says who the child is; ('', '') for none.

    A resident identity number must be right, and must not belong to somebody born on another day: a newborn's page may
    hold the mother's, and brothers and sisters would become one child.
    """
    number = halfwidth(identity.document_number).strip().upper()
    if is_valid(number):
        same = identity.birth_date is None or birth_date(number) == identity.birth_date
        return (DocumentType.RESIDENT_ID.value, number) if same else ("", "")
    if _OTHER.fullmatch(number) and set(number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) != {"0"}:
        return DocumentType.OTHER.value, number
    return "", ""


def sex_code(value: object) -> str:
    """Return a code of RC001; anything else says nothing of the child, and what is known of them stays: ''."""
    code = "" if value is None else halfwidth(str(value)).strip()
    return code if any(code == entry.code for entry in table("RC001").entries) else ""


def whole(value: object, longest: int) -> str:
    """Return what names a stay, in half width, since the same number names the same stay however it is typed; '' where
    it is longer than that can be: its beginning would name another one."""
    text = "" if value is None else halfwidth(str(value)).strip()
    return text if len(text) <= longest else ""


def _residence(known: Any) -> str:
    """The province of the current address, else of the household."""
    for name in ("current_address", "registered_address"):
        if code := province_of_address(known.get(name)):
            return code
    return ""


def _name(known: Any) -> str:
    return _text(known.get("patient_name"), 40)


def _day(known: Any) -> date | None:
    born = known.get("birth_date")
    return born if isinstance(born, date) else None


def _text(value: object, longest: int) -> str:
    return "" if value is None else str(value).strip()[:longest]


def _moment(value: object) -> datetime | None:
    """A time on the page is China wall time."""
    if isinstance(value, datetime):
        return timezone.make_aware(value)
    return timezone.make_aware(datetime.combine(value, time())) if isinstance(value, date) else None
