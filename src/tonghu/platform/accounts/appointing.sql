-- What policies cannot say, since they see a row before or after a change and never both, or ask for more than one row:
-- who may be appointed by whom, and which fields of a person move. With an honest scope open, that is as far as raw SQL
-- of the application gets. Roles are data of roles.py; `scope.role_appoints` is written from them at every migration.

GRANT CREATE ON SCHEMA scope TO tonghu_resolver;

-- May the open post give, change or end a post of this role at this place? The same as reach.appoints, which says why.
CREATE FUNCTION scope.appoints(asked text, there bigint) RETURNS boolean
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
           OR here.department IN ('health', 'centre')
              AND (place.kind IN ('hospital', 'primary_care') OR place.department = 'leading_group'))
      AND NOT (asked = 'audit_admin' AND own.role = 'security_admin' AND own.institution_id = there))
$$;

-- Does the open scope keep this person's account, or a post of theirs? Nobody else is appointed by it.
CREATE FUNCTION scope.keeps_person(asked bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM accounts_person WHERE id = asked AND institution_id = ANY (scope.institutions()))
      OR EXISTS (SELECT FROM accounts_post WHERE person_id = asked AND institution_id = ANY (scope.institutions()))
$$;
ALTER FUNCTION scope.appoints(text, bigint) OWNER TO tonghu_resolver;
ALTER FUNCTION scope.keeps_person(bigint) OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA scope FROM tonghu_resolver;

ALTER POLICY accounts_post_insert ON accounts_post WITH CHECK (
  (SELECT scope.may('accounts.provision')) OR (SELECT scope.everything())
  OR ((SELECT scope.may('accounts.appoint')) AND person_id <> (SELECT scope.person())
      AND scope.appoints(role, institution_id) AND scope.keeps_person(person_id)));
ALTER POLICY accounts_post_update ON accounts_post
  USING ((SELECT scope.may('accounts.provision')) OR (SELECT scope.everything())
    OR ((SELECT scope.may('accounts.appoint')) AND person_id <> (SELECT scope.person())
        AND scope.appoints(role, institution_id)))
  WITH CHECK ((SELECT scope.may('accounts.provision')) OR (SELECT scope.everything())
    OR ((SELECT scope.may('accounts.appoint')) AND person_id <> (SELECT scope.person())
        AND scope.appoints(role, institution_id)));
-- Of a post only its days change; another role is another post.
REVOKE UPDATE ON accounts_post FROM tonghu_app;
GRANT UPDATE (valid) ON accounts_post TO tonghu_app;

CREATE FUNCTION scope.guard_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  authenticates boolean := scope.may('accounts.authenticate') OR scope.may('accounts.provision');
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.password NOT LIKE '!%' AND NOT authenticates THEN
      RAISE EXCEPTION 'outside the scope: whoever registers sets no password' USING ERRCODE = 'TH002';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.password, NEW.last_login) IS DISTINCT FROM (OLD.password, OLD.last_login) AND NOT authenticates THEN
    RAISE EXCEPTION 'outside the scope: a password is set at the door' USING ERRCODE = 'TH002';
  END IF;
  IF (NEW.username, NEW.made_up) IS DISTINCT FROM (OLD.username, OLD.made_up) AND NOT scope.may('accounts.provision') THEN
    RAISE EXCEPTION 'outside the scope: this stands from the beginning' USING ERRCODE = 'TH002';
  END IF;
  IF NEW.institution_id <> OLD.institution_id AND NOT scope.may('accounts.provision')
     AND NOT (scope.may('accounts.register') AND ARRAY[NEW.institution_id, OLD.institution_id] <@ scope.institutions()) THEN
    RAISE EXCEPTION 'outside the scope: both institutions must be in it' USING ERRCODE = 'TH002';
  END IF;
  IF NEW.is_active <> OLD.is_active AND NOT authenticates
     AND NOT (scope.may('accounts.secure') AND NEW.id <> scope.person() AND OLD.institution_id = ANY (scope.institutions())) THEN
    RAISE EXCEPTION 'outside the scope: nobody opens or closes this account' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON accounts_person
  FOR EACH ROW EXECUTE FUNCTION scope.guard_person();
-- What happened at the door is written once. Policies say so too; this holds even for the system's own scopes.
REVOKE UPDATE, DELETE, TRUNCATE ON accounts_loginevent FROM tonghu_app, tonghu_resolver;
