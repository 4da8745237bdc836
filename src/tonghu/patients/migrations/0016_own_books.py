"""What is done to a child stands in the book of every hospital that knows it; whoever did it reads their own book alone.

Without this the lines of one's own acts would name the other hospitals that know a child of one's own.
"""

from django.db import migrations

from tonghu.platform.scope.policies import MIGRATION, system

SAID = f"""
subject_kind <> 'child' OR institution_id IS NOT DISTINCT FROM by_institution
OR (SELECT scope.nationwide()) OR institution_id = ANY ((SELECT scope.institutions())::bigint[])
OR {system("chain")} OR {MIGRATION}
"""


class Migration(migrations.Migration):
    """A narrowing beside the walls that are there; whoever links and checks the log reads it whole."""

    dependencies = [("patients", "0015_theirs"), ("audit", "0005_numbered")]
    operations = [
        migrations.RunSQL(
            f"CREATE POLICY audit_event_own_books ON audit_event AS RESTRICTIVE FOR SELECT USING ({SAID})",
            "DROP POLICY audit_event_own_books ON audit_event",
        )
    ]
