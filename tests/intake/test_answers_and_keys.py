"""What somebody decided is remembered also when the site's keys change."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from made_up_files import Hospital, a_hospital

from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.platform.crypto import keys, rotation
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

pytestmark = pytest.mark.requirement("REG-06")
ROTATION = partial(open_scope, system_scope("rotation"), using="owner")
PLACE = "intake_answer.content_key"


@pytest.fixture
def hospital(committed: None, in_vault: Path, settings: Any, tmp_path: Path) -> Hospital:
    """A hospital of a site with keys of its own."""
    settings.SITE, settings.KEY_COMMAND = tmp_path, ""
    keys.write(keys.fresh_keyring())
    return a_hospital()


def decided(hospital: Hospital, batch: Batch, choice: str) -> None:
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice=choice, rows=[1], by=by) == 1
    hospital.confirmed(batch)


def new_keys() -> int:
    """Change the keys of the site; returns the number of the hashing key so far."""
    ring = keys.keyring()
    before = ring.writer("hash").number
    ring = ring.with_new("seal", algorithm="AES-256-GCM", lead=timedelta(0))
    keys.write(ring.with_new("hash", lead=timedelta(0)))
    keys.source().ring(now=True)
    list(rotation.rotate(ROTATION))
    return before


def comes_again(hospital: Hospital, page: dict[str, str]) -> tuple[str, str, bool]:
    batch = hospital.checked(page)
    with hospital.acting() as by:
        row = batch.rows.get()
        services.discard(batch=batch.pk, by=by)
        return row.match, row.choice, row.answered is not None


def test_a_kept_card_is_not_asked_about_after_a_change_of_keys(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P12=""))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P782": "12500.00"})
    page = hospital.page(P12="中国", P782="13000.00")
    decided(hospital, hospital.checked(page), "keep")
    assert comes_again(hospital, page) == ("changed", "keep", True)
    before = new_keys()
    assert rotation.used(before, ROTATION)[PLACE] == 1, "the key is not forgotten while an answer stands under it"
    assert PLACE in rotation.lasting()
    assert comes_again(hospital, page) == ("changed", "keep", True)
    assert comes_again(hospital, {**page, "P782": "14000.00"}) == ("changed", "", False), "another row is asked about"


def test_nor_does_a_row_that_was_left_out_come_in(hospital: Hospital) -> None:
    decided(hospital, hospital.checked(hospital.page()), "skip")
    new_keys()
    assert comes_again(hospital, hospital.page()) == ("new", "skip", True)
    assert comes_again(hospital, hospital.page(P3="ZY0002")) == ("new", "", False)
