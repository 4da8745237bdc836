"""Those above a hospital see the reported version of a card that it corrects; cards say when they were compared.

Of cards that are being corrected when a site gets this nothing of the reported version's columns is left to be put
aside: those above see them again when they are reported.
"""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, Protect, may

ROOM = Path(__file__).parent.parent
COLUMNS = (
    "id", "institution_id", "child_id", "view_id", "record_number", "admission_count", "admission_at", "discharge_at",
    "archive_month", "archive_month_assumed", "layout", "origin", "sex", "age_years", "age_days", "residence_code",
    "principal_code", "scope_group", "scope_code", "scope_position", "iccc3_subgroup", "iccc3_method",
    "iccc3_certainty", "state", "version", "accepted_version", "reported_version", "first_reported_at", "reported_at",
    "authors", "audited_by", "state_since", "problem_at_first", "errors", "warnings", "confirms", "rules_key",
    "compared_at", "waits_for", "waits_note", "created_at", "changed_at",
)  # fmt: skip
REPORTED = (ROOM / "reported.sql").read_text(encoding="utf-8").replace("{columns}", ", ".join(COLUMNS))
READ = may("registry.read")
HERE = "institution_id = (SELECT scope.institution())"
ABOVE = f"((SELECT scope.nationwide()) OR {IN_SCOPE})"
#: The own hospital sees all of its cards, those above the rows that say what was reported.
CARD = f"({HERE} OR (version = reported_version AND {ABOVE})) AND {READ}"
KEPT = f"institution_id IS DISTINCT FROM (SELECT scope.institution()) AND {ABOVE} AND {READ}"
BEFORE = f"({HERE} OR (first_reported_at IS NOT NULL AND {ABOVE})) AND {READ}"


def of_card(table: str, number: str) -> str:
    """Rows of a card of one's own hospital, else up to the version that was reported; row by row, see 0006."""
    seen = " OR ".join(
        f"EXISTS (SELECT 1 FROM {held} AS card WHERE card.id = {table}.card_id "
        f"AND {table}.{number} <= card.reported_version OFFSET 0)"
        for held in ("registry_card", "registry_reportedcard")
    )
    return f"({HERE} OR {seen}) AND {READ}"


def before(table: str, number: str) -> str:
    """The same, before what was reported was kept."""
    card = f"SELECT 1 FROM registry_card AS card WHERE card.id = {table}.card_id"
    return f"({HERE} OR EXISTS ({card} AND {table}.{number} <= card.reported_version OFFSET 0)) AND {READ}"


def reads(table: str, now: str, then: str) -> migrations.RunSQL:
    """Change who reads a table."""
    change = f"ALTER POLICY {table}_read ON {table} USING (({{}}) OR {MIGRATION})"
    return migrations.RunSQL(change.format(now), change.format(then))


UNDO = (
    "DROP VIEW registry_seencard; DROP TRIGGER reported_kept ON registry_card; DROP FUNCTION registry.keep_reported; "
    "DROP POLICY registry_reportedcard_keep ON registry_reportedcard; "
    "ALTER TABLE registry_reportedcard DROP CONSTRAINT reported_of_a_view, DROP CONSTRAINT reported_of_a_card"
)


