"""Keys: where they come from, when they write, and what is said when they are not there."""

from __future__ import annotations

import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks
from django.db import connections, transaction

from tonghu.errors import InputRefused
from tonghu.platform.crypto import keys, site_keys
from tonghu.platform.crypto.box import seal, unseal
from tonghu.platform.crypto.keys import Keyring, KeysMissing
from tonghu.platform.crypto.models import KeyRecord

OWNER = pytest.mark.django_db(databases=["default", "owner"])


def test_the_file_is_readable_by_its_owner_only(site: Path) -> None:
    mode = keys.key_file().stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(keys.key_file().parent.stat().st_mode) == 0o700
    assert list(keys.key_file().parent.iterdir()) == [keys.key_file()]


def test_a_key_is_never_printed(site: Path) -> None:
    key = keys.keyring().keys[0]
    assert repr(key) == "Key(1, seal, SM4-GCM)"
    assert key.secret.hex() not in key.fingerprint()


def test_a_new_key_writes_only_when_every_process_can_have_read_it(site: Path) -> None:
    ring = keys.keyring().with_new("seal")
    assert ring.writer("seal").number == 1
    with time_machine.travel(datetime.now(UTC) + keys.LEAD + timedelta(seconds=1)):
        assert ring.writer("seal").number == 3


def test_a_clock_that_was_set_back_leaves_the_oldest_key_writing(site: Path) -> None:
    ring = keys.keyring().with_new("seal")
    with time_machine.travel(datetime(2000, 1, 1, tzinfo=UTC)):
        assert ring.writer("seal").number == 1


def test_a_process_reads_what_another_one_sealed_with_a_key_that_it_has_not_seen(site: Path) -> None:
    first = keys.keyring()
    assert len(first.keys) == 2
    newer = first.with_new("seal", lead=timedelta(0))
    keys.write(newer)
    from tonghu.platform.crypto.box import seal_with

    assert unseal(seal_with(newer.keys[-1], b"x", "t.c"), "t.c") == b"x"  # at once, not a second later


def test_a_missing_file_is_said_in_one_line_and_a_running_process_works_on(site: Path) -> None:
    sealed = seal(b"x", "t.c")
    away = keys.key_file().rename(site / "away.json")
    fault = keys.state()
    assert fault is not None
    assert "密钥文件不见了" in fault.zh
    assert "\n" not in str(fault)
    assert unseal(sealed, "t.c") == b"x"
    away.rename(keys.key_file())
    assert keys.state() is None


def test_a_process_that_holds_no_key_answers_so_and_recovers_without_a_restart(site: Path) -> None:
    away = keys.key_file().rename(site / "away.json")
    for _ in range(2):
        with pytest.raises(KeysMissing, match="key file is missing"):
            seal(b"x", "t.c")
    assert keys.state() is not None
    away.rename(keys.key_file())
    assert unseal(seal(b"x", "t.c"), "t.c") == b"x"


GOOD = keys.fresh_keyring().as_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"keys": 3}',
        '{"keys": [{}]}',
        GOOD.replace('"number": 1', '"number": 0'),
        GOOD.replace('"number": 1', '"number": 70000'),
        GOOD.replace('"number": 2', '"number": 1'),
        GOOD.replace("SM4-GCM", "ROT13"),
        GOOD.replace("SM4-GCM", "AES-256-GCM"),
        GOOD.replace('"seal"', '"open"'),
        GOOD.replace("+00:00", ""),
        GOOD.replace('"secret": "', '"secret": "!'),
    ],
)
def test_a_damaged_file_is_one_clear_line_that_holds_nothing_of_it(site: Path, text: str) -> None:
    with pytest.raises(KeysMissing) as refused:
        keys.parse(text)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "fields.json" in str(refused.value)


def test_an_unreadable_file_is_one_clear_line(site: Path) -> None:
    keys.key_file().write_bytes(b"\xff\xfe")
    with pytest.raises(KeysMissing, match="cannot be read"):
        seal(b"x", "t.c")


