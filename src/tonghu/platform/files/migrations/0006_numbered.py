"""The database alone numbers downloads and says when they were: nobody puts one back in time, or before others."""

from django.db import migrations

from tonghu.platform.scope.policies import choose_numbers, number_rows

SIGNED = """
CREATE FUNCTION scope.sign_download() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT scope.everything() THEN
    NEW.at := statement_timestamp();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER signs BEFORE INSERT ON files_download FOR EACH ROW EXECUTE FUNCTION scope.sign_download();
"""
UNSIGNED = "DROP TRIGGER signs ON files_download; DROP FUNCTION scope.sign_download();"


class Migration(migrations.Migration):
    """Holds for everybody but a migration that moves rows."""

    dependencies = [("files", "0005_own_from_here")]
    operations = [
        migrations.RunSQL(SIGNED, UNSIGNED),
        migrations.RunSQL(number_rows("files_download"), choose_numbers("files_download")),
    ]
