"""The card's variables: each comes from somewhere that exists.

How many of them an import fills is counted on imported cards (``tests/intake/test_card_variables.py``).
"""

from __future__ import annotations

import pytest

from tonghu.codes.hqms_fields import inner_model
from tonghu.registry.models import Card
from tonghu.registry.supplement import items
from tonghu.registry.variables import typed_by_hand, variables

pytestmark = pytest.mark.requirement("REG-05")


def test_every_variable_comes_from_the_page_the_supplement_or_is_worked_out() -> None:
    columns = {field.name for field in Card._meta.concrete_fields}
    for one in variables():
        assert sum(map(bool, (one.page, one.item, one.derived))) == 1, one.en
        assert set(one.page) <= inner_model().keys(), one.en
        assert not one.derived or one.derived in columns, one.en
    assert {one.item for one in typed_by_hand()} == {item.name for item in items()}, "each item is a variable"
