"""Settings and fixtures that hold for all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.core.signals import setting_changed
from django.test.client import ClientHandler
from hypothesis import settings

import site_database
from committed import note_fresh_database

pytest_plugins = ["query_budgets"]

# Before Django reads its settings: the tests have a site of their own.
os.environ["TONGHU_HOME"] = str(site_database.HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "tonghu.config.settings"
django.setup()  # now: conftest files of rooms import models, before pytest-django would set Django up
(site_database.HOME / "static").mkdir(parents=True, exist_ok=True)  # the web server wants the folder, empty or not

# Two busy cores: a slow moment is no failure. Speed is measured by bench/, not by a deadline on each example.
settings.register_profile("tonghu", deadline=None)
settings.load_profile("tonghu")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Test processes inherit this one's environment: they shall read the settings after they know their own site."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def one_middleware_chain() -> Iterator[None]:
    """Middleware is loaded once, as in a site; each test client would do so anew, and look through all static files.

    Where pytest-django's ``settings`` change something, it is loaded anew.
    """
    from tonghu.platform.web.assets import collect

    collect()  # pages name their style sheets and scripts by hash
    load = ClientHandler.load_middleware
    loaded: dict[str, Any] = {}

    def load_once(self: ClientHandler, is_async: bool = False) -> None:
        if loaded:
            vars(self).update(loaded)
        else:
            load(self, is_async)
            loaded.update({name: value for name, value in vars(self).items() if name.startswith("_")})

    def forget(**_: object) -> None:
        loaded.clear()

    setting_changed.connect(forget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_once)
        yield
    setting_changed.disconnect(forget)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A database of this session: made by the owner, used as ``app``. Replaces pytest-django's, which has one role."""
    from django.db import connections

    from tonghu.platform.crypto import site_keys
    from tonghu.platform.crypto.models import KeyRecord
    from tonghu.platform.database import roles
    from tonghu.platform.database.migrate import migrate

    def use(name: str) -> None:
        for alias, role in (("default", "app"), ("owner", "owner")):
            connections[alias].close()
            wanted = roles.django_database(site_database.HOME, role)
            connections[alias].settings_dict.update({**wanted, "NAME": name})

    def make(name: str) -> None:
        use(name)
        migrate()
        connections["owner"].close()

    with django_db_blocker.unblock(), site_database.session_database(make) as name:
        use(name)
        KeyRecord.objects.using("owner").all().delete()  # the template may be older than this site's keys
        site_keys.prepare()
        note_fresh_database()
        yield
        for connection in connections.all():
            connection.close()
