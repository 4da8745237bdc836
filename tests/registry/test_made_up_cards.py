"""The tests' own cards have nothing to find, however many one process has made before."""

from __future__ import annotations

import itertools

import pytest

import made_up_cards

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize("number", [1, 499, 500, 999, 1_000, 1_440, 2_500, 4_000, 6_000, 8_999])
def test_a_card_of_any_number_is_clean(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_up_cards, "_numbers", itertools.count(number))
    card = made_up_cards.Point().card()
    assert (card.errors, card.warnings, card.confirms) == (0, 0, 0)
