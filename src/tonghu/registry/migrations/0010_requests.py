"""Whoever submits a version, or explains a finding of it, does not approve it; an import's own row is kept.

A column says whose request the approval of the version in force is. The card's functions are put again: sites that are
new have them already. Cards that wait for the audit when a site gets this get those who submitted them and those whose
explanations stand.
"""

from importlib import import_module
from pathlib import Path

import django.contrib.postgres.fields
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q

import tonghu.registry.models.sealed

CARDS = (Path(__file__).parent / "cards_0011.sql").read_text(encoding="utf-8")
COLUMNS = ", ".join(import_module("tonghu.registry.migrations.0007_reported").COLUMNS)
VIEW = (
    "CREATE OR REPLACE VIEW registry_seencard WITH (security_invoker = true) AS "
    f"SELECT {COLUMNS}, false AS in_correction, requested_by FROM registry_card UNION ALL "
    f"SELECT {COLUMNS}, true, requested_by FROM registry_reportedcard"
)
BEFORE = (
    "DROP VIEW registry_seencard",
    "CREATE VIEW registry_seencard WITH (security_invoker = true) AS "
    f"SELECT {COLUMNS}, false AS in_correction FROM registry_card UNION ALL "
    f"SELECT {COLUMNS}, true FROM registry_reportedcard",
)
#: Nobody else reads or writes the table while it runs, and few cards wait for an audit at a time.
WAITING = (
    """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)""",
    """
    UPDATE registry_card AS card SET requested_by = ARRAY(
      SELECT who FROM (
        SELECT person_id AS who FROM registry_act
        WHERE card_id = card.id AND act = 'submit' AND version = card.version
        UNION SELECT overridden_by FROM registry_finding WHERE card_id = card.id AND overridden_at IS NOT NULL
      ) AS asked WHERE who IS NOT NULL ORDER BY who)
    WHERE state = 'submitted'
    """,
)
REQUESTED = django.contrib.postgres.fields.ArrayField(
    models.BigIntegerField(), default=list, db_default=[], editable=False
)


class Migration(migrations.Migration):
    """The columns first, then the view and the functions that know them, then what holds them."""

    dependencies = [("registry", "0009_first_comparison")]
    operations = [
        migrations.AddField("card", "requested_by", REQUESTED),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (requested_by) ON registry_card TO tonghu_app", migrations.RunSQL.noop),
        migrations.AddField("reportedcard", "requested_by", REQUESTED),
        migrations.RunSQL(VIEW, BEFORE),
        migrations.AddField(
            "cardversion", "row", tonghu.registry.models.sealed.SealedBytes(null=True, place="registry.content")
        ),
        migrations.RunSQL(CARDS, migrations.RunSQL.noop),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
        AddConstraintNotValid(
            "card",
            models.CheckConstraint(
                condition=Q(audited_by=None) | ~Q(requested_by__contains=[F("audited_by")]),
                name="nobody_approves_their_own_request",
            ),
        ),
        AddConstraintNotValid(
            "finding",
            models.CheckConstraint(
                condition=Q(overridden_at=None) | Q(overridden_by__isnull=False), name="an_override_names_who"
            ),
        ),
    ]
