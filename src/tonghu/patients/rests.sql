-- A grant stays with the side whose consent it rests on: also when one who stood for two children is parted, or a merge
-- is taken back. And it rests on a consent to be shared, whoever writes it.
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;

-- Does a consent of this purpose let another hospital see a child? As consent_purposes.yaml says: of each purpose the
-- newest that has begun; a test holds the two together.
CREATE FUNCTION resolver.shares(asked text, day date) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((
    SELECT said.shares FROM (VALUES
      ('designated_treatment', DATE '2018-12-26', false),
      ('sensitive_information', DATE '2021-11-01', false),
      ('sharing', DATE '2021-11-01', true),
      ('follow_up', DATE '2021-11-01', false),
      ('assistance', DATE '2021-11-01', false),
      ('research', DATE '2023-02-18', false)
    ) AS said (purpose, begun, shares)
    WHERE said.purpose = asked AND said.begun <= day ORDER BY said.begun DESC LIMIT 1), false)
$$;

-- As before, and the purpose shares. The children are locked as well: one who takes their merge back meanwhile waits and
-- settles this grant too, or has been first.
CREATE OR REPLACE FUNCTION resolver.rest_on_consent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  span tstzrange;
BEGIN
  SELECT held.valid INTO span FROM patients_consent AS held
    JOIN patients_child AS named ON named.id = held.child_id
    JOIN patients_child AS child ON child.id = NEW.child_id
    WHERE held.id = NEW.consent_id AND held.withdrawn_at IS NULL
      AND coalesce(upper(held.valid), 'infinity') > statement_timestamp()
      AND resolver.shares(held.purpose, (statement_timestamp() AT TIME ZONE 'Asia/Shanghai')::date)
      AND coalesce(named.one_with_id, named.id) = coalesce(child.one_with_id, child.id)
    FOR SHARE OF held, named, child;
  NEW.valid := NEW.valid * span;
  IF NEW.valid IS NULL OR isempty(NEW.valid) THEN
    RAISE EXCEPTION 'new row violates row-level security policy for table "patients_grant"' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END
$$;

-- Who is one with a child has changed: a grant that stands, of one side, on a consent of the other follows the consent
-- where the hospital that gave it has a view of that side, and ends where it has none: nobody agreed to it any more.
CREATE FUNCTION resolver.settle_grants(asked bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE patients_grant AS given
  SET child_id = CASE WHEN apart.known THEN apart.child_id ELSE given.child_id END,
      valid = CASE WHEN apart.known THEN given.valid ELSE scope.ended(given.valid) END
  FROM (
    SELECT one.id, held.child_id, EXISTS (
      SELECT FROM patients_hospitalview AS seen JOIN patients_child AS same ON same.id = seen.child_id
      WHERE seen.institution_id = one.given_by_id
        AND coalesce(same.one_with_id, same.id) = coalesce(named.one_with_id, named.id)) AS known
    FROM patients_grant AS one
    JOIN patients_consent AS held ON held.id = one.consent_id
    JOIN patients_child AS named ON named.id = held.child_id
    JOIN patients_child AS child ON child.id = one.child_id
    WHERE one.id IN (
        SELECT id FROM patients_grant WHERE child_id = asked
        UNION ALL
        SELECT resting.id FROM patients_consent AS of_child
        JOIN patients_grant AS resting ON resting.consent_id = of_child.id WHERE of_child.child_id = asked)
      AND coalesce(upper(one.valid), 'infinity') > statement_timestamp()
      AND coalesce(named.one_with_id, named.id) <> coalesce(child.one_with_id, child.id)
  ) AS apart
  WHERE apart.id = given.id
$$;

CREATE FUNCTION resolver.settle_parted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM resolver.settle_grants(NEW.child_id), resolver.settle_grants(NEW.parted_id);
  RETURN NULL;
END
$$;
CREATE FUNCTION resolver.settle_regrouped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM resolver.settle_grants(NEW.id);
  RETURN NULL;
END
$$;
-- The act is what a split writes last; a row's trigger after an update finds the whole group as it is then.
CREATE TRIGGER settles_grants AFTER INSERT ON patients_split
  FOR EACH ROW EXECUTE FUNCTION resolver.settle_parted();
CREATE TRIGGER settles_grants AFTER UPDATE OF one_with_id ON patients_child
  FOR EACH ROW WHEN (OLD.one_with_id IS DISTINCT FROM NEW.one_with_id) EXECUTE FUNCTION resolver.settle_regrouped();

ALTER FUNCTION resolver.shares(text, date) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.settle_grants(bigint) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.settle_parted() OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.settle_regrouped() OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.shares(text, date), resolver.settle_grants(bigint), resolver.settle_parted(),
  resolver.settle_regrouped() FROM PUBLIC;

-- Grants before this.
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);
SELECT resolver.settle_grants(child_id)
  FROM (SELECT DISTINCT child_id FROM patients_grant WHERE consent_id IS NOT NULL) AS of_consents;
UPDATE patients_grant AS given SET valid = scope.ended(given.valid)
  FROM patients_consent AS held
  WHERE held.id = given.consent_id AND coalesce(upper(given.valid), 'infinity') > statement_timestamp()
    AND NOT resolver.shares(held.purpose, (statement_timestamp() AT TIME ZONE 'Asia/Shanghai')::date);
