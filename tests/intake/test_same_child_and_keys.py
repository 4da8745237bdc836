"""A child is known by its number also while the site's keys change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from made_up_files import Hospital
from test_answers_and_keys import ROTATION, hospital
from test_keys_in_doubt import what_rows_are
from test_same_child import ASKED, NEW, NUMBER, OTHER

from tonghu.intake import services
from tonghu.intake.matching import match
from tonghu.platform.crypto import keys, rotation

__all__ = ["hospital"]
pytestmark = pytest.mark.requirement("REG-06")


def new_key() -> None:
    """Another key of hashes, under which nothing stands yet."""
    keys.write(keys.keyring().with_new("hash", lead=timedelta(0)))
    keys.source().ring(now=True)


def test_the_views_stand_under_an_earlier_key_or_the_rows_do(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P13=NUMBER))
    new_key()
    batch = hospital.checked(hospital.page(**OTHER), hospital.page(P3="ZY0009", P4="虚构别"))
    assert what_rows_are(hospital, batch) == [ASKED, NEW]
    new_key()
    list(rotation.rotate(ROTATION))
    with hospital.acting() as by:
        batch.rows.update(match="new", why="", card=None)
        match(batch, only=list(batch.rows.values_list("pk", flat=True)))
        assert what_rows_are(hospital, batch) == [ASKED, NEW]
        services.discard(batch=batch.pk, by=by)
