-- Whoever answers for a client is who knows its secret: the keeper changes with the secret and not without, and a
-- client always has one.
CREATE FUNCTION scope.guard_keeper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF scope.everything()
     OR (NEW.kept_by_id, NEW.secret_digest) IS NOT DISTINCT FROM (OLD.kept_by_id, OLD.secret_digest)
     OR NEW.kept_by_id = scope.person() AND NEW.secret_digest IS DISTINCT FROM OLD.secret_digest THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'outside the scope: whoever renews the secret keeps the client, and nobody else does'
    USING ERRCODE = 'TH002';
END
$$;
CREATE TRIGGER guard_keeper BEFORE INSERT OR UPDATE OF kept_by_id, secret_digest ON api_dockingclient
  FOR EACH ROW EXECUTE FUNCTION scope.guard_keeper();
