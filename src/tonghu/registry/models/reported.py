"""What those above a hospital see of its cards: what was reported, also while a newer version is in the making."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from tonghu.registry.models.card import Card
from tonghu.registry.models.columns import CardColumns

if TYPE_CHECKING:
    from typing import Any


class ReportedCard(CardColumns):
    """The columns of a reported card as they were reported, while its hospital has a newer version of it in hand.

    The number is the card's. Only the database writes it (``reported.sql``): it comes when the hospital saves the first
    version after the reported one, follows the card's state, and goes when the new version is reported. Its hospital
    does not see it, and those above see it in the card's stead.
    """

    class Meta:
        verbose_name = _("reported card in correction")

    def __str__(self) -> str:
        return f"card {self.pk} as reported"


class SeenCard(CardColumns):
    """A card as the reader's place lets them see it: of the own hospital as it is, of others as it was reported.

    A view of the database over :class:`Card` and :class:`ReportedCard`, each behind its own wall.
    """

    #: The hospital has a newer version in hand; this one is what it reported.
    in_correction = models.BooleanField()

    class Meta:
        managed = False
        db_table = "registry_seencard"

    def __str__(self) -> str:
        return f"card {self.pk}"

    def as_card(self) -> Card:
        """The same columns as a card; to be read, never saved."""
        columns = [field.attname for field in Card._meta.concrete_fields]
        held = Card.from_db(self._state.db or "default", columns, [getattr(self, name) for name in columns])
        for name, known in self._state.fields_cache.items():
            cached: Any = known
            held._state.fields_cache[name] = cached
        return held
