"""A backup is one moment, sealed; what comes back is equal, or nothing comes back."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

import made_up
import site_database
from tonghu.cli import main
from tonghu.errors import InputRefused
from tonghu.platform.accounts.models import Person
from tonghu.platform.database import roles
from tonghu.platform.database.backup import evidence, restore, stream, write
from tonghu.platform.database.backup.evidence import Evidence
from tonghu.platform.database.backup.rehearse import rehearse
from tonghu.platform.files import vault
from tonghu.platform.files.incoming import Incoming
from tonghu.platform.files.services import store
from tonghu.platform.files.upload import ReceivedFile
from tonghu.platform.scope.scope import open_scope, system_scope

#: Ends the names of the databases that these tests make: sessions side by side share the server.
OURS = os.getpid()


@pytest.fixture
def target(tmp_path: Path, known: str) -> Iterator[dict[str, Any]]:
    """An empty place on the session's server: its roles keep their passwords."""
    name = f"restored_{OURS}"
    home = tmp_path / "restored"
    home.mkdir()
    (home / "database.json").write_text(known, "utf-8")
    admin_url = site_database.server().admin_url()
    yield {"admin_url": admin_url, "home": home, "database": name}
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def databases(admin_url: str) -> set[str]:
    with psycopg.connect(admin_url) as admin:
        # Other tests' and other sessions' databases come and go.
        said = "SELECT datname FROM pg_database WHERE datname = ANY (%s)"
        names = [f"{what}_{OURS}" for what in ("restored", "wanted", "restoring")]
        return {row[0] for row in admin.execute(said, [names]).fetchall()}


def test_what_comes_back_is_what_went_in(made: Any, target: dict[str, Any]) -> None:
    done = restore.restore(made.place, made.key, **target)
    assert done.differences == []
    assert done.wanted == made.written.evidence
    assert restore.manifest(made.place, made.key)["log"] == ""  # no link yet
    restore.read_through(made.place, made.key)
    assert done.found.tables["public.accounts_person"][0] == 3
    assert done.files == 2
    assert (target["home"] / "files/ab/one").read_bytes() == (made.home / "files/ab/one").read_bytes()
    # The walls came along: as app without a scope it is an error, with one it is the people.
    with psycopg.connect(roles.address(target["home"], "app")) as app:
        with pytest.raises(psycopg.DatabaseError, match="no scope is open"):
            app.execute("SELECT count(*) FROM accounts_person")
        app.rollback()
        setting = system_scope("login").as_setting()
        app.execute("SELECT set_config('tonghu.scope', %s, true)", [setting])
        names = app.execute("SELECT name FROM accounts_person ORDER BY 1").fetchall()
        assert names == [("虚构备份0",), ("虚构备份1",), ("虚构备份2",)]
    # And work goes on: numbers continue after those that were given.
    with psycopg.connect(roles.address(target["home"], "owner")) as owner:
        value = owner.execute("SELECT nextval('accounts_person_id_seq') > max(n) FROM (VALUES (3)) v(n)").fetchone()
        assert value == (True,)


def test_the_worker_of_the_old_site_is_not_one_of_the_new(
    made: Any, target: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = restore._forget_workers

    def alive(admin_url: str, building: str) -> None:
        with psycopg.connect(admin_url, dbname=building) as connection:
            connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        rename(admin_url, building)

    monkeypatch.setattr(restore, "_forget_workers", alive)
    restore.restore(made.place, made.key, **target)
    with psycopg.connect(target["admin_url"], dbname=target["database"]) as there:
        seen = there.execute("SELECT now() - max(last_heartbeat) > '1 year' FROM procrastinate_workers").fetchone()
    assert seen == (True,), "silent for so long that status says so at once"


def test_nothing_of_a_person_stands_in_the_file_in_the_clear(made: Any) -> None:
    held = made.place.read_bytes()
    assert "虚构备份".encode() not in held
    assert b"PGDMP" not in held
    assert oct(made.place.stat().st_mode & 0o777) == "0o600"


def test_rows_written_while_it_runs_are_not_in_it(
    made: Any, target: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = write._dump

    def late(*args: Any) -> Iterator[bytes]:
        made_up.person(name="虚构迟到")
        yield from real(*args)

    monkeypatch.setattr(write, "_dump", late)
    place = tmp_path / "two.backup"
    seen = write.backup(made.home, place, made.key).evidence
    assert seen.tables["public.accounts_person"] == made.written.evidence.tables["public.accounts_person"]
    assert restore.restore(place, made.key, **target).differences == []
    with open_scope(system_scope("migration"), using="owner"):
        assert Person.objects.using("owner").count() == 4


def test_a_database_with_tables_is_never_replaced(made: Any, target: dict[str, Any]) -> None:
    restore.restore(made.place, made.key, **target)
    with pytest.raises(InputRefused, match="already"):
        restore.restore(made.place, made.key, **target)
    empty = {**target, "database": f"wanted_{OURS}"}
    with pytest.raises(InputRefused, match="files"):
        restore.restore(made.place, made.key, **empty)
    assert f"wanted_{OURS}" not in databases(target["admin_url"])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("key", "another key"),
        ("cut", "cut or was altered|another key"),
        ("piece", "cut or was altered|another key"),
        ("bit", "cut or was altered|another key"),
        ("added", "cut or was altered|another key"),
        ("other", "not a backup"),
        ("empty", "not a backup"),
        ("gone", "No such file"),
    ],
)
def test_what_is_not_whole_is_refused_and_leaves_nothing(
    made: Any, target: dict[str, Any], damage: str, words: str, tmp_path: Path
) -> None:
    held, key = made.place.read_bytes(), made.key
    middle = len(held) // 2
    file = tmp_path / "damaged"
    if damage == "key":
        key = secrets.token_bytes(32)
    damaged = {
        "cut": held[:-20], "piece": held[: 48 + stream.PIECE + 16], "added": held + b"x", "other": b"PGDMP" + held,
        "bit": held[:middle] + bytes([held[middle] ^ 4]) + held[middle + 1 :], "empty": b"",
    }.get(damage, held)  # fmt: skip
    if damage != "gone":
        file.write_bytes(damaged)
    before = (target["home"] / "database.json").read_bytes()
    there = databases(target["admin_url"])
    with pytest.raises(InputRefused, match=words):
        restore.restore(file, key, **target)
    with pytest.raises(InputRefused, match=words):
        restore.read_through(file, key)
    assert databases(target["admin_url"]) == there
    assert {f.name for f in target["home"].iterdir()} == {"database.json"}
    assert (target["home"] / "database.json").read_bytes() == before