class Migration(migrations.Migration):
    """The table first, then its walls, then the view over both."""

    dependencies = [("registry", "0006_lists")]
    operations = [
        migrations.AddField(
            model_name="card",
            name="compared_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="compared with the other stays"),
        ),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (compared_at) ON registry_card TO tonghu_app", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="ReportedCard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record_number", models.CharField(max_length=20, verbose_name="record number")),
                ("admission_count", models.CharField(blank=True, max_length=4, verbose_name="admission count")),
                ("admission_at", models.DateTimeField(null=True, verbose_name="admission")),
                ("discharge_at", models.DateTimeField(verbose_name="discharge")),
                ("archive_month", models.DateField(verbose_name="archive month")),
                ("archive_month_assumed", models.BooleanField(default=False, verbose_name="archive month assumed")),
                (
                    "layout",
                    models.CharField(choices=[("2012", "2012"), ("2020", "2020")], max_length=4, verbose_name="layout"),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("import", "Imported"),
                            ("manual", "Typed"),
                            ("docking", "Docking"),
                            ("mend", "Proposed mend"),
                            ("bulk", "Bulk mend"),
                            ("supplement", "Supplement"),
                            ("undo", "Undone"),
                        ],
                        max_length=12,
                        verbose_name="origin",
                    ),
                ),
                ("sex", models.CharField(blank=True, max_length=1, verbose_name="sex")),
                ("age_years", models.SmallIntegerField(null=True, verbose_name="age in years")),
                ("age_days", models.IntegerField(null=True, verbose_name="age in days")),
                ("residence_code", models.CharField(blank=True, max_length=6, verbose_name="region of residence")),
                ("principal_code", models.CharField(blank=True, max_length=20, verbose_name="principal diagnosis")),
                ("scope_group", models.CharField(blank=True, max_length=24, verbose_name="group")),
                ("scope_code", models.CharField(blank=True, max_length=20, verbose_name="code in scope")),
                ("scope_position", models.SmallIntegerField(null=True)),
                ("iccc3_subgroup", models.CharField(blank=True, max_length=3, verbose_name="ICCC-3 subgroup")),
                ("iccc3_method", models.CharField(blank=True, max_length=20)),
                ("iccc3_certainty", models.CharField(blank=True, max_length=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("returned", "Returned by the auditor"),
                            ("approved", "Approved"),
                            ("reported", "Reported"),
                            ("returned_by_centre", "Returned by the centre"),
                            ("accepted", "Accepted by the centre"),
                            ("voided", "Voided"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("version", models.IntegerField(default=1, editable=False, verbose_name="version")),
                ("accepted_version", models.IntegerField(editable=False, null=True)),
                ("reported_version", models.IntegerField(editable=False, null=True)),
                ("first_reported_at", models.DateTimeField(editable=False, null=True)),
                ("reported_at", models.DateTimeField(editable=False, null=True, verbose_name="reported")),
                (
                    "authors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, editable=False, size=None
                    ),
                ),
                ("audited_by", models.BigIntegerField(editable=False, null=True)),
                (
                    "state_since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="in this state since",
                    ),
                ),
                ("problem_at_first", models.BooleanField(default=False, editable=False)),
                ("errors", models.SmallIntegerField(default=0, verbose_name="errors")),
                ("warnings", models.SmallIntegerField(default=0, verbose_name="warnings")),
                ("confirms", models.SmallIntegerField(default=0, verbose_name="to confirm")),
                ("rules_key", models.CharField(db_default="", default="", editable=False, max_length=16)),
                (
                    "compared_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="compared with the other stays"),
                ),
                ("waits_for", models.CharField(blank=True, max_length=40, verbose_name="waits for")),
                ("waits_note", models.CharField(blank=True, max_length=400, verbose_name="question")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed"
                    ),
                ),
                (
                    "child",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.child",
                        verbose_name="child",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="network.institution",
                        verbose_name="hospital",
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.hospitalview",
                    ),
                ),
            ],
            options={
                "verbose_name": "reported card in correction",
            },
        ),
        Protect("registry_reportedcard", read=KEPT),
        migrations.RunSQL(REPORTED, UNDO),
        migrations.CreateModel(
            name="SeenCard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record_number", models.CharField(max_length=20, verbose_name="record number")),
                ("admission_count", models.CharField(blank=True, max_length=4, verbose_name="admission count")),
                ("admission_at", models.DateTimeField(null=True, verbose_name="admission")),
                ("discharge_at", models.DateTimeField(verbose_name="discharge")),
                ("archive_month", models.DateField(verbose_name="archive month")),
                ("archive_month_assumed", models.BooleanField(default=False, verbose_name="archive month assumed")),
                (
                    "layout",
                    models.CharField(choices=[("2012", "2012"), ("2020", "2020")], max_length=4, verbose_name="layout"),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("import", "Imported"),
                            ("manual", "Typed"),
                            ("docking", "Docking"),
                            ("mend", "Proposed mend"),
                            ("bulk", "Bulk mend"),
                            ("supplement", "Supplement"),
                            ("undo", "Undone"),
                        ],
                        max_length=12,
                        verbose_name="origin",
                    ),
                ),
                ("sex", models.CharField(blank=True, max_length=1, verbose_name="sex")),
                ("age_years", models.SmallIntegerField(null=True, verbose_name="age in years")),
                ("age_days", models.IntegerField(null=True, verbose_name="age in days")),
                ("residence_code", models.CharField(blank=True, max_length=6, verbose_name="region of residence")),
                ("principal_code", models.CharField(blank=True, max_length=20, verbose_name="principal diagnosis")),
                ("scope_group", models.CharField(blank=True, max_length=24, verbose_name="group")),
                ("scope_code", models.CharField(blank=True, max_length=20, verbose_name="code in scope")),
                ("scope_position", models.SmallIntegerField(null=True)),
                ("iccc3_subgroup", models.CharField(blank=True, max_length=3, verbose_name="ICCC-3 subgroup")),
                ("iccc3_method", models.CharField(blank=True, max_length=20)),
                ("iccc3_certainty", models.CharField(blank=True, max_length=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("returned", "Returned by the auditor"),
                            ("approved", "Approved"),
                            ("reported", "Reported"),
                            ("returned_by_centre", "Returned by the centre"),
                            ("accepted", "Accepted by the centre"),
                            ("voided", "Voided"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("version", models.IntegerField(default=1, editable=False, verbose_name="version")),
                ("accepted_version", models.IntegerField(editable=False, null=True)),
                ("reported_version", models.IntegerField(editable=False, null=True)),
                ("first_reported_at", models.DateTimeField(editable=False, null=True)),
                ("reported_at", models.DateTimeField(editable=False, null=True, verbose_name="reported")),
                (
                    "authors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, editable=False, size=None
                    ),
                ),
                ("audited_by", models.BigIntegerField(editable=False, null=True)),
                (
                    "state_since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="in this state since",
                    ),
                ),
                ("problem_at_first", models.BooleanField(default=False, editable=False)),
                ("errors", models.SmallIntegerField(default=0, verbose_name="errors")),
                ("warnings", models.SmallIntegerField(default=0, verbose_name="warnings")),
                ("confirms", models.SmallIntegerField(default=0, verbose_name="to confirm")),
                ("rules_key", models.CharField(db_default="", default="", editable=False, max_length=16)),
                (
                    "compared_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="compared with the other stays"),
                ),
                ("waits_for", models.CharField(blank=True, max_length=40, verbose_name="waits for")),
                ("waits_note", models.CharField(blank=True, max_length=400, verbose_name="question")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed"
                    ),
                ),
                ("in_correction", models.BooleanField()),
            ],
            options={
                "db_table": "registry_seencard",
                "managed": False,
            },
        ),
        reads("registry_card", CARD, BEFORE),
        reads("registry_card_event", CARD, BEFORE),
        reads(
            "registry_cardversion", of_card("registry_cardversion", "number"), before("registry_cardversion", "number")
        ),
        reads("registry_act", of_card("registry_act", "version"), before("registry_act", "version")),
    ]
