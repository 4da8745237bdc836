"""``scope.institutions()``: whose rows the open scope sees. It reads the institutions, so it comes with them."""

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, Protect, may

PROVISION = may("network.provision")
MANAGE = may("network.manage")
#: An institution in the range of regions of the authority that acts, before and after the change.
IN_AREA = (
    'region_code COLLATE "C" >= (SELECT scope.region_from()) AND region_code COLLATE "C" < (SELECT scope.region_to())'
)

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
    """Adds the function, and says who may change regions and institutions; everybody may read them."""

    dependencies = [("network", "0001_initial"), ("audit", "0001_history"), ("scope", "0001_scope")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION scope.institutions()"),
        Protect("network_region", read="true", insert=PROVISION, update=PROVISION, delete=PROVISION),
        Protect(
            "network_institution",
            read="true",
            insert=f"{PROVISION} OR ({MANAGE} AND {IN_AREA})",
            update=f"{PROVISION} OR ({MANAGE} AND {IN_AREA}) OR ({MANAGE} AND id = (SELECT scope.institution()))",
        ),
        Protect(
            "network_institutioncode",
            read="true",
            insert=f"{PROVISION} OR ({MANAGE} AND {IN_SCOPE})",
            update=f"{PROVISION} OR ({MANAGE} AND {IN_SCOPE})",
            delete=f"{PROVISION} OR ({MANAGE} AND {IN_SCOPE})",
        ),
        ProtectHistory("network_region_event", read="true"),
        ProtectHistory("network_institution_event", read="true"),
        ProtectHistory("network_institutioncode_event", read="true"),
    ]
