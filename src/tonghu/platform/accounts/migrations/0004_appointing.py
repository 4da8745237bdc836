"""The database bounds who appoints whom to what (leading groups too), and which fields of a person somebody changes."""

from pathlib import Path

from django.db import migrations

from tonghu.platform.accounts.appointing import role_appoints

APPOINTING = (Path(__file__).parent.parent / "appointing.sql").read_text(encoding="utf-8")
MAY_APPOINT = """(SELECT scope.may('accounts.provision')) OR (SELECT scope.everything())
  OR (institution_id = ANY ((SELECT scope.institutions())::bigint[]) AND (SELECT scope.may('accounts.appoint'))
      AND person_id <> (SELECT scope.person()))"""
UNDO = f"""
ALTER POLICY accounts_post_insert ON accounts_post WITH CHECK ({MAY_APPOINT});
ALTER POLICY accounts_post_update ON accounts_post USING ({MAY_APPOINT}) WITH CHECK ({MAY_APPOINT});
DROP FUNCTION scope.appoints;
DROP FUNCTION scope.keeps_person;
DROP TRIGGER guard ON accounts_person;
DROP FUNCTION scope.guard_person;
"""


class Migration(migrations.Migration):
    """Adds the functions, and makes policies and a trigger ask them."""

    dependencies = [("accounts", "0003_told")]
    operations = [
        migrations.RunSQL(role_appoints(), "DROP FUNCTION scope.role_appoints"),
        migrations.RunSQL(APPOINTING, UNDO),
    ]
