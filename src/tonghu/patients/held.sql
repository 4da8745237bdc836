-- Who is one with whom is said by those who hold a view of each side in their own range; a grant is to see, not to say.
-- And a grant opens what its giver, or somebody above hospitals, calls one child: what another hospital, the grantee
-- itself too, has put together with it is not the giver's to be opened.
GRANT CREATE ON SCHEMA resolver, scope TO tonghu_resolver;

-- Has the open scope a view of the child in its own range? Yes or no.
CREATE FUNCTION resolver.holds(child bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM patients_hospitalview AS held
                 WHERE held.child_id = child AND held.institution_id = ANY (scope.institutions()))
$$;

-- What the open scope may see by a dated grant: the rows of the hospital that gave it, and of no other; of the child, and
-- of those that are one with it by acts of the giver or of somebody above hospitals.
CREATE OR REPLACE FUNCTION scope.granted() RETURNS TABLE (child_id bigint, institution_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH RECURSIVE reach (child, giver) AS (
    SELECT given.child_id, given.given_by_id FROM patients_grant AS given
    WHERE given.institution_id = scope.institution() AND given.valid @> statement_timestamp()
    UNION
    SELECT CASE WHEN act.kept_id = reach.child THEN act.merged_id ELSE act.kept_id END, reach.giver
    FROM reach JOIN patients_merge AS act ON reach.child IN (act.kept_id, act.merged_id)
    WHERE act.undoes_id IS NULL AND (act.of_hospital IS NULL OR act.of_hospital = reach.giver)
      AND NOT EXISTS (SELECT FROM patients_merge AS undo WHERE undo.undoes_id = act.id)
  )
  SELECT child, giver FROM reach
$$;

-- Children that the open scope may see by a dated grant.
CREATE OR REPLACE FUNCTION scope.granted_children() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT given.child_id), '{}') FROM scope.granted() AS given
$$;

-- Say that two children are one. Nothing of either side is rewritten, so that an undo leaves both as if never merged.
CREATE OR REPLACE FUNCTION resolver.merge(kept bigint, merged bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  act bigint;
BEGIN
  IF NOT scope.may('children.merge') OR NOT resolver.holds(kept) OR NOT resolver.holds(merged) THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;  -- acts are rare, and each sees the one before it
  IF (SELECT count(DISTINCT coalesce(one_with_id, id)) FROM patients_child WHERE id IN (kept, merged)) < 2 THEN
    RAISE EXCEPTION 'already one' USING ERRCODE = 'TH004';
  END IF;
  INSERT INTO patients_merge (kept_id, merged_id, reason, person_id, post_id, of_hospital, who, at)
    VALUES (kept, merged, why, scope.person(), scope.post(), scope.institution(), scope.label(), now())
    RETURNING id INTO act;
  PERFORM resolver.regroup(kept, merged);
  PERFORM resolver.answer(act, kept, merged);
  RETURN act;
END
$$;

-- Take a merge back: another act, not an erasure. Whoever holds both sides may; and of what a hospital said, any hospital
-- whose own child it is, also where it sees that side alone: nobody else's word makes its child another's for good.
CREATE OR REPLACE FUNCTION resolver.undo_merge(act bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  done patients_merge;
  undo bigint;
BEGIN
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO done FROM patients_merge WHERE id = act AND undoes_id IS NULL;
  IF done IS NULL OR NOT scope.may('children.merge') OR NOT (resolver.holds(done.kept_id) AND resolver.holds(done.merged_id)
      OR done.of_hospital IS NOT NULL AND (resolver.holds(done.kept_id) OR resolver.holds(done.merged_id)))
  THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  IF EXISTS (SELECT FROM patients_merge WHERE undoes_id = act) THEN
    RAISE EXCEPTION 'already undone' USING ERRCODE = 'TH004';
  END IF;
  INSERT INTO patients_merge (kept_id, merged_id, undoes_id, reason, person_id, post_id, of_hospital, who, at)
    VALUES (done.kept_id, done.merged_id, act, why, scope.person(), scope.post(), scope.institution(), scope.label(),
            now())
    RETURNING id INTO undo;
  PERFORM resolver.regroup(done.kept_id, done.merged_id);
  PERFORM resolver.answer(act, done.kept_id, done.merged_id);
  RETURN undo;
END
$$;

-- Two children are two: the question is answered.
CREATE OR REPLACE FUNCTION resolver.dismiss(asked bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held patients_mergeproposal;
BEGIN
  SELECT * INTO held FROM patients_mergeproposal WHERE id = asked FOR UPDATE;
  IF held IS NULL OR NOT scope.may('children.merge') OR NOT resolver.holds(held.first_id)
      OR NOT resolver.holds(held.second_id) THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  IF held.settled_at IS NOT NULL OR resolver.are_one(held.first_id, held.second_id) THEN
    RAISE EXCEPTION 'already settled' USING ERRCODE = 'TH004';
  END IF;
  UPDATE patients_mergeproposal SET dismissed_because = why, settled_at = now(), settled_by = scope.label()
    WHERE id = asked;
  RETURN asked;
END
$$;

ALTER FUNCTION resolver.holds(bigint) OWNER TO tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.holds(bigint) FROM PUBLIC;
REVOKE CREATE ON SCHEMA resolver, scope FROM tonghu_resolver;
GRANT EXECUTE ON FUNCTION resolver.holds(bigint) TO tonghu_app, tonghu_owner;