def test_a_restore_that_differs_is_thrown_away(
    made: Any, target: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = restore._load

    def lossy(*args: Any) -> None:
        real(*args)
        with psycopg.connect(args[1], dbname=args[2]) as connection:
            connection.execute("ALTER TABLE accounts_person NO FORCE ROW LEVEL SECURITY")
            connection.execute("SET session_replication_role = replica")  # a loss that no trigger sees
            connection.execute("UPDATE accounts_person SET name = '虚构他人' WHERE name = '虚构备份1'")

    monkeypatch.setattr(restore, "_load", lossy)
    with pytest.raises(InputRefused, match="accounts_person: 3 → 3；table accounts_person"):
        restore.restore(made.place, made.key, **target)
    assert f"restored_{OURS}" not in databases(target["admin_url"])


def test_an_existing_file_is_not_replaced_and_a_failed_one_does_not_stay(made: Any, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="is not replaced"):
        write.backup(made.home, made.place, made.key)
    settings = (made.home / "database.json").read_text()
    (made.home / "database.json").write_text(settings.replace('"port": ', '"port": 1'))
    with pytest.raises(InputRefused, match="cannot be reached"):
        write.backup(made.home, tmp_path / "new", made.key)
    assert not [f for f in tmp_path.iterdir() if "new" in f.name]


@pytest.mark.parametrize("place", ["/proc/b", "/sys/b", "x" * 300])
def test_a_place_that_takes_no_file_is_refused_in_a_line(place: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        write.check_place(tmp_path / place)
    assert "\n" not in str(refused.value)
    assert str(tmp_path / place) in refused.value.zh
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["/proc/b", "/nowhere/b"])
def test_the_command_says_so_and_ends_with_2(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "backup", place]) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1, said
    assert place.rpartition("/")[0] in said


def test_files_that_live_by_the_database_and_lie_nowhere_are_told(
    made: Any, target: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "folder", lambda: tmp_path / "elsewhere")
    incoming = Incoming()
    incoming.write(b"P1,P2\n1,2\n")
    incoming.finish()
    with made_up.acting(made_up.post("entry_clerk", made_up.hospital("BACKUP1"))) as by:
        brought = ReceivedFile(incoming, name="made-up.csv", content_type="text/csv", field="file")
        file = store(brought, name="made-up.csv", purpose_name="discharge_upload", by=by)
    place = tmp_path / "lost.backup"
    assert (made.written.lost, write.backup(made.home, place, made.key).lost) == (0, 1)
    with pytest.raises(InputRefused, match="有 1 个文件"):
        rehearse(place, made.key, lambda _zh, _en: None)
    assert restore.restore(place, made.key, **target).lost == 1, "what is there comes back all the same"

    files = write._files

    def ends_meanwhile(*given: Any) -> Any:  # after the snapshot that names it
        ours = connections["owner"].settings_dict["NAME"]
        with psycopg.connect(site_database.server().admin_url(), dbname=ours) as now:
            now.execute("SELECT set_config('tonghu.scope', %s, true)", [system_scope("migration").as_setting()])
            now.execute(
                "UPDATE files_storedfile SET destroyed_at = now(), destroyed_why = 'life_ended', key = NULL, "
                "name = NULL WHERE id = %s",
                [file.pk],
            )
        return files(*given)

    monkeypatch.setattr(write, "_files", ends_meanwhile)
    ended = tmp_path / "ended.backup"
    assert write.backup(made.home, ended, made.key).lost == 0
    said: list[str] = []
    rehearse(ended, made.key, lambda _zh, en: said.append(en))
    assert "every file that lives by the database is there" in said


