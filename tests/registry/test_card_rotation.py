"""Sealed contents of cards, and the keys that they are compared by, when the site's keys change."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from made_up_cards import Point, code
from tonghu.platform.crypto import keys, rotation
from tonghu.platform.crypto.box import key_number
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.content import key, open_
from tonghu.registry.models import CardVersion
from tonghu.registry.services import save_card

ROTATION = partial(open_scope, system_scope("rotation"), using="owner")


def numbers() -> set[tuple[int, int]]:
    """Under which keys versions are sealed and compared."""
    with open_scope(system_scope("rotation"), using="owner"):
        rows = CardVersion.objects.using("owner").all()
        return {(key_number(bytes(one.content)), int.from_bytes(bytes(one.content_key)[:2], "big")) for one in rows}


def test_contents_and_their_keys_go_over_to_new_keys_and_say_the_same(
    committed: None, settings: Any, tmp_path: Path
) -> None:
    settings.SITE, settings.KEY_COMMAND = tmp_path, ""
    keys.write(keys.fresh_keyring())
    point = Point()
    cards = [point.card(), point.card()]
    with point.acting("entry_clerk") as by:
        save_card(card=cards[0].pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        said = {one.pk: open_(one.content) for one in CardVersion.objects.all()}
    assert len(said) == 3
    before = numbers()

    ring = keys.keyring().with_new("seal", algorithm="AES-256-GCM", lead=timedelta(0))
    keys.write(ring.with_new("hash", lead=timedelta(0)))
    keys.source().ring(now=True)
    changed = {step.place for step in rotation.rotate(ROTATION, batch=2) if step.changed}
    assert {"registry_cardversion.content", "registry_cardversion.content_key"} <= changed

    after = numbers()
    assert len(after) == 1
    assert {seal for seal, _ in before}.isdisjoint({seal for seal, _ in after})
    assert {mark for _, mark in before}.isdisjoint({mark for _, mark in after})
    with point.acting("entry_clerk"):
        for one in CardVersion.objects.all():
            assert open_(one.content) == said[one.pk]
            assert bytes(one.content_key) == key(said[one.pk]), "the same row of a file is still known as unchanged"
