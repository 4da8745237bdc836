"""What pages show of numbers and addresses, and which may be revealed one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models import Guardian, HospitalView, Identifier
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
        words: what it is called in the log; (zh, en) would name it twice, so Chinese, the log's language, and a label.
    """

    model: type[models.Model]
    field: str
    label: Words
    mask: Callable[[str], str]


#: By the name that stands in the address of the page that reveals it.
SECRETS: Final[dict[str, Secret]] = {
    "document": Secret(HospitalView, "document_number", _("document number"), mask_id),
    "residence": Secret(HospitalView, "residence", _("residence"), mask_address),
    "phone": Secret(HospitalView, "phone", _("telephone"), mask_phone),
    "other-document": Secret(Identifier, "document_number", _("document number"), mask_id),
    "guardian-document": Secret(Guardian, "document_number", _("guardian's document number"), mask_id),
    "guardian-phone": Secret(Guardian, "phone", _("guardian's telephone"), mask_phone),
    "guardian-address": Secret(Guardian, "address", _("guardian's address"), mask_address),
}


def masked(name: str, value: str | None) -> str:
    """Return what a page shows of a value; '' where there is none."""
    return SECRETS[name].mask(value) if value else ""
