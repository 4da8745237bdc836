-- What policies cannot say of docking clients, since they see a row before or after a change and never both, and not
-- what the open post holds: nobody hands out, or gets the secret of, a right that their own post lacks.
-- `scope.of_patients` is written from the rights of the code at every migration.

CREATE FUNCTION scope.guard_docking_client() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held text[] := ARRAY(SELECT jsonb_array_elements_text(scope.entry() -> 'may'));
BEGIN
  IF scope.everything() THEN
    RETURN NEW;
  END IF;
  IF (TG_OP = 'INSERT' OR NEW.secret_digest IS DISTINCT FROM OLD.secret_digest) AND NOT NEW.permissions::text[] <@ held THEN
    RAISE EXCEPTION 'outside the scope: nobody hands out a right that their own post lacks' USING ERRCODE = 'TH002';
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF NOT NEW.valid <@ OLD.valid THEN
      RAISE EXCEPTION 'outside the scope: credentials are ended, never made to last longer' USING ERRCODE = 'TH002';
    END IF;
  ELSIF scope.of_patients(NEW.permissions::text[]) AND (cardinality(NEW.networks) = 0 OR NEW.environment <> 'live')
      AND NOT (SELECT made_up FROM network_institution WHERE id = NEW.institution_id) THEN
    RAISE EXCEPTION 'outside the scope: what sees patients is live and calls from known addresses' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON api_dockingclient
  FOR EACH ROW EXECUTE FUNCTION scope.guard_docking_client();
-- Of a client only its secret and its end change; other rights or addresses are another client.
REVOKE UPDATE ON api_dockingclient FROM tonghu_app;
GRANT UPDATE (secret_digest, renewed_at, valid) ON api_dockingclient TO tonghu_app;
