-- Whoever watches a security administrator, the audit administrator of the same place, is not switched off or on by
-- them: the same as reach.watches, which says who does.
CREATE FUNCTION scope.guard_watcher() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM accounts_post AS own JOIN accounts_post AS held ON held.institution_id = own.institution_id
    WHERE own.id = scope.post() AND own.role = 'security_admin' AND held.role = 'audit_admin'
      AND held.person_id = NEW.id AND NOT isempty(held.valid)
      AND coalesce(upper(held.valid), 'infinity') > (now() AT TIME ZONE 'Asia/Shanghai')::date
  ) THEN
    RAISE EXCEPTION 'outside the scope: one above opens or closes the account of whoever watches' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard_watcher BEFORE UPDATE OF is_active ON accounts_person
  FOR EACH ROW WHEN (OLD.is_active IS DISTINCT FROM NEW.is_active) EXECUTE FUNCTION scope.guard_watcher();
