"""The resolver, and who reads and changes what is known of a child."""

from pathlib import Path

from django.db import migrations

from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, Protect, may

RESOLVER = (Path(__file__).parent.parent / "resolver.sql").read_text(encoding="utf-8")
GRANTED = "child_id = ANY ((SELECT scope.granted_children())::bigint[])"
READ = may("children.read")
ENTER = f"{IN_SCOPE} AND {may('children.enter')}"
VISIBLE = f"({IN_SCOPE} OR {GRANTED}) AND {READ}"
VIEW_SEEN = "EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.child_id = {child})"


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("network", "0002_scope_institutions")]
    operations = [
        migrations.RunSQL(RESOLVER, "DROP FUNCTION scope.granted_children; DROP SCHEMA resolver CASCADE"),
        Protect("patients_hospitalview", read=VISIBLE, insert=ENTER, update=ENTER),
        Protect(
            "patients_child",
            read=f"({VIEW_SEEN.format(child='patients_child.id')} "
            f"OR id = ANY ((SELECT scope.granted_children())::bigint[])) AND {READ}",
        ),
        Protect("patients_documentkey", read=MIGRATION),
        Protect("patients_recordkey", read=MIGRATION),
        Protect(
            "patients_guardian",
            read=f"EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.id = view_id) AND {READ}",
            insert=ENTER,
            update=ENTER,
            delete=ENTER,
        ),
        Protect("patients_nametoken", read=VISIBLE, insert=ENTER, update=ENTER, delete=ENTER),
        Protect(
            "patients_consent",
            read=VISIBLE,
            insert=f"{IN_SCOPE} AND {may('children.consent')}",
            update=f"{IN_SCOPE} AND {may('children.consent')}",
        ),
        Protect(
            "patients_grant",
            read=f"({IN_SCOPE} OR given_by_id = ANY ((SELECT scope.institutions())::bigint[])) AND {READ}",
            insert=f"given_by_id = ANY ((SELECT scope.institutions())::bigint[]) AND {may('children.grant')} "
            f"AND {VIEW_SEEN.format(child='patients_grant.child_id')}",
            update=f"given_by_id = ANY ((SELECT scope.institutions())::bigint[]) AND {may('children.grant')}",
        ),
        Protect(
            "patients_merge",
            read=f"({VIEW_SEEN.format(child='kept_id')} OR {VIEW_SEEN.format(child='merged_id')}) AND {READ}",
        ),
    ]
