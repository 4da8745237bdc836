"""``scope.institutions()``: whose rows the open scope sees. It reads the institutions, so it comes with them."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION scope.institutions() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN entry ->> 'institution' IS NOT NULL THEN ARRAY[(entry ->> 'institution')::bigint]
    WHEN entry ->> 'from' IS NOT NULL THEN (
      SELECT coalesce(array_agg(id), '{}') FROM public.network_institution
      WHERE region_code COLLATE "C" >= entry ->> 'from' AND region_code COLLATE "C" < entry ->> 'to')
    ELSE '{}'::bigint[]
  END
  FROM (SELECT scope.entry() AS entry) AS open
$$;
"""


class Migration(migrations.Migration):
    """Adds the function."""

    dependencies = [("network", "0001_initial"), ("scope", "0001_scope")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION scope.institutions()")]
