"""An institution at a code that has ended goes to what took its place, by whoever is in charge of that."""

from django.db import migrations

#: ``became`` is ``network.queries.became`` in SQL: the codes that stand for a code today, itself while it lives.
FUNCTIONS = """
CREATE FUNCTION scope.became(asked text) RETURNS text[] LANGUAGE sql STABLE AS $$
  WITH RECURSIVE last AS (
    SELECT DISTINCT ON (code) code::text AS code, replaced_by,
           upper(valid) <= (now() AT TIME ZONE 'Asia/Shanghai')::date AS over
    FROM public.network_region ORDER BY code, valid DESC
  ), step AS (
    SELECT asked AS code
    UNION
    SELECT fresh.code::text FROM step JOIN last ON last.code = step.code AND last.over
    CROSS JOIN LATERAL unnest(last.replaced_by) AS fresh (code)
  )
  SELECT coalesce(array_agg(step.code), '{}') FROM step JOIN last ON last.code = step.code
  WHERE last.over IS NOT TRUE
$$;
CREATE FUNCTION scope.takes_over(asked text, wanted text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
  first text COLLATE "C" := scope.region_from();
  beyond text COLLATE "C" := scope.region_to();
BEGIN
  -- Not for a code that lives, nor for posts that have no range of regions.
  IF first IS NULL OR EXISTS (
    SELECT FROM public.network_region
    WHERE code = asked AND valid @> (now() AT TIME ZONE 'Asia/Shanghai')::date
  ) THEN
    RETURN false;
  END IF;
  RETURN EXISTS (
    SELECT FROM unnest(scope.became(asked)) AS here (code)
    WHERE here.code COLLATE "C" >= first AND here.code COLLATE "C" < beyond
      AND (wanted IS NULL OR here.code = wanted)
  );
END
$$;
CREATE POLICY network_institution_take_over ON network_institution FOR UPDATE
  USING ((SELECT scope.may('network.manage')) AND kind <> 'authority' AND scope.takes_over(region_code, NULL))
  WITH CHECK (false);  -- where it goes is for the policy of updates: into the range of who takes it
"""
#: The guard as it was, and what is new in it: an authority takes over an institution with its region, and that alone.
GUARD = """
CREATE OR REPLACE FUNCTION scope.guard_institution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF scope.may('network.provision') OR (
       OLD.region_code COLLATE "C" >= scope.region_from() AND OLD.region_code COLLATE "C" < scope.region_to()
     ) IS TRUE
  THEN
    RETURN NEW;
  END IF;
  -- A policy lets an institution change its own row; its kind, department and region say whose rows its posts see.
  IF (NEW.code, NEW.kind, NEW.department, NEW.region_code, NEW.made_up)
       IS NOT DISTINCT FROM (OLD.code, OLD.kind, OLD.department, OLD.region_code, OLD.made_up)
  THEN
    RETURN NEW;
  END IF;
  -- Who takes an institution over that lies at a code that has ended changes nothing else of it.
  IF to_jsonb(NEW) - 'region_code' = to_jsonb(OLD) - 'region_code' AND OLD.kind <> 'authority'
     AND scope.takes_over(OLD.region_code, NEW.region_code)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'outside the scope: an authority above changes this' USING ERRCODE = 'TH002';
END
$$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION scope.guard_institution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.code, NEW.kind, NEW.department, NEW.region_code, NEW.made_up)
       IS DISTINCT FROM (OLD.code, OLD.kind, OLD.department, OLD.region_code, OLD.made_up)
     AND NOT scope.may('network.provision')
     AND NOT (OLD.region_code COLLATE "C" >= scope.region_from() AND OLD.region_code COLLATE "C" < scope.region_to()) IS TRUE
  THEN
    RAISE EXCEPTION 'outside the scope: an authority above changes this' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;
DROP POLICY network_institution_take_over ON network_institution;
DROP FUNCTION scope.takes_over;
DROP FUNCTION scope.became;
"""


class Migration(migrations.Migration):
    """Adds the functions and the policy, and lets the guard know of them."""

    dependencies = [("network", "0003_institutions_stay")]
    operations = [
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, BEFORE),
    ]
