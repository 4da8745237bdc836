"""What the tests of the database share: the running test server, and a backup of its database with people in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connections

import made_up
import site_database
from tonghu.platform.database.backup import stream, write


class Made(NamedTuple):
    """A site's folder with a backup of the session's database in it."""

    home: Path
    place: Path
    key: bytes
    written: write.Written


@pytest.fixture
def known() -> str:
    """A ``database.json`` that names this session's database; that of the shared folder may name another session's."""
    held = json.loads((site_database.HOME / "database.json").read_text("utf-8"))
    return json.dumps({**held, "database": connections["owner"].settings_dict["NAME"]}, indent=1)


@pytest.fixture
def site(tmp_path: Path, known: str) -> Path:
    """A folder that knows the session's database by the same passwords, and holds two stored files."""
    home = tmp_path / "site"
    (home / "files" / "ab").mkdir(parents=True)
    (home / "database.json").write_text(known, "utf-8")
    (home / "files" / "ab" / "one").write_bytes(b"sealed" * 400_000)
    (home / "files" / "two").write_bytes(b"")
    return home


@pytest.fixture
def made(site: Path, committed: None, tmp_path: Path) -> Made:
    for n in range(3):
        made_up.post(holder=made_up.person(name=f"虚构备份{n}"))
    place, key_file = tmp_path / "one.backup", tmp_path / "keys" / "backup.key"
    stream.make_key(key_file)
    key = stream.read_key(key_file)
    return Made(site, place, key, write.backup(site, place, key))
