"""Health commissions and the centre appoint at departments of their region that keep nobody here who could."""

from django.db import migrations

from tonghu.platform.accounts.appointing import below_health

#: As in appointing.sql, but for the places below health, which `scope.below_health` knows from roles.py.
APPOINTS = """
CREATE OR REPLACE FUNCTION scope.appoints(asked text, there bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM accounts_post AS own
    JOIN network_institution AS here ON here.id = own.institution_id
    JOIN network_institution AS place ON place.id = there
    WHERE own.id = scope.post() AND own.person_id = scope.person()
      AND own.valid @> (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND there = ANY (scope.institutions())
      AND scope.role_appoints(own.role, asked, coalesce(nullif(place.department, ''), place.kind))
      AND (coalesce(nullif(place.department, ''), place.kind) = coalesce(nullif(here.department, ''), here.kind)
           OR here.department IN ('health', 'centre') AND {below})
      AND NOT (asked = 'audit_admin' AND own.role = 'security_admin' AND own.institution_id = there))
$$
"""
NOW = APPOINTS.format(below="scope.below_health(coalesce(nullif(place.department, ''), place.kind))")
BEFORE = APPOINTS.format(below="(place.kind IN ('hospital', 'primary_care') OR place.department = 'leading_group')")


class Migration(migrations.Migration):
    """The function of 0004 asks another, written from the roles."""

    dependencies = [("accounts", "0004_appointing")]
    operations = [
        migrations.RunSQL(below_health(), "DROP FUNCTION scope.below_health"),
        migrations.RunSQL(NOW, BEFORE),
    ]
