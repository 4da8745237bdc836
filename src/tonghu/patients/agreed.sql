-- What was agreed on is taken back, never stretched, and nothing rests longer on a consent than it holds: policies see a
-- row before or after a change and never both, so triggers say it, whoever writes.

-- Grants before this, first those that outlived the consent they rest on.
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);

-- A span that ends now. One that has not begun keeps an instant that is over already: a span may not be empty.
CREATE FUNCTION scope.ended(valid tstzrange) RETURNS tstzrange LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN lower(valid) >= statement_timestamp()
    THEN tstzrange(statement_timestamp(), statement_timestamp(), '[]')
    ELSE tstzrange(lower(valid), statement_timestamp()) END
$$;
UPDATE patients_grant AS given
  SET valid = CASE WHEN held.withdrawn_at IS NOT NULL OR upper(held.valid) <= greatest(statement_timestamp(), lower(given.valid))
    THEN scope.ended(given.valid) ELSE tstzrange(lower(given.valid), upper(held.valid)) END
  FROM patients_consent AS held
  WHERE held.id = given.consent_id AND coalesce(upper(given.valid), 'infinity') > statement_timestamp()
    AND (held.withdrawn_at IS NOT NULL
         OR coalesce(upper(given.valid), 'infinity') > coalesce(upper(held.valid), 'infinity'));

CREATE FUNCTION scope.guard_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.valid = OLD.valid OR coalesce(upper(OLD.valid), 'infinity') > statement_timestamp() AND (
    lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid) AND NEW.valid <@ OLD.valid
    OR lower(OLD.valid) >= statement_timestamp() AND upper(NEW.valid) <= statement_timestamp())
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'outside the scope: a grant is ended, never made to last longer' USING ERRCODE = 'TH002';
END
$$;
CREATE TRIGGER guard BEFORE UPDATE OF valid ON patients_grant FOR EACH ROW EXECUTE FUNCTION scope.guard_grant();

CREATE FUNCTION scope.guard_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.withdrawn_at IS NULL THEN
    NEW.withdrawn_at := CASE WHEN NEW.withdrawn_at IS NOT NULL THEN statement_timestamp() END;
  ELSIF NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at THEN
    RAISE EXCEPTION 'outside the scope: a consent is withdrawn once' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE OF withdrawn_at ON patients_consent
  FOR EACH ROW EXECUTE FUNCTION scope.guard_consent();

GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;

-- A grant lasts no longer than the consent that it rests on, which is one of the child's and holds. The consent is
-- locked: one who withdraws it meanwhile waits and ends this grant too, or has been first. What it refuses sounds like
-- the wall, so that nobody learns of consents out of sight.
CREATE FUNCTION resolver.rest_on_consent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  span tstzrange;
BEGIN
  SELECT held.valid INTO span FROM patients_consent AS held
    JOIN patients_child AS named ON named.id = held.child_id
    JOIN patients_child AS child ON child.id = NEW.child_id
    WHERE held.id = NEW.consent_id AND held.withdrawn_at IS NULL
      AND coalesce(upper(held.valid), 'infinity') > statement_timestamp()
      AND coalesce(named.one_with_id, named.id) = coalesce(child.one_with_id, child.id)
    FOR SHARE OF held;
  NEW.valid := NEW.valid * span;
  IF NEW.valid IS NULL OR isempty(NEW.valid) THEN
    RAISE EXCEPTION 'new row violates row-level security policy for table "patients_grant"' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER rests_on_consent BEFORE INSERT ON patients_grant
  FOR EACH ROW WHEN (NEW.consent_id IS NOT NULL) EXECUTE FUNCTION resolver.rest_on_consent();

-- Withdrawn, it ends whatever rests on it, whoever gave that.
CREATE FUNCTION resolver.end_resting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE patients_grant SET valid = scope.ended(valid)
    WHERE consent_id = NEW.id AND coalesce(upper(valid), 'infinity') > statement_timestamp();
  RETURN NULL;
END
$$;
CREATE TRIGGER ends_what_rests AFTER UPDATE OF withdrawn_at ON patients_consent
  FOR EACH ROW WHEN (OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL)
  EXECUTE FUNCTION resolver.end_resting();

-- What rests on a consent now, for the hospital that may withdraw it: also what others gave, which it does not see.
CREATE FUNCTION resolver.resting(consent bigint)
RETURNS TABLE (child_id bigint, given_by_id bigint, institution_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT given.child_id, given.given_by_id, given.institution_id
  FROM patients_consent AS held JOIN patients_grant AS given ON given.consent_id = held.id
  WHERE held.id = consent AND held.institution_id = ANY (scope.institutions()) AND scope.may('children.consent')
    AND coalesce(upper(given.valid), 'infinity') > statement_timestamp()
  ORDER BY given.id
$$;
ALTER FUNCTION resolver.rest_on_consent() OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.end_resting() OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.resting(bigint) OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.rest_on_consent(), resolver.end_resting(), resolver.resting(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.resting(bigint) TO tonghu_app, tonghu_owner;
GRANT EXECUTE ON FUNCTION scope.ended(tstzrange) TO tonghu_app, tonghu_owner, tonghu_resolver;