def test_keys_come_from_a_command_too(settings: Any, tmp_path: Path) -> None:
    place = tmp_path / "printed.json"
    place.write_text(keys.fresh_keyring().as_text())
    settings.SITE, settings.KEY_COMMAND = tmp_path, f"cat {place}"
    assert unseal(seal(b"x", "t.c"), "t.c") == b"x"
    with pytest.raises(KeysMissing, match="TONGHU_KEY_COMMAND"):
        site_keys.add("seal")


@pytest.mark.parametrize("command", ["false", "/nowhere/at/all", f"{sys.executable} -c print()", "echo '"])
def test_a_command_that_fails_is_one_clear_line(settings: Any, tmp_path: Path, command: str) -> None:
    settings.SITE, settings.KEY_COMMAND = tmp_path, command
    with pytest.raises(KeysMissing, match="TONGHU_KEY_COMMAND"):
        seal(b"x", "t.c")


def test_an_unknown_algorithm_is_refused_with_the_known_ones(site: Path) -> None:
    with pytest.raises(InputRefused, match="SM4-GCM, AES-256-GCM"):
        keys.keyring().with_new("seal", algorithm="DES")


def test_without_a_key_of_a_use_nothing_is_written(site: Path) -> None:
    with pytest.raises(KeysMissing, match="no key for hash"):
        Keyring([]).with_new("seal", lead=timedelta(0)).writer("hash")


@OWNER
def test_a_new_site_gets_its_keys_and_the_database_notes_them(settings: Any, tmp_path: Path) -> None:
    settings.SITE = tmp_path
    KeyRecord.objects.using("owner").all().delete()
    site_keys.prepare()
    noted = {(record.number, record.fingerprint) for record in KeyRecord.objects.using("owner")}
    assert noted == {(key.number, key.fingerprint()) for key in keys.keyring().keys}
    assert KeyRecord.objects.using("owner").first().__str__() == "1 SM4-GCM"
    site_keys.prepare()
    assert KeyRecord.objects.using("owner").count() == 2
    transaction.set_rollback(True, using="owner")


@OWNER
@pytest.mark.usefixtures("site")
def test_an_old_site_never_gets_new_keys_in_place_of_lost_ones() -> None:
    KeyRecord.objects.using("owner").all().delete()
    site_keys.prepare()
    keys.key_file().unlink()
    with pytest.raises(KeysMissing, match="key file is missing"):
        site_keys.prepare()
    assert not keys.key_file().exists()
    keys.write(keys.fresh_keyring())
    with pytest.raises(KeysMissing, match="Key 1, 2 is missing or not the one"):
        site_keys.prepare()
    transaction.set_rollback(True, using="owner")


@OWNER
@pytest.mark.usefixtures("site")
def test_a_key_is_added_and_forgotten_but_never_the_one_that_writes() -> None:
    KeyRecord.objects.using("owner").all().delete()
    site_keys.prepare()
    added = site_keys.add("seal", "AES-256-GCM")
    assert (added.number, added.algorithm) == (3, "AES-256-GCM")
    with pytest.raises(KeysMissing, match="is the one that writes"):
        site_keys.forget(1)
    with time_machine.travel(datetime.now(UTC) + keys.LEAD + timedelta(seconds=5)):
        site_keys.forget(1)
    held = json.loads(keys.key_file().read_text())
    assert [key["number"] for key in held["keys"]] == [2, 3]
    site_keys.prepare()  # a forgotten key is not missed
    with pytest.raises(KeysMissing, match="does not exist"):
        site_keys.forget(1)
    transaction.set_rollback(True, using="owner")


@OWNER
def test_the_application_cannot_change_which_keys_the_database_knows() -> None:
    from django.db import DatabaseError

    for statement in ("DELETE FROM crypto_key", "UPDATE crypto_key SET fingerprint = ''", "TRUNCATE crypto_key"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_fields_of_the_site_are_sound() -> None:
    assert [found for found in run_checks() if str(found.id).startswith("crypto")] == []
