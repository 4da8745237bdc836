"""A site that had cards in correction before counts told its readers apart: they are counted anew when it gets that."""

from __future__ import annotations

import pytest
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from points_and_cards import point as monitored
from test_month_in_correction import MOVED, NEW, STAYS, counted, in_correction

import made_up
from made_up_cards import Point

pytestmark = pytest.mark.requirement("REG-08")

BEFORE = [("surveillance", "0007_figures_walls"), ("registry", "0019_restore_reported")]


def test_a_site_that_gets_this_counts_its_cards_in_correction_anew(committed: None) -> None:
    """Back to the migrations before, where everybody counted the newer version, and forth again."""
    point = Point()
    monitored(point.hospital)
    officer = made_up.post("commission_officer", made_up.authority("health", "510104"))
    in_correction(point)
    forth = MigrationExecutor(connections["owner"]).loader.graph.leaf_nodes()  # whatever has come since, too
    MigrationExecutor(connections["owner"]).migrate(BEFORE)
    try:
        with connection.cursor() as cursor, made_up.acting(officer):
            for table in ("surveillance_arrival", "registry_tally"):
                cursor.execute(f"SELECT archive_month, sum(cards) FROM {table} GROUP BY 1 HAVING sum(cards) <> 0")
                assert cursor.fetchall() == [(NEW.first, 1)], table
    finally:
        MigrationExecutor(connections["owner"]).migrate(forth)
    assert counted(point, officer) == STAYS
    assert counted(point, point.post("entry_clerk")) == MOVED
