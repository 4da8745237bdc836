"""What was agreed on only shrinks, and a grant ends with the consent it rests on, whoever gave it."""

from pathlib import Path

from django.db import migrations

AGREED = (Path(__file__).parent.parent / "agreed.sql").read_text(encoding="utf-8")
UNDO = """
DROP TRIGGER ends_what_rests ON patients_consent;
DROP TRIGGER rests_on_consent ON patients_grant;
DROP TRIGGER guard ON patients_consent;
DROP TRIGGER guard ON patients_grant;
DROP FUNCTION resolver.resting(bigint);
DROP FUNCTION resolver.end_resting();
DROP FUNCTION resolver.rest_on_consent();
DROP FUNCTION scope.guard_consent();
DROP FUNCTION scope.guard_grant();
DROP FUNCTION scope.ended(tstzrange);
"""


class Migration(migrations.Migration):
    """Grants that outlived their consent end with it."""

    dependencies = [("patients", "0007_apart")]
    operations = [migrations.RunSQL(AGREED, UNDO)]
