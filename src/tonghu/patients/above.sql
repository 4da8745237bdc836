-- Merges that were said above hospitals count for the hospitals below, and for no other: a grant opens what its giver, or
-- somebody above the giver, calls one child. And whoever parts a view takes that back, also where it sees by a grant alone
-- from whom it was parted.
GRANT CREATE ON SCHEMA resolver, scope TO tonghu_resolver;

-- As before; of what was said above hospitals, only what was said above the giver.
CREATE OR REPLACE FUNCTION scope.granted() RETURNS TABLE (child_id bigint, institution_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH RECURSIVE reach (child, giver, lies) AS (
    SELECT given.child_id, given.given_by_id, place.region_code COLLATE "C" FROM patients_grant AS given
    JOIN network_institution AS place ON place.id = given.given_by_id
    WHERE given.institution_id = scope.institution() AND given.valid @> statement_timestamp()
    UNION
    SELECT CASE WHEN act.kept_id = reach.child THEN act.merged_id ELSE act.kept_id END, reach.giver, reach.lies
    FROM reach JOIN patients_merge AS act ON reach.child IN (act.kept_id, act.merged_id)
    WHERE act.undoes_id IS NULL
      AND (act.of_hospital = reach.giver OR act.region_from <= reach.lies AND reach.lies < act.region_to)
      AND NOT EXISTS (SELECT FROM patients_merge AS undo WHERE undo.undoes_id = act.id)
  )
  SELECT child, giver FROM reach
$$;

-- Did the open scope part these two, and has nobody merged them since? Then it may say that they are one after all.
CREATE FUNCTION resolver.parted(one bigint, other bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM patients_split AS act
                 WHERE (act.child_id, act.parted_id) IN ((one, other), (other, one))
                   AND act.institution_id = ANY (scope.institutions()))
    AND NOT EXISTS (SELECT FROM patients_merge AS act
                    WHERE (act.kept_id, act.merged_id) IN ((one, other), (other, one)))
$$;

-- Say that two children are one. Nothing of either side is rewritten, so that an undo leaves both as if never merged.
CREATE OR REPLACE FUNCTION resolver.merge(kept bigint, merged bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  act bigint;
BEGIN
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;  -- acts are rare, and each sees the one before it
  IF NOT scope.may('children.merge')
    OR NOT (resolver.holds(kept) AND resolver.holds(merged) OR resolver.parted(kept, merged)) THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  IF (SELECT count(DISTINCT coalesce(one_with_id, id)) FROM patients_child WHERE id IN (kept, merged)) < 2 THEN
    RAISE EXCEPTION 'already one' USING ERRCODE = 'TH004';
  END IF;
  INSERT INTO patients_merge
      (kept_id, merged_id, reason, person_id, post_id, of_hospital, region_from, region_to, who, at)
    VALUES (kept, merged, why, scope.person(), scope.post(), scope.institution(), scope.region_from(),
            scope.region_to(), scope.label(), now())
    RETURNING id INTO act;
  PERFORM resolver.regroup(kept, merged);
  PERFORM resolver.answer(act, kept, merged);
  RETURN act;
END
$$;

-- May the open scope take a merge back? Whoever holds both sides may; and any hospital or authority that holds one, of what
-- was not said above it: nobody else's word makes its child another's for good. What was said above hospitals before
-- anybody noted for which counts as said above all.
CREATE FUNCTION resolver.may_undo(act bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT scope.may('children.merge') AND EXISTS (
    SELECT FROM patients_merge AS done
    WHERE done.id = act AND done.undoes_id IS NULL
      AND (resolver.holds(done.kept_id) AND resolver.holds(done.merged_id)
        OR (resolver.holds(done.kept_id) OR resolver.holds(done.merged_id))
          AND (done.of_hospital IS NOT NULL OR CASE WHEN scope.institution() IS NULL
            THEN NOT (done.region_from <= scope.region_from() AND scope.region_to() <= done.region_to)
            ELSE (SELECT NOT (done.region_from <= place.region_code COLLATE "C"
                              AND place.region_code COLLATE "C" < done.region_to)
                  FROM network_institution AS place WHERE place.id = scope.institution()) END)))
$$;

-- Take a merge back: another act, not an erasure.
CREATE OR REPLACE FUNCTION resolver.undo_merge(act bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  done patients_merge;
  undo bigint;
BEGIN
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;
  IF NOT resolver.may_undo(act) THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  IF EXISTS (SELECT FROM patients_merge WHERE undoes_id = act) THEN
    RAISE EXCEPTION 'already undone' USING ERRCODE = 'TH004';
  END IF;
  SELECT * INTO done FROM patients_merge WHERE id = act;
  INSERT INTO patients_merge
      (kept_id, merged_id, undoes_id, reason, person_id, post_id, of_hospital, region_from, region_to, who, at)
    VALUES (done.kept_id, done.merged_id, act, why, scope.person(), scope.post(), scope.institution(),
            scope.region_from(), scope.region_to(), scope.label(), now())
    RETURNING id INTO undo;
  PERFORM resolver.regroup(done.kept_id, done.merged_id);
  PERFORM resolver.answer(act, done.kept_id, done.merged_id);
  RETURN undo;
END
$$;

-- Which other hospitals have a view of either child of an act of this transaction: it stands in their books as well, and
-- whoever acts need not see them.
CREATE FUNCTION resolver.books_of(act bigint) RETURNS TABLE (child_id bigint, other_id bigint, institution_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT side.child, side.other, held.institution_id
  FROM patients_merge AS done
  CROSS JOIN LATERAL (VALUES (done.kept_id, done.merged_id), (done.merged_id, done.kept_id)) AS side (child, other)
  JOIN patients_hospitalview AS held ON held.child_id = side.child
  WHERE done.id = act AND done.at = transaction_timestamp() AND scope.may('children.merge')
    AND (done.person_id, done.post_id, done.of_hospital)
      IS NOT DISTINCT FROM (scope.person(), scope.post(), scope.institution())
    AND held.institution_id IS DISTINCT FROM scope.institution()
  ORDER BY 1, 3
$$;

ALTER FUNCTION resolver.parted(bigint, bigint) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.may_undo(bigint) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.books_of(bigint) OWNER TO tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.parted(bigint, bigint), resolver.may_undo(bigint), resolver.books_of(bigint)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.may_undo(bigint), resolver.books_of(bigint) TO tonghu_app, tonghu_owner;
REVOKE CREATE ON SCHEMA resolver, scope FROM tonghu_resolver;
