"""A function that has the rows of imports counted for the planner, by the right of the tables' owner."""

from django.db import migrations

COUNTED = """
CREATE SCHEMA intake;
GRANT USAGE ON SCHEMA intake TO tonghu_app;
CREATE FUNCTION intake.count_rows() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  ANALYZE intake_row, intake_row_finding;
END
$$;
REVOKE ALL ON FUNCTION intake.count_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.count_rows() TO tonghu_app;
"""


class Migration(migrations.Migration):
    """See ``staging.count_rows``."""

    dependencies = [("intake", "0013_damage")]
    operations = [migrations.RunSQL(COUNTED, "DROP SCHEMA intake CASCADE")]
