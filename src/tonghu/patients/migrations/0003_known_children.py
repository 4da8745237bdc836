"""Whose rows are about which child is held by keys: of the resolver's answers, and of each view with its child."""

from pathlib import Path
from typing import Any

from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

from tonghu.platform.scope.policies import MIGRATION, Protect

KNOWN = (Path(__file__).parent.parent / "known.sql").read_text(encoding="utf-8")
UNDO = """
ALTER TABLE patients_hospitalview DROP CONSTRAINT view_of_a_known_child;
ALTER TABLE patients_identifier DROP CONSTRAINT identifier_of_a_view;
ALTER TABLE patients_formername DROP CONSTRAINT former_name_of_a_view;
ALTER TABLE patients_guardian DROP CONSTRAINT guardian_of_a_view;
ALTER TABLE patients_nametoken DROP CONSTRAINT token_of_a_view;
ALTER TABLE patients_hospitalview DROP CONSTRAINT a_view_its_child_its_hospital;
DROP FUNCTION resolver.children;
ALTER FUNCTION resolver.answers RENAME TO children;
GRANT EXECUTE ON FUNCTION resolver.children TO tonghu_app, tonghu_owner;
ALTER POLICY patients_consent_insert ON patients_consent WITH CHECK (
  (institution_id = ANY ((SELECT scope.institutions())::bigint[]) AND (SELECT scope.may('children.consent')))
  OR (SELECT scope.everything()));
ALTER POLICY patients_grant_insert ON patients_grant WITH CHECK (
  (given_by_id = ANY ((SELECT scope.institutions())::bigint[]) AND (SELECT scope.may('children.grant'))
    AND resolver.knows(given_by_id, child_id)) OR (SELECT scope.everything()));
GRANT UPDATE ON patients_consent TO tonghu_app;
"""
#: The rows of a view: the name of the relation back, where there is one.
OF_A_VIEW: dict[str, dict[str, Any]] = {
    "identifier": {"related_name": "identifiers"},
    "formername": {"related_name": "former_names"},
    "guardian": {"related_name": "guardians"},
    "nametoken": {},
}


def key(to: str, on_delete: Any = PROTECT, **more: Any) -> models.ForeignKey[Any, Any]:
    """A key that stands in a composite one."""
    return models.ForeignKey(to, on_delete, db_constraint=False, **more)


class Migration(migrations.Migration):
    """One key of three columns takes the place of three of one, so entering checks less than before."""

    dependencies = [("patients", "0002_walls")]
    operations = [
        migrations.CreateModel(
            name="KnownChild",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("child", models.ForeignKey("patients.child", PROTECT, related_name="+")),
                ("institution", models.ForeignKey("network.institution", PROTECT, related_name="+", db_index=False)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("institution", "child"), name="known_once_a_hospital")]
            },
        ),
        Protect("patients_knownchild", read=MIGRATION),
        migrations.AlterField(
            "hospitalview", "child", key("patients.child", related_name="views", verbose_name="child")
        ),
        migrations.AlterField("hospitalview", "institution", key("network.institution", verbose_name="institution")),
        *(
            migrations.AlterField(
                name, "child", key("patients.child", **({} if name == "nametoken" else {"related_name": "+"}))
            )
            for name in OF_A_VIEW
        ),
        *(migrations.AlterField(name, "institution", key("network.institution", db_index=False)) for name in OF_A_VIEW),
        *(
            migrations.AlterField(
                name,
                "view",
                key("patients.hospitalview", CASCADE, **({} if name == "nametoken" else {"db_index": False}), **back),
            )
            for name, back in OF_A_VIEW.items()
        ),
        migrations.RunSQL(
            KNOWN,
            UNDO,
            state_operations=[
                migrations.AddConstraint(
                    model_name="hospitalview",
                    constraint=models.UniqueConstraint(
                        fields=("id", "child", "institution"), name="a_view_its_child_its_hospital"
                    ),
                ),
            ],
        ),
    ]
