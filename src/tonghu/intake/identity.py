"""What a row says of a child, sealed while it waits; and which document number is evidence of who somebody is."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, Final

from tonghu.codes.identity import birth_date, is_valid
from tonghu.codes.text import halfwidth
from tonghu.intake.models import IDENTITY_PLACE
from tonghu.patients.bulk import Seen
from tonghu.patients.models.known import DocumentType
from tonghu.platform.crypto.box import seal, unseal
from tonghu.registry.summary import Identity

_FIELDS: Final = tuple(Identity.__dataclass_fields__)
#: Passports and permits: letters, then digits. Fillers such as 无, 不详 or zeros are none.
_OTHER: Final = re.compile(r"[A-Z]{1,3}\d{6,10}")


def sealed(identity: Identity) -> bytes:
    """Seal what a row says."""
    said: dict[str, Any] = {name: value for name in _FIELDS if (value := getattr(identity, name))}
    if identity.birth_date:
        said["birth_date"] = identity.birth_date.isoformat()
    return seal(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(), IDENTITY_PLACE)


def opened(held: bytes) -> Identity:
    """Open what :func:`sealed` made.

    Raises:
        CannotOpen: it was altered, or its key is gone.
    """
    said = json.loads(unseal(held, IDENTITY_PLACE))
    born = said.pop("birth_date", None)
    nothing = dict.fromkeys(_FIELDS, "")
    return Identity(**{**nothing, **said, "birth_date": date.fromisoformat(born) if born else None})


def seen(record_number: str, identity: Identity, *, latest: bool) -> Seen:
    """Return what the patients' room is told of a row."""
    kind, number = document(identity)
    return Seen(
        record_number=record_number, patient_name=identity.patient_name, sex=identity.sex,
        birth_date=identity.birth_date, ethnicity=identity.ethnicity, nationality=identity.nationality,
        document_type=kind, document_number=number, residence_code=identity.residence_code,
        residence=identity.residence, phone=identity.phone, latest=latest,
    )  # fmt: skip


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
