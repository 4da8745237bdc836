"""What pages show of numbers and addresses, and which may be revealed one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models import Guardian, HospitalView, Identifier
from tonghu.platform.audit.kinds import word
from tonghu.platform.crypto.masks import STAR, mask_id, mask_phone
from tonghu.platform.shell import Words

#: So much of an address is shown: province and city.
ADDRESS_SHOWN: Final = 6


def mask_address(address: str) -> str:
    """Return an address with its beginning only.

    >>> mask_address("四川省成都市锦江区虚构路1号")
    '四川省成都市***'
    """
    shown = min(ADDRESS_SHOWN, len(address) // 2)
    return address[:shown] + STAR * 3


@dataclass(frozen=True, slots=True)
class Secret:
    """A field that is shown masked.

    Attributes:
        kept: what the log keeps it by, read in both languages; whoever reveals may read in either.
        label: what the page calls it.
    """

    model: type[models.Model]
    field: str
    kept: str
    label: Words
    mask: Callable[[str], str]


_DOCUMENT: Final = (word("证件号码", en="document number"), _("document number"))

#: By the name that stands in the address of the page that reveals it.
SECRETS: Final[dict[str, Secret]] = {
    "document": Secret(HospitalView, "document_number", *_DOCUMENT, mask_id),
    "residence": Secret(HospitalView, "residence", word("居住地址", en="residence"), _("residence"), mask_address),
    "phone": Secret(HospitalView, "phone", word("电话", en="telephone"), _("telephone"), mask_phone),
    "other-document": Secret(Identifier, "document_number", *_DOCUMENT, mask_id),
    "guardian-document": Secret(
        Guardian, "document_number", word("监护人证件号码", en="guardian's document number"),
        _("guardian's document number"), mask_id,
    ),
    "guardian-phone": Secret(
        Guardian, "phone", word("监护人电话", en="guardian's telephone"), _("guardian's telephone"), mask_phone
    ),
    "guardian-address": Secret(
        Guardian, "address", word("监护人地址", en="guardian's address"), _("guardian's address"), mask_address
    ),
}  # fmt: skip


def masked(name: str, value: str | None) -> str:
    """Return what a page shows of a value; '' where there is none."""
    return SECRETS[name].mask(value) if value else ""
