"""`tonghu keys` and `tonghu audit`, on a database that really commits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection, connections

import made_up
from committed import committed
from tonghu import cli
from tonghu.config import audit_commands, key_commands
from tonghu.config.site import Site
from tonghu.platform.accounts.models import SecondFactor
from tonghu.platform.audit import chain
from tonghu.platform.audit.events import SITE, record
from tonghu.platform.audit.kinds import kind
from tonghu.platform.crypto import keys, rotation, site_keys
from tonghu.platform.crypto.box import key_number
from tonghu.platform.crypto.models import KeyRecord
from tonghu.platform.database.backup import restore, stream
from tonghu.platform.scope.scope import open_scope, system_scope

__all__ = ["committed"]

DONE = kind("commandtest.done", zh="做了", en="did it")
LOGIN = system_scope("login")


@pytest.fixture
def site(committed: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A site with keys of its own, open already."""
    before = list(KeyRecord.objects.using("owner").all())
    KeyRecord.objects.using("owner").all().delete()
    settings.SITE, settings.KEY_COMMAND = tmp_path, ""
    site_keys.prepare()
    for module in (audit_commands, key_commands):
        monkeypatch.setattr(module, "opened", lambda: nullcontext(Site(tmp_path)))
    yield tmp_path
    KeyRecord.objects.using("owner").all().delete()
    KeyRecord.objects.using("owner").bulk_create(before)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def some_events(count: int) -> None:
    with open_scope(LOGIN):
        for _ in range(count):
            record(DONE, subject=SITE, by=LOGIN)


@pytest.mark.usefixtures("site")
def test_keys_are_listed_added_used_and_the_old_one_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    secret = sealed_secret()
    assert "SM4-GCM" in run(capsys, "keys", "list")[1]
    code, out, _err = run(capsys, "keys", "add", "--algorithm", "AES-256-GCM")
    assert (code, "密钥 3" in out) == (0, True)
    assert "待启用" in run(capsys, "keys", "list")[1]
    code, _out, err = run(capsys, "keys", "forget", "1", "--yes")
    assert code == 2
    assert "accounts_secondfactor.secret 1" in err
    with time_machine.travel(datetime.now(UTC) + keys.LEAD + timedelta(seconds=1)):
        code, out, _err = run(capsys, "keys", "rotate")
        assert (code, "1 个值" in out) == (0, True)
        assert sealed_with() == 3
        assert secret_now() == secret
        code, _out, err = run(capsys, "keys", "forget", "1")
        assert (code, "--yes" in err) == (2, True)
        assert run(capsys, "keys", "forget", "1", "--yes")[0] == 0
        assert run(capsys, "keys", "forget", "3", "--yes")[0] == 2  # it has a value, and writes
        assert secret_now() == secret
    assert [key.number for key in keys.present().keys] == [2, 3]


def test_whatever_keeps_a_key_for_good_is_named_with_its_reason() -> None:
    assert key_commands.WHY_KEPT.keys() == rotation.lasting()


@pytest.mark.usefixtures("site")
def test_a_key_of_imports_answers_is_kept_and_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"intake_answer.content_key": 1200, "audit_link.hash": 3}
    monkeypatch.setattr(rotation, "used", lambda _number, _scoped: held)
    code, _out, err = run(capsys, "keys", "forget", "2", "--yes")
    assert code == 2
    assert "须保留：intake_answer.content_key 1,200、audit_link.hash 3。导入中已答复的行只留下哈希" in err
    assert "；日志防篡改链只能用原密钥核对；它已不再写入新数据" in err
    assert "恢复码" not in err


@pytest.mark.usefixtures("site")
def test_rotation_waits_until_the_new_key_writes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LEAD", timedelta(seconds=1))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    sealed_secret()
    ring = keys.present().with_new("seal", lead=timedelta(seconds=1))
    keys.write(ring)
    site_keys.prepare()
    code, _out, err = run(capsys, "keys", "rotate")
    assert code == 0
    assert "秒后启用" in err
    assert sealed_with() == 3


