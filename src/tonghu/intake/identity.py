"""What a row says of a child, sealed while it waits."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

from tonghu.intake.models import IDENTITY_PLACE
from tonghu.patients.bulk import Seen
from tonghu.platform.crypto.box import seal, unseal
from tonghu.registry.summary import Identity, document

_FIELDS: Final = tuple(Identity.__dataclass_fields__)


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
