"""The database alone numbers acts and versions, and says when a version was made.

What was changed after a month was locked is found by when: a version that says another time would be missed.
"""

from django.db import migrations

from tonghu.platform.scope.policies import choose_numbers, number_rows

SIGN = """
CREATE OR REPLACE FUNCTION registry.sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT scope.everything() THEN
    NEW.person_id := scope.person();
    NEW.post_id := scope.post();{when}
  END IF;
  RETURN NEW;
END
$$"""
SIGNED = SIGN.format(when="\n    NEW.made_at := statement_timestamp();")
BEFORE = SIGN.format(when="")
ADDED_TO = ("registry_cardversion", "registry_act")


class Migration(migrations.Migration):
    """Holds for everybody but a migration that moves rows."""

    dependencies = [("registry", "0020_tally_as_seen")]
    operations = [
        migrations.RunSQL(SIGNED, BEFORE),
        *(migrations.RunSQL(number_rows(table), choose_numbers(table)) for table in ADDED_TO),
    ]
