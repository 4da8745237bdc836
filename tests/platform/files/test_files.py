"""A file's life: stored sealed, opened in memory, handed out with a record, destroyed with a record."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

import made_up
from run_jobs import run_one
from tonghu.errors import InputRefused
from tonghu.hqms.reading.detect import open_file
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.models import Event
from tonghu.platform.files import plain, purposes, vault
from tonghu.platform.files.models import Download, StoredFile
from tonghu.platform.files.plain import NoRoom
from tonghu.platform.files.purposes import purpose
from tonghu.platform.files.services import destroy, download, happened, open_plain, store
from tonghu.platform.files.tasks import end_lives, sweep
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db
CSV = "病案号,姓名\n".encode() + b"1001,\xe8\x99\x9a\xe6\x9e\x84\n" * 100_000  # 1.7 MB: several pieces


@pytest.fixture
def clerk(db: None) -> Post:
    return made_up.post("entry_clerk")


def keep(
    held: Post, body: bytes = CSV, name: str = "首页.csv", purpose_name: str = "discharge_upload", **more: Any
) -> StoredFile:
    with made_up.acting(held) as scope:
        return store(iter([body[:100], body[100:]]), name=name, purpose_name=purpose_name, by=scope, **more)


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_stored_sealed_and_opens_in_memory_for_programs(clerk: Post, in_vault: Path) -> None:
    file = keep(clerk)
    assert (file.size, file.sha256, file.kind) == (len(CSV), hashlib.sha256(CSV).hexdigest(), "csv")
    assert file.ends_at is not None
    assert timedelta(hours=23, minutes=59) < file.ends_at - timezone.now() <= timedelta(hours=24)
    (path,) = on_disk(in_vault)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert b"1001," not in path.read_bytes()
    with made_up.acting(clerk) as scope, open_plain(file, by=scope) as opened:
        assert plain.held() == len(CSV)
        assert opened.read_bytes() == CSV
        assert opened.stat().st_mode & 0o777 == 0o600
        assert os.path.realpath(opened).startswith("/memfd:"), "in no file system"
        assert pl.scan_csv(opened).select(pl.len()).collect().item() == 100_000
        assert list(open_file(opened).header) == ["病案号", "姓名"]
    assert plain.held() == 0
    assert not opened.exists()


def test_the_row_shows_neither_name_nor_key_to_the_database(clerk: Post) -> None:
    file = keep(clerk, name="虚构姓名 病历.csv")
    with open_scope(system_scope("migration")), connection.cursor() as cursor:
        cursor.execute("SELECT files_storedfile::text FROM files_storedfile WHERE id = %s", [file.pk])
        assert "虚构姓名" not in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(files_storedfile_event::text, '') FROM files_storedfile_event")
        said = cursor.fetchone()[0]
        assert file.sha256 in said
        assert "虚构姓名" not in said
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'files_storedfile_event' "
            "AND column_name IN ('key', 'name')"
        )
        assert cursor.fetchall() == []


def test_a_destroyed_file_is_gone_and_its_record_stays(
    clerk: Post, in_vault: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = keep(clerk)
    with django_capture_on_commit_callbacks(execute=True), made_up.acting(clerk) as scope:
        destroy(file=file.pk, by=scope, why="withdrawn")
        assert on_disk(in_vault), "until the commit"
    assert on_disk(in_vault) == []
    with made_up.acting(clerk) as scope:
        record = StoredFile.objects.get()
        assert (record.key, record.name, record.sha256) == (None, None, file.sha256)
        assert (record.destroyed_why, record.destroyed_by_id) == ("withdrawn", clerk.person_id)
        assert record.destroyed_at is not None
        (act,) = Event.objects.filter(kind="files.destroyed")
        assert (act.subject_id, act.data) == (str(file.pk), {"purpose": "discharge_upload", "why": "withdrawn"})
        again = destroy(file=file.pk, by=scope, why="record_removed")
        assert Event.objects.filter(kind="files.destroyed").count() == 1
        assert (again.destroyed_why, again.destroyed_at) == ("withdrawn", record.destroyed_at)
        with pytest.raises(InputRefused, match="销毁"), open_plain(record, by=scope):
            pass
        with pytest.raises(ValueError, match="because"):
            destroy(file=file.pk, by=scope, why="because")


def test_a_discharge_upload_lives_until_its_batch_is_confirmed_or_a_day(clerk: Post) -> None:
    confirmed, old, young = keep(clerk), keep(clerk), keep(clerk)
    with made_up.acting(clerk) as scope:
        assert happened("read", file=confirmed.pk, by=scope).destroyed_at is None
        assert happened("batch_confirmed", file=confirmed.pk, by=scope).destroyed_why == "batch_confirmed"
        StoredFile.objects.filter(pk=old.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    with open_scope(system_scope("upkeep")) as upkeep:
        asked = enqueue(end_lives, by=upkeep)
    ended = run_one(asked.pk)
    assert ended.result == {"destroyed": 1}
    with made_up.acting(clerk):
        record = StoredFile.objects.get(pk=old.pk)
        assert (record.destroyed_why, record.destroyed_by, record.destroyed_system) == ("life_ended", None, "upkeep")
        assert StoredFile.objects.get(pk=young.pk).destroyed_at is None


def test_what_nobody_claims_is_swept_after_an_hour_and_what_lives_is_not(
    clerk: Post, in_vault: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        living, destroyed = keep(clerk), keep(clerk)
    with made_up.acting(clerk) as scope:
        destroy(file=destroyed.pk, by=scope, why="withdrawn")  # its bytes stay: a crash before they were removed
    broken_off = vault.incoming(vault.new_place())
    broken_off.write_bytes(b"half")
    unclaimed = vault.incoming(vault.new_place()).with_suffix("")
    unclaimed.write_bytes(b"whole")
    fresh = vault.incoming(vault.new_place())
    fresh.write_bytes(b"coming in")
    stranger = in_vault / "aa" / "README"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("not ours")
    for path in on_disk(in_vault):
        if path != fresh:
            os.utime(path, (0, 0))
    with open_scope(system_scope("upkeep")) as upkeep:
        asked = enqueue(sweep, by=upkeep)
    assert run_one(asked.pk).result == {"removed": 3}
    assert set(on_disk(in_vault)) == {vault.path_of(living.place), fresh, stranger}


def test_what_does_not_fit_is_refused_in_words_and_nothing_of_it_stays(
    clerk: Post, in_vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body, purpose_name, said in (
        (b"", "attachment", "空"),
        (b"MZ\x90\x00", "attachment", "PDF"),
        (b"%PDF" + b"0" * (20 << 20), "attachment", "20 MB"),
        (b"%PDF-1.7", "discharge_upload", "这是PDF 文件"),
    ):
        with pytest.raises(InputRefused, match=said):
            keep(clerk, body, purpose_name=purpose_name)
        assert on_disk(in_vault) == []
    with pytest.raises(KeyError):
        keep(clerk, purpose_name="holiday_photos")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tonghu.platform.files.sealed.os.fsync", full)
    with pytest.raises(InputRefused, match="磁盘空间已满"):
        keep(clerk)
    assert on_disk(in_vault) == []
    monkeypatch.setattr("tonghu.platform.files.sealed.os.fsync", lambda _: (_ for _ in ()).throw(OSError(5, "io")))
    with pytest.raises(OSError, match="io"):
        keep(clerk)


def test_a_life_may_be_shorter_than_its_purpose_says_and_never_longer(clerk: Post) -> None:
    now = timezone.now()
    short, long = keep(clerk, life=timedelta(hours=1)), keep(clerk, life=timedelta(days=900))
    assert short.ends_at is not None
    assert short.ends_at < now + timedelta(hours=2)
    assert long.ends_at is not None
    assert long.ends_at < now + timedelta(hours=25)
    assert keep(clerk, b"%PDF-1.7", purpose_name="attachment").ends_at is None


def test_a_file_that_was_changed_on_the_disk_is_said_to_be_damaged(clerk: Post, in_vault: Path) -> None:
    file = keep(clerk)
    (path,) = on_disk(in_vault)
    body = bytearray(path.read_bytes())
    body[1000] ^= 1
    path.write_bytes(body)
    with made_up.acting(clerk) as scope:
        with pytest.raises(InputRefused, match="已损坏"), open_plain(file, by=scope):
            pass
        assert plain.held() == 0
        path.unlink()
        with pytest.raises(InputRefused, match="缺失"):
            download(file=file.pk, by=scope, who="li.wei", reason="made up")
        assert not Download.objects.exists()


def test_a_download_is_recorded_and_its_name_says_who(clerk: Post) -> None:
    file = keep(clerk)
    with made_up.acting(clerk) as scope:
        name, content_type, body = download(file=file.pk, by=scope, who="li.wei", reason="made up")
        assert name.startswith("首页_li.wei_2")
        assert name.endswith(".csv")
        assert content_type == "text/csv"
        assert b"".join(body) == CSV
        taken = Download.objects.get()
        assert Event.objects.get(kind="files.taken").subject_id == str(file.pk)
        assert (taken.person_id, taken.post_id, taken.file_id) == (clerk.person_id, clerk.pk, file.pk)


def test_who_sees_and_who_takes_a_file(clerk: Post) -> None:
    file = keep(clerk)
    beside, elsewhere = made_up.post("auditor", clerk.institution), made_up.post("auditor")

    def seen(held: Post, *may: str) -> bool:
        with made_up.acting(held, *may):
            return StoredFile.objects.exists()

    def taken(held: Post, *may: str) -> bool:
        with made_up.acting(held, *may) as scope:
            try:
                download(file=file.pk, by=scope, who="x", reason="made up")
            except (PermissionDenied, StoredFile.DoesNotExist):
                return False
        return True

    assert (seen(clerk), taken(clerk)) == (True, True)
    assert (seen(beside), taken(beside)) == (False, False)
    assert (seen(beside, "files.view"), taken(beside, "files.view")) == (True, False)
    assert (seen(beside, "files.take"), taken(beside, "files.take")) == (True, True)
    assert (seen(elsewhere, "files.view", "files.take"), taken(elsewhere, "files.take")) == (False, False)
    with made_up.acting(beside, "files.view") as scope, pytest.raises((PermissionDenied, StoredFile.DoesNotExist)):
        destroy(file=file.pk, by=scope, why="withdrawn")


def test_nobody_stores_in_the_name_of_another_nor_removes_a_record(clerk: Post) -> None:
    file = keep(clerk)
    refused = pytest.raises(DatabaseError, match="permission denied")
    with made_up.acting(clerk), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute("DELETE FROM files_storedfile")
    other = made_up.post("auditor", clerk.institution)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic(), made_up.acting(other):
        Download.objects.create(file=file, person_id=clerk.person_id)


def test_nobody_numbers_a_download_nor_puts_it_back_in_time(clerk: Post) -> None:
    """By raw SQL too: the history of a file is in order, and says when it was taken."""
    file = keep(clerk)
    begun = timezone.now()
    taken = "INSERT INTO files_download ({more}file_id, person_id, post_id, at) VALUES ({given}%s, %s, %s, %s)"
    values = [file.pk, clerk.person_id, clerk.pk, begun - timedelta(days=365)]
    with made_up.acting(clerk), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="permission denied for table files_download"), transaction.atomic():
            cursor.execute(taken.format(more="id, ", given="9000000000000000000, "), values)
        cursor.execute(taken.format(more="", given=""), values)
        assert Download.objects.get(file=file).at >= begun


def test_a_process_holds_no_more_plaintext_than_the_setting(clerk: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = keep(clerk), keep(clerk)
    monkeypatch.setattr(plain, "plain_space", lambda on: len(CSV) + 10)
    with made_up.acting(clerk) as scope, open_plain(first, by=scope):
        with pytest.raises(NoRoom), open_plain(second, by=scope):
            pass
        assert plain.held() == len(CSV)
    with made_up.acting(clerk) as scope, open_plain(second, by=scope):
        assert plain.held() == len(CSV)


def test_bytes_that_are_fewer_than_stored_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 bytes"), plain.in_memory([b"abc"], 4):
        pass
    assert plain.held() == 0


def test_purposes_are_dated_and_said_to_be_our_own() -> None:
    today = timezone.localdate()
    upload = purpose("discharge_upload", today)
    assert (upload.limit, upload.life) == (512 << 20, timedelta(hours=24))
    assert purposes.largest(today) <= purposes.plain_space(today)
    with pytest.raises(KeyError):
        purpose("discharge_upload", today.replace(year=2020))


def test_what_a_user_gives_never_becomes_a_path() -> None:
    for place in ("../../etc/passwd", "", "A" * 32, "/etc/passwd", "0" * 31 + "/"):
        with pytest.raises(ValueError, match="not a place"):
            vault.path_of(place)


def test_the_site_says_at_its_start_when_memory_has_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tonghu.platform.files import checks

    def ids() -> list[str | None]:
        return [message.id for message in [*checks.plaintext_stays_in_memory(None), *checks.purposes_are_sound(None)]]

    monkeypatch.setattr(checks, "SWAPS", tmp_path / "swaps")
    assert ids() == []
    (tmp_path / "swaps").write_text("Filename Type\n/dev/sda2 partition\n")
    assert ids() == ["files.W001"]
    monkeypatch.setattr(purposes, "plain_space", lambda on: 1)
    assert ids() == ["files.W001", "files.E003"]
    monkeypatch.setattr(purposes, "purpose", lambda name, on: (_ for _ in ()).throw(KeyError(name)))
    assert ids() == ["files.W001", "files.E002"]

    def none(*_: Any) -> int:
        raise OSError(errno.ENOSYS, "none")

    monkeypatch.setattr("os.memfd_create", none)
    assert ids() == ["files.E001", "files.W001", "files.E002"]


def test_storing_again_after_a_failed_transaction_leaves_nothing_behind(clerk: Post, in_vault: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"1,2\n"
        raise ConnectionError

    with made_up.acting(clerk) as scope, pytest.raises(ConnectionError):
        store(broken(), name="x.csv", purpose_name="export", by=scope)
    assert on_disk(in_vault) == []
