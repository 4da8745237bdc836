-- A post only ever ends, and takes its deputies along: policies see a row before or after a change and never both, and
-- hide from whoever ends a post the row of a deputy that is their own. Triggers say it, whoever writes.

-- What has happened stays, whether a post holds or has ended: neither longer, nor other days that are over.
CREATE FUNCTION scope.guard_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  over daterange := daterange(NULL, (now() AT TIME ZONE 'Asia/Shanghai')::date);
BEGIN
  IF NEW.valid <@ OLD.valid AND NEW.valid * over = OLD.valid * over OR scope.may('accounts.provision') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'outside the scope: a post is ended, never made to last longer, and its past stays'
    USING ERRCODE = 'TH002';
END
$$;
CREATE TRIGGER guard BEFORE UPDATE OF valid ON accounts_post FOR EACH ROW EXECUTE FUNCTION scope.guard_post();

GRANT CREATE ON SCHEMA scope TO tonghu_resolver;
CREATE FUNCTION scope.end_deputies() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE accounts_post SET valid = valid * NEW.valid WHERE deputy_for_id = NEW.id AND NOT valid <@ NEW.valid;
  RETURN NULL;
END
$$;
ALTER FUNCTION scope.end_deputies() OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA scope FROM tonghu_resolver;
CREATE TRIGGER ends_deputies AFTER UPDATE OF valid ON accounts_post
  FOR EACH ROW WHEN (OLD.valid IS DISTINCT FROM NEW.valid) EXECUTE FUNCTION scope.end_deputies();