@pytest.mark.usefixtures("site")
def test_a_change_of_keys_is_no_change_of_a_record() -> None:
    held = made_up.post("point_lead").person_id
    noted = "SELECT count(*) FROM accounts_person_event WHERE id = %s AND pgh_label = 'update'"
    change = "UPDATE accounts_person SET email = %s WHERE id = %s"
    with open_scope(system_scope("rotation"), using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(change, ["a@b.example", held])
        cursor.execute(noted, [held])
        assert cursor.fetchone()[0] == 0
    with open_scope(system_scope("rotation")), connection.cursor() as cursor:  # the application cannot hide that way
        cursor.execute(change, ["c@d.example", held])
        cursor.execute(noted, [held])
        assert cursor.fetchone()[0] == 1


@pytest.mark.usefixtures("site")
def test_a_whole_log_is_said_to_be_whole(capsys: pytest.CaptureFixture[str]) -> None:
    some_events(3)
    code, out, _err = run(capsys, "audit", "verify")
    assert (code, "日志完整：3 环" in out) == (0, True)
    assert "无需操作" in run(capsys, "audit", "accept-end")[1]


@pytest.mark.usefixtures("site")
def test_the_first_place_that_was_changed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    some_events(3)
    chain.link()
    with connections["owner"].cursor() as cursor, open_scope(system_scope("migration"), using="owner"):
        cursor.execute("UPDATE audit_event SET who = 'x' WHERE id = (SELECT event_id FROM audit_link WHERE seq = 2)")
        assert cursor.rowcount == 1
    code, out, _err = run(capsys, "audit", "verify")
    assert code == 1
    assert "第 2 环" in out
    assert "此前 1 环完整" in out


@pytest.mark.usefixtures("site")
def test_after_a_restore_the_log_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    some_events(3)
    chain.link()
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE audit_event, audit_link")
    assert "尾部被截去" in run(capsys, "audit", "verify")[1]
    assert "until-3" in run(capsys, "audit", "accept-end")[1]
    assert run(capsys, "audit", "verify")[0] == 0


@pytest.mark.usefixtures("site")
def test_a_log_whose_head_is_gone_is_compared_with_a_noted_one_or_a_backup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    some_events(3)
    code, out, _err = run(capsys, "audit", "verify")
    noted = re.search(r"3:[0-9a-f]+", out)[0]
    chain.head_file().unlink()
    code, out, _err = run(capsys, "audit", "verify")
    assert (code, "链头文件不见了" in out) == (1, True)
    assert str(chain.head_file()) in run(capsys, "audit", "accept-end")[1]
    assert run(capsys, "audit", "verify", "--head", noted)[0] == 0
    with connections["owner"].cursor() as cursor, open_scope(system_scope("migration"), using="owner"):
        cursor.execute("DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_link WHERE seq >= 3)")
        cursor.execute("DELETE FROM audit_link WHERE seq >= 3")
    chain.head_file().unlink()
    run(capsys, "audit", "accept-end")
    assert run(capsys, "audit", "verify")[0] == 0
    code, out, _err = run(capsys, "audit", "verify", "--head", noted)
    assert (code, "第 3 环：日志尾部被截去" in out) == (1, True)
    stream.make_key(tmp_path / "backup.key")
    for held, words in ((noted, "日志尾部被截去"), ("", "备份里没有链头")):
        monkeypatch.setattr(restore, "manifest", lambda _source, _key, held=held: {"log": held})
        said = run(capsys, "audit", "verify", "--backup", "b", "--key", str(tmp_path / "backup.key"))
        assert words in said[1] + said[2]
    assert run(capsys, "audit", "verify", "--head", "3")[0] == 2


def sealed_secret() -> str:
    person = made_up.person()
    with open_scope(LOGIN):
        SecondFactor.objects.create(person=person, secret="JBSWY3DPEHPK3PXP", confirmed_at=datetime.now(UTC))
    return "JBSWY3DPEHPK3PXP"


def secret_now() -> str:
    with open_scope(LOGIN):
        return str(SecondFactor.objects.get().secret)


def sealed_with() -> int:
    with open_scope(LOGIN), connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_secondfactor")
        return key_number(bytes(cursor.fetchone()[0]))
