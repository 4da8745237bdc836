"""The made-up country, made once for the tests of a file: each test sees it fresh and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from site_people import PASSWORD


@pytest.fixture(scope="module")
def vault_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the files of the made-up country are kept, instead of the test site's vault."""
    from tonghu.platform.files import vault

    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("country") / "vault"
        patch.setattr(vault, "folder", lambda: place)
        yield place


@pytest.fixture(scope="module")
def country(django_db_setup: None, django_db_blocker: Any, vault_folder: Path) -> Iterator[list[tuple[int, int]]]:
    """The country in a transaction around the file's tests, which roll back to here; gives what was said meanwhile."""
    from tonghu.config import made_up

    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with django_db_blocker.unblock(), quick, transaction.atomic():  # nothing here is about hashing
        seen: list[tuple[int, int]] = []
        assert made_up.fill(1, PASSWORD, lambda done, of: seen.append((done, of)))
        yield seen
        transaction.set_rollback(True)
