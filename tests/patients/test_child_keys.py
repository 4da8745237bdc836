"""While keys change: the same child is found before, during and after, and two hospitals still meet one child."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from made_up_hospitals import enter, make_hospitals, scope_of

from committed import in_threads
from tonghu.network.models import Institution
from tonghu.patients import identity
from tonghu.patients.identity import Asked, which_child, which_children
from tonghu.patients.models import Child, DocumentKey
from tonghu.patients.queries import search
from tonghu.platform.crypto import keys, rotation
from tonghu.platform.scope.scope import open_scope, system_scope

DOCUMENTS = [f"9901012020010100{number:02d}" for number in range(12)]


@pytest.fixture
def hospitals(settings: Any, tmp_path: Path, committed: None) -> tuple[Institution, Institution]:
    """Two hospitals of a site with keys of its own, the oldest of which has written for long."""
    settings.SITE, settings.KEY_COMMAND = tmp_path, ""
    ring = keys.Keyring(
        [
            keys.Key(key.number, key.use, key.algorithm, key.secret, key.writes_from - timedelta(days=1))
            for key in keys.fresh_keyring().keys
        ]
    )
    keys.write(ring)
    keys.source().ring(now=True)
    return make_hospitals()


def add_key(lead: timedelta = timedelta(0)) -> None:
    keys.write(keys.keyring().with_new("hash", lead=lead))
    keys.source().ring(now=True)


def rotate() -> None:
    for _step in rotation.rotate(lambda: open_scope(system_scope("rotation"), using="owner"), batch=5):
        pass


def met(hospital: Institution) -> list[int]:
    """Which children a hospital answers for the documents, without record numbers of its own."""
    with open_scope(scope_of(hospital)):
        return which_children([Asked(hospital.pk, "", document) for document in DOCUMENTS])


def of_keys() -> set[int]:
    with open_scope(system_scope("migration"), using="owner"):
        return {int.from_bytes(bytes(key)[:2], "big") for key in
                DocumentKey.objects.using("owner").values_list("key", flat=True)}  # fmt: skip


def test_a_child_is_known_again_before_during_and_after(hospitals: tuple[Institution, Institution]) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        views = [enter(by, here, f"{n}", document_number=document) for n, document in enumerate(DOCUMENTS)]
    before = [view.child_id for view in views]
    old = of_keys()
    for lead in (timedelta(hours=1), timedelta(0)):  # a key that is known and waits, then one that writes
        add_key(lead)
        assert met(there) == before
        with open_scope(scope_of(here)) as by:
            for document, view in zip(DOCUMENTS, views, strict=True):
                assert [hit.view for found in search(document, by=by) for hit in found.views] == [view.pk]
    # Half of the way: some rows stand under the new key, some under the old.
    steps = rotation.rotate(lambda: open_scope(system_scope("rotation"), using="owner"), batch=5)
    for step in steps:
        if step.place == "patients_documentkey.key":
            assert met(there) == before
    assert of_keys() == {keys.keyring().writer("hash").number}
    assert not of_keys() & old
    keys.write(keys.keyring().without(min(old)))
    keys.source().ring(now=True)
    assert met(there) == before
    with open_scope(scope_of(here)) as by:
        assert [hit.view for found in search("0011", by=by) for hit in found.views] == [views[11].pk]


@pytest.mark.requirement("REG-17")
def test_two_hospitals_meet_one_child_while_one_still_writes_with_the_key_before(
    hospitals: tuple[Institution, Institution],
) -> None:
    """A process whose transaction began with the older key, and one that began with the newer, at the same moment."""
    add_key()
    old = keys.Keyring([key for key in keys.keyring().keys if key.number != keys.keyring().writer("hash").number])

    def late(number: str) -> Any:
        from tonghu.patients.models import DOCUMENT
        from tonghu.platform.crypto.hashing import hash_with

        fresh = identity._documents([number])[number]
        return identity._Document(hash_with(old.writer("hash"), number, DOCUMENT), (), fresh.sealed)

    def meet(number: int) -> list[int]:
        hospital = hospitals[number % 2]
        answer = []
        for document in DOCUMENTS:
            with open_scope(scope_of(hospital)):
                if number % 2:
                    made = late(document)
                    asked = [[hospital.pk], [None], [made.hash], [made.sealed], [], [], False]
                    answer += identity.ask(
                        "SELECT resolver.children(%s::bigint[], %s::text[], %s::bytea[], %s::bytea[], "
                        "%s::bytea[], %s::bytea[], %s)", asked,
                    )  # fmt: skip
                else:
                    answer.append(which_child(institution=hospital.pk, document_number=document))
        return answer

    answers = in_threads(meet, 8)
    assert all(answer == answers[0] for answer in answers)
    with open_scope(system_scope("migration"), using="owner"):
        assert Child.objects.using("owner").count() == len(DOCUMENTS)
    rotate()
    assert met(hospitals[0]) == answers[0]
    connections["owner"].close()


def test_documents_that_contradict_each_other_do_not_stop_the_others(
    hospitals: tuple[Institution, Institution],
) -> None:
    """The first batch cannot be made anew: two children claim each number, one under each key. A person decides."""
    from tonghu.patients.models import DOCUMENT, DocumentKey
    from tonghu.platform.crypto.hashing import hash_with

    met(hospitals[0])
    with open_scope(scope_of(hospitals[0])):
        other = which_children([Asked(hospitals[0].pk, "OTHER")])[0]
    old = min(of_keys())
    add_key()
    new = keys.keyring().writer("hash")
    with open_scope(system_scope("migration"), using="owner"):
        for number in DOCUMENTS[:5]:  # as many as a batch has
            key = hash_with(new, number, DOCUMENT)
            DocumentKey.objects.using("owner").create(key=key, number=number, child_id=other)
    rotate()
    scoped = lambda: open_scope(system_scope("rotation"), using="owner")  # noqa: E731
    assert rotation.used(old, scoped)["patients_documentkey.key"] == 5  # those stay and are said; the other seven went
