"""Sealed columns: what the database holds of them, and the change of keys while people write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.exceptions import FieldError
from django.db import connection, connections, models
from django.test.utils import isolate_apps

from committed import in_threads
from tonghu.platform.crypto import keys, rotation
from tonghu.platform.crypto.box import CannotOpen, key_number
from tonghu.platform.crypto.checks import fields_are_sound
from tonghu.platform.crypto.fields import EncryptedText, KeyedHash, Opened
from tonghu.platform.crypto.hashing import keyed_hash, keyed_hashes
from tonghu.platform.crypto.keys import KeysMissing
from tonghu.platform.crypto.masks import MaskedPosted

NUMBER = "11010120100307002X"


def tail(number: str) -> str | None:
    return number[-4:] if len(number) > 6 else None


@pytest.fixture
def sealed(site: Path, committed: None) -> Iterator[Any]:
    """A table with sealed columns, outside the registry of models, for this test alone."""
    with isolate_apps("tonghu.platform.crypto"):

        class Sealed(models.Model):
            number = EncryptedText(place="crypto_sealed.number", null=True)
            number_hash = KeyedHash(of="number", purpose="number", null=True)
            number_tail = KeyedHash(of="number", purpose="tail", derive=tail, null=True)
            note = EncryptedText(place="crypto_sealed.note", stars=True, default="")

            class Meta:
                app_label = "crypto"

    with connections["owner"].schema_editor() as editor:
        editor.create_model(Sealed)
    yield Sealed
    with connections["owner"].schema_editor() as editor:
        editor.delete_model(Sealed)


@pytest.fixture
def its_columns(sealed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def columns(kind: type[Any]) -> Iterator[rotation.Column]:
        fields = sealed._meta.local_concrete_fields
        return iter([rotation.Column(sealed, field) for field in fields if isinstance(field, kind)])

    monkeypatch.setattr(rotation, "columns", columns)


def raw(table: str, column: str) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY id")
        return [bytes(row[0]) for row in cursor.fetchall()]


def add_keys() -> None:
    ring = keys.keyring().with_new("seal", algorithm="AES-256-GCM", lead=timedelta(0))
    keys.write(ring.with_new("hash", lead=timedelta(0)))
    keys.source().ring(now=True)


def test_the_database_holds_no_readable_number_and_the_hash_finds_it(sealed: Any) -> None:
    row = sealed.objects.create(number=NUMBER)
    held = sealed.objects.get(number_hash__in=keyed_hashes(NUMBER, "number"))
    assert (held.pk, held.number) == (row.pk, NUMBER)
    assert sealed.objects.filter(number_tail=keyed_hash("002x", "tail")).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT crypto_sealed::text FROM crypto_sealed")
        text = cursor.fetchone()[0]
    assert NUMBER not in text
    assert NUMBER.encode().hex() not in text


def test_nothing_is_sealed_for_no_value_and_a_short_one_has_no_tail(sealed: Any) -> None:
    sealed.objects.create(number=None)
    sealed.objects.create(number="12")
    rows = list(sealed.objects.order_by("id").values_list("number", "number_hash", "number_tail"))
    assert rows[0] == (None, None, None)
    assert rows[1][0] == "12"
    assert rows[1][2] is None
    assert sealed.objects.filter(number__isnull=True).count() == 1


def test_a_value_saved_again_unchanged_keeps_its_ciphertext(sealed: Any) -> None:
    sealed.objects.create(number=NUMBER)
    before = raw("crypto_sealed", "number")
    row = sealed.objects.get()
    assert isinstance(row.number, Opened)
    row.note = "x"
    row.save()
    sealed.objects.bulk_update([row], ["number"])
    assert raw("crypto_sealed", "number") == before
    row.note = row.number  # taken to another column, it is sealed for that one
    row.save()
    assert sealed.objects.get().note == NUMBER


def test_a_value_moved_in_the_database_does_not_open(sealed: Any) -> None:
    sealed.objects.create(number=NUMBER)
    sealed.objects.update(note=models.F("number"))
    with pytest.raises(CannotOpen, match=r"crypto_sealed\.note"):
        sealed.objects.get()


@pytest.mark.parametrize("lookup", ["exact", "contains", "gt", "in"])
def test_a_sealed_column_cannot_be_searched(sealed: Any, lookup: str) -> None:
    with pytest.raises(FieldError, match="KeyedHash"):
        sealed.objects.filter(**{f"number__{lookup}": [NUMBER] if lookup == "in" else NUMBER}).exists()


def test_a_masked_value_is_never_stored_where_stars_are_not_allowed(sealed: Any) -> None:
    with pytest.raises(MaskedPosted):
        sealed.objects.create(number="110***********002X")
    assert sealed.objects.create(note="3 * 2 mg").note == "3 * 2 mg"
    assert sealed.objects.count() == 1


def test_the_field_is_written_into_migrations_with_its_place(sealed: Any) -> None:
    field = sealed._meta.get_field("note")
    _name, path, _arguments, words = field.deconstruct()
    assert path.endswith("EncryptedText")
    assert (words["place"], words["stars"]) == ("crypto_sealed.note", True)
    assert sealed._meta.get_field("number_hash").deconstruct()[1] == "django.db.models.BinaryField"
    assert field.to_python(12) == "12"
    assert field.formfield().clean("x") == "x"


def test_unsound_fields_are_errors_at_start(sealed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with isolate_apps("tonghu.platform.crypto"):

        class Twice(models.Model):
            number = EncryptedText(place="crypto_sealed.number", unique=True)
            lonely = KeyedHash(purpose="x")
            evidence = KeyedHash(purpose="x", fixed=True)

            class Meta:
                app_label = "crypto"

    monkeypatch.setattr("tonghu.platform.crypto.checks.apps.get_models", lambda: [sealed, Twice])
    assert [found.id for found in fields_are_sound(None)] == ["crypto.E002", "crypto.E003"]
    rotation.rehashed_by("crypto_twice.lonely", lambda *_: (0, None))
    assert [found.id for found in fields_are_sound(None)] == ["crypto.E002"]
    del rotation.rehashers["crypto_twice.lonely"]
    found = Twice._meta.get_field("number").check()
    assert [one.id for one in found if isinstance(one, checks.Error)] == ["crypto.E001"]


@pytest.mark.usefixtures("its_columns")
def test_a_change_of_keys_writes_everything_again_and_only_then_the_old_key_is_free(sealed: Any) -> None:
    sealed.objects.bulk_create([sealed(number=f"{n:018}", note=f"note {n}") for n in range(25)])
    add_keys()
    assert rotation.used(1, nullcontext) == {"crypto_sealed.number": 25, "crypto_sealed.note": 25}
    assert rotation.used(2, nullcontext) == {"crypto_sealed.number_hash": 25, "crypto_sealed.number_tail": 25}
    assert sealed.objects.filter(number_hash__in=keyed_hashes(f"{7:018}", "number")).count() == 1
    steps = list(rotation.rotate(nullcontext, batch=10))
    assert [step.changed for step in steps if step.place == "crypto_sealed.number"] == [10, 10, 5]
    assert rotation.used(1, nullcontext) == rotation.used(2, nullcontext) == {}
    assert {key_number(value) for value in raw("crypto_sealed", "number")} == {3}
    assert [row.number for row in sealed.objects.order_by("id")] == [f"{n:018}" for n in range(25)]
    assert sealed.objects.filter(number_hash=keyed_hash(f"{7:018}", "number")).count() == 1
    assert sealed.objects.filter(number_tail=keyed_hash("0007", "tail")).count() == 1
    assert list(rotation.rotate(nullcontext)) == []


def test_every_sealed_column_of_the_site_is_gone_through_history_tables_too() -> None:
    sealed = {column.place for column in rotation.columns(EncryptedText)}
    assert {"audit_subjectkey.secret", "patients_guardian.phone"} <= sealed
    assert {"audit_link.hash", "patients_hospitalview.document_key"} <= {
        column.place for column in rotation.columns(KeyedHash)
    }


@pytest.mark.usefixtures("its_columns")
def test_a_change_of_keys_stops_anywhere_and_goes_on(sealed: Any) -> None:
    sealed.objects.bulk_create([sealed(number=f"{n:018}") for n in range(30)])
    add_keys()
    for step in rotation.rotate(nullcontext, batch=7):
        assert step.changed
        break  # the operator's machine went down
    left = rotation.used(1, nullcontext)["crypto_sealed.number"]
    assert left == 23
    list(rotation.rotate(nullcontext, batch=7))
    assert rotation.used(1, nullcontext) == {}


@pytest.mark.usefixtures("its_columns")
def test_people_write_while_keys_change_and_nothing_of_theirs_is_lost(sealed: Any) -> None:
    sealed.objects.bulk_create([sealed(number=f"{n:018}") for n in range(200)])
    add_keys()
    pks = list(sealed.objects.order_by("id").values_list("pk", flat=True))
    done = threading.Event()

    def work(number: int) -> dict[int, str]:
        if number == 0:
            list(rotation.rotate(nullcontext, batch=10))
            done.set()
            return {}
        written: dict[int, str] = {}
        turn = 0
        while turn < 20 or (not done.is_set() and turn < 400):
            pk = pks[number - 1 :: 2][turn % 100]
            row = sealed.objects.get(pk=pk)
            row.number = f"{number}{turn:017}"
            row.save()
            written[pk] = row.number
            turn += 1
        return written

    wrote = in_threads(work, 3)
    list(rotation.rotate(nullcontext, batch=50))
    assert rotation.used(1, nullcontext) == {}
    held = dict(sealed.objects.values_list("pk", "number"))
    for pk, number in held.items():
        by = [written[pk] for written in wrote if pk in written]
        assert number in by if by else number == f"{pks.index(pk):018}"
        assert sealed.objects.filter(pk=pk, number_hash=keyed_hash(number, "number")).exists()


@pytest.mark.usefixtures("its_columns")
def test_a_hash_that_its_room_makes_anew_is_asked_of_the_room(sealed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed.objects.create(number=NUMBER)
    monkeypatch.setattr(sealed._meta.get_field("number_tail"), "of", None)
    monkeypatch.setattr(sealed._meta.get_field("number_hash"), "fixed", True)
    add_keys()
    asked = []

    def rehash(using: str, key: keys.Key, batch: int, after: int | None) -> tuple[int, int | None]:
        """One batch in which nothing can be changed, one in which something is, and the end; then nothing at all."""
        asked.append((using, key.number, batch, after))
        return {1: (0, 9), 2: (1, 12)}.get(len(asked), (0, None))

    rotation.rehashed_by("crypto_sealed.number_tail", rehash)
    list(rotation.rotate(nullcontext, batch=9))
    del rotation.rehashers["crypto_sealed.number_tail"]
    assert asked == [("owner", 4, 9, None), ("owner", 4, 9, 9), ("owner", 4, 9, 12), ("owner", 4, 9, None)]
    assert rotation.used(2, nullcontext)["crypto_sealed.number_hash"] == 1  # evidence keeps its key


def test_without_keys_a_page_says_so_and_nothing_is_lost(sealed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed.objects.create(number=NUMBER)
    away = keys.key_file().rename(keys.key_file().with_name("away"))
    monkeypatch.setattr(keys, "_sources", {})  # a process started now
    with pytest.raises(KeysMissing):
        sealed.objects.get()
    with pytest.raises(KeysMissing):
        sealed.objects.create(number=NUMBER)
    away.rename(keys.key_file())
    assert sealed.objects.get().number == NUMBER