def test_the_rehearsal_shows_its_evidence(made: Any) -> None:
    said: list[str] = []
    done = rehearse(made.place, made.key, lambda _zh, en: said.append(en))
    assert done.differences == []
    tables, rows = len(done.found.tables), f"{done.found.rows:,}"
    assert any(line.startswith(f"restored {tables} tables, {rows} rows, 2 files") for line in said)
    assert [line for line in said if "refused" in line] == [
        "a wrong key: refused, nothing left behind",
        "a cut file: refused, nothing left behind",
        "a changed bit: refused, nothing left behind",
    ]
    assert "the application's role reads nobody without a scope" in said


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.lists(st.binary(max_size=3000), max_size=4)), max_size=5))
def test_the_stream_gives_back_what_it_got(sections: list[tuple[str, list[bytes]]]) -> None:
    key, out = secrets.token_bytes(32), io.BytesIO()
    writer = stream.Writer(out, key)
    for name, blocks in sections:
        writer.section(name)
        for block in blocks:
            writer.write(block)
        writer.end_section()
    writer.close()
    reader = stream.Reader(io.BytesIO(out.getvalue()), key)
    found = []
    while (name := reader.section()) is not None:
        found.append((name, b"".join(reader.blocks())))
    assert found == [(name, b"".join(blocks)) for name, blocks in sections]


def test_a_stream_of_several_pieces_opens_only_whole_and_in_order() -> None:
    key, out = secrets.token_bytes(32), io.BytesIO()
    writer = stream.Writer(out, key)
    writer.section("x")
    for _ in range(7):
        writer.write(secrets.token_bytes(stream.PIECE // 2))
    writer.end_section()
    writer.close()
    held, piece = out.getvalue(), stream.PIECE + 16
    first, second = held[48 : 48 + piece], held[48 + piece : 48 + 2 * piece]
    swapped = held[:48] + second + first + held[48 + 2 * piece :]
    for altered in (swapped, held[: 48 + 2 * piece], held[: 48 + piece] + held[48 + 2 * piece :]):
        reader = stream.Reader(io.BytesIO(altered), key)
        with pytest.raises(InputRefused):
            reader.section() and list(reader.blocks())


@pytest.mark.parametrize("text", ["", "short", "!!!", "QUJD"])
def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path, text: str) -> None:
    place = tmp_path / "backup.key"
    place.write_text(text)
    with pytest.raises(InputRefused, match=r"backup\.key"):
        stream.read_key(place)
    stream.make_key(place)
    assert place.read_text() == text, "a key that is there is never replaced"


WEAKENED = {
    "column accounts_post.role": "REVOKE UPDATE ON accounts_post FROM tonghu_app; "
    "GRANT UPDATE (role) ON accounts_post TO tonghu_app",
    "function resolver.merge(bigint,bigint,text)": "ALTER FUNCTION resolver.merge(bigint, bigint, text) "
    "RESET search_path",
    "table registry_seencard": "ALTER VIEW registry_seencard SET (security_invoker = false)",
    "trigger accounts_person.guard": "DROP TRIGGER guard ON accounts_person; CREATE TRIGGER guard BEFORE INSERT OR "
    "UPDATE ON accounts_person FOR EACH ROW WHEN (false) EXECUTE FUNCTION scope.guard_person()",
    "constraint accounts_post.post_administrators_apart": "ALTER TABLE accounts_post "
    "DROP CONSTRAINT post_administrators_apart, "
    "ADD CONSTRAINT post_administrators_apart EXCLUDE USING gist (person_id WITH =, id WITH =)",
    "column patients_grant.valid": "ALTER TABLE patients_grant ALTER valid SET DEFAULT tstzrange(NULL, NULL)",
    "rights to come tonghu_owner r": "ALTER DEFAULT PRIVILEGES FOR ROLE tonghu_owner "
    "GRANT TRUNCATE ON TABLES TO tonghu_app",
}


@pytest.mark.parametrize("name", WEAKENED)
def test_a_wall_that_was_weakened_is_a_difference(django_db_setup: None, name: str) -> None:
    admin_url = site_database.server().admin_url()
    with psycopg.connect(admin_url, dbname=connections["owner"].settings_dict["NAME"]) as admin:
        before = evidence.gather(admin)
        admin.execute(WEAKENED[name])
        after = evidence.gather(admin)
        admin.rollback()
    assert name in evidence.differences(before, after)
    assert before.structure_hash != after.structure_hash


def test_differences_name_what_is_not_equal() -> None:
    one = Evidence({"a": (1, "x"), "b": (2, "y")}, {"table a": "1"}, {"s": 5})
    other = Evidence({"a": (1, "z"), "c": (0, "")}, {"table b": "1"}, {"s": 4})
    assert evidence.differences(one, other) == [
        "a: 1 → 1", "b: 2 → –", "c: – → 0", "table a", "table b", "s: 5 → 4",
    ]  # fmt: skip
    assert evidence.differences(one, Evidence(one.tables, one.structure, {"s": 9})) == []
