"""Mends that are certain: what a cell should hold, where its finding leaves one answer only.

The writing of a value that can be read (full width, Excel's serial numbers, Chinese dates, units, thousands), a code
that stands for itself (its name, a leading zero), and numbers that follow from others on the page. Whatever needs
somebody to look into the record has no mend here. A test holds that each one settles its finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from tonghu.codes import icdo, identity, reading
from tonghu.codes.bad_code import BadCode
from tonghu.codes.dates import completed_years
from tonghu.codes.hqms_fields import Field
from tonghu.codes.regions import listed, province_of_address, provinces
from tonghu.codes.tables import table
from tonghu.codes.text import halfwidth
from tonghu.hqms import casting, wording
from tonghu.hqms.casting import Value

Facts = Mapping[str, Value]

_CHINESE_DATE: Final = re.compile(
    r"((?:19|20)\d\d)[年.](\d{1,2})[月.](\d{1,2})日?(?:\s*(\d{1,2})[时:点](\d{1,2})分?(?:(\d{1,2})秒?)?)?"
)
_CHINESE_TIME: Final = re.compile(
    r"((?:19|20)\d\d)[-/](\d{1,2})[-/](\d{1,2})\s*(\d{1,2})[时点](\d{1,2})分?(?:(\d{1,2})秒?)?"
)
_THOUSANDS: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_MORPHOLOGY: Final = re.compile(r"M?([89]\d{3})(\d?)/([012369])")


def propose(rule: str, field: Field, text: str, facts: Facts) -> str | None:
    """Return what the cell should hold, or None where that is not certain.

    Args:
        rule: the id that the finding reports.
        field: the field that it is put on; `text` as written there, never blank.
        facts: the typed facts of the record.
    """
    known = RULES.get(rule)
    wanted = known(field, text, facts) if known else None
    return wanted if wanted and wanted != text else None


def _type(field: Field, text: str, _facts: Facts) -> str | None:
    """HQ021: the value that the text says, written as its type asks."""
    value, note = casting.cell(field, text)
    if value is not None:
        return None if note == reading.SCIENTIFIC else wording.plainly(value, field.type)
    plain = halfwidth(text).strip()
    if field.type in ("date", "datetime"):
        return _moment(plain, field)
    number = _without_unit(plain, field)
    number = number.replace(",", "") if _THOUSANDS.fullmatch(number) else number
    value, note = casting.cell(field, number)
    return wording.plainly(value, field.type) if value is not None and note is None else None


def _without_unit(plain: str, field: Field) -> str:
    """The text without the field's own unit: a number of another one (“3个月” as years) says something else."""
    for unit in sorted(field.units, key=len, reverse=True):
        if plain.casefold().endswith(unit):
            return plain[: -len(unit)].rstrip()
    return plain


def _moment(plain: str, field: Field) -> str | None:
    found = _CHINESE_DATE.fullmatch(plain) or _CHINESE_TIME.fullmatch(plain)
    if found is None:
        return None
    numbers = [int(part or 0) for part in found.groups()]
    try:
        moment = datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001 -- wall time of the page
    except ValueError:
        return None
    return f"{moment:%Y-%m-%d}" if field.type == "date" or found[4] is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _code(field: Field, text: str, _facts: Facts) -> str | None:
    """HQ023: the one code of the table that the text stands for."""
    return wording.meant(text, table(field.table)) if field.table else None


def _postcode(_field: Field, text: str, _facts: Facts) -> str | None:
    """HQ026: the same six digits in half width."""
    plain = re.sub(r"[\s-]", "", halfwidth(text))
    return plain if re.fullmatch(r"\d{6}", plain) else None


def _identity_number(_field: Field, text: str, _facts: Facts) -> str | None:
    """HQ036: the same number without blanks, in half width, with a capital X; only where its check digit is right."""
    plain = re.sub(r"[\s'’`-]", "", halfwidth(text)).upper()
    return plain if identity.is_valid(plain) else None


def _morphology(_field: Field, text: str, _facts: Facts) -> str | None:
    """HQ059: the code with its M and its fifth digit."""
    found = _MORPHOLOGY.fullmatch(halfwidth(text).strip().upper().replace("／", "/"))
    if found is None:
        return None
    written = f"M{found[1]}{found[2] or '0'}/{found[3]}"
    try:
        icdo.Morphology.parse(written)
    except BadCode:
        return None
    return written


def _age(_field: Field, _text: str, facts: Facts) -> str | None:
    """HQ051: completed years by the dates, where the identity number says the same birth date."""
    born, admitted = facts.get("birth_date"), facts.get("admission_datetime")
    number = facts.get("national_id")
    if not (isinstance(born, date) and isinstance(admitted, datetime) and isinstance(number, str)):
        return None
    if not identity.is_valid(number) or identity.birth_date(number) != born or born > admitted.date():
        return None
    return str(completed_years(born, admitted.date()))


def _stay(_field: Field, _text: str, facts: Facts) -> str | None:
    """HQ053: the days from admission to discharge, at least one; none by times that cannot be themselves."""
    admitted, left = facts.get("admission_datetime"), facts.get("discharge_datetime")
    if not (isinstance(admitted, datetime) and isinstance(left, datetime)) or left < admitted:
        return None
    born, today = facts.get("birth_date"), facts.get("today")
    if (isinstance(born, date) and admitted.date() < born) or (isinstance(today, date) and left.date() > today):
        return None
    return str(max(1, (left.date() - admitted.date()).days))


def _province(_field: Field, text: str, facts: Facts) -> str | None:
    """HQ027, HQ097: the province of the prefecture that the address begins with, where only one has that name."""
    today = facts.get("today")
    plain = "".join(text.split())
    if province_of_address(plain) is not None or not isinstance(today, date):
        return None
    for region in listed(today):
        if region.code.endswith("00") and not region.code.endswith("0000") and plain.startswith(region.name):
            return provinces()[region.code[:2] + "0000"] + plain
    return None


Mend = Callable[[Field, str, Facts], str | None]
RULES: Final[Mapping[str, Mend]] = {
    "HQ021": _type,
    "HQ022": _code,
    "HQ023": _code,
    "HQ026": _postcode,
    "HQ027": _province,
    "HQ036": _identity_number,
    "HQ051": _age,
    "HQ053": _stay,
    "HQ059": _morphology,
    "HQ097": _province,
}
