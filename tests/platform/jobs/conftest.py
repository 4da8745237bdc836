"""Fixtures of the jobs room's tests: the table that the sample jobs write to."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connections

import sample_jobs
from committed import committed

__all__ = ["committed"]


@pytest.fixture(scope="session")
def effects(django_db_setup: None) -> None:
    """The table of the sample jobs, made by the owner in a schema of its own; it goes with the session's database."""
    wanted = connections["owner"].get_connection_params()
    kept = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: wanted[name] for name in kept}, autocommit=True) as owner:
        owner.execute(sample_jobs.TABLE)
