-- Which child is this? Answered across scopes with an id and nothing else. These functions belong to tonghu_resolver,
-- which passes row-level security; they check the caller's scope themselves. See docs/patients.md.
CREATE SCHEMA resolver;
GRANT USAGE ON SCHEMA resolver TO tonghu_app, tonghu_owner;
GRANT USAGE, CREATE ON SCHEMA resolver TO tonghu_resolver;
GRANT USAGE, CREATE ON SCHEMA scope TO tonghu_resolver;

-- The caller acts for an institution of its own scope and may enter children there; anything else is refused.
CREATE FUNCTION resolver.check_entry(institution bigint) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT scope.may('children.enter') OR institution <> ALL (scope.institutions()) THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
END
$$;

-- The id of the child with this document or, without one, with this record number at this hospital; a new child where
-- there is none. `documents` holds the document's hash under every key in use (two while keys change), NULL without a
-- document. The document decides. A record number whose child has another document is no longer evidence (numbers are
-- given out twice): the document gets a child of its own. Concurrent callers wait for each other on the unique keys and
-- then agree.
CREATE FUNCTION resolver.child(documents bytea[], institution bigint, record text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  by_document bigint;
  by_record bigint;
  answer bigint;
  is_new boolean;
  written bigint;
BEGIN
  PERFORM resolver.check_entry(institution);
  IF documents IS NULL AND record IS NULL THEN
    RAISE EXCEPTION 'a document or a record number is needed' USING ERRCODE = 'TH003';
  END IF;
  LOOP
    SELECT child_id INTO by_document FROM patients_documentkey WHERE key = ANY (documents) LIMIT 1;
    SELECT child_id INTO by_record FROM patients_recordkey WHERE institution_id = institution AND record_number = record;
    answer := by_document;
    IF answer IS NULL AND NOT (documents IS NOT NULL AND by_record IS NOT NULL
        AND EXISTS (SELECT FROM patients_documentkey WHERE child_id = by_record)) THEN
      answer := by_record;
    END IF;
    is_new := answer IS NULL;
    IF is_new THEN
      INSERT INTO patients_child DEFAULT VALUES RETURNING id INTO answer;
    END IF;
    INSERT INTO patients_documentkey (key, child_id)
      SELECT hash, answer FROM unnest(documents) AS hash ORDER BY hash ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF by_document IS NULL AND written < coalesce(cardinality(documents), 0) THEN
      DELETE FROM patients_documentkey WHERE child_id = answer AND key = ANY (documents);
      IF is_new THEN DELETE FROM patients_child WHERE id = answer; END IF;
      CONTINUE;  -- somebody else was first: ask again
    END IF;
    IF by_record IS NULL AND record IS NOT NULL THEN
      INSERT INTO patients_recordkey (institution_id, record_number, child_id) VALUES (institution, record, answer)
        ON CONFLICT DO NOTHING;
      IF NOT FOUND AND documents IS NULL THEN
        IF is_new THEN DELETE FROM patients_child WHERE id = answer; END IF;
        CONTINUE;
      END IF;
    END IF;
    RETURN answer;
  END LOOP;
END
$$;

-- Children that the open scope may see by a dated grant, with everyone merged with them.
CREATE FUNCTION scope.granted_children() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT coalesce(array_agg(DISTINCT same.id), '{}')
  FROM patients_grant AS given
  JOIN patients_child AS child ON child.id = given.child_id
  JOIN patients_child AS same ON coalesce(same.one_with_id, same.id) = coalesce(child.one_with_id, child.id)
  WHERE given.institution_id = scope.institution() AND given.valid @> now()
$$;

-- Does the open scope see the child, by a view in its range or by a grant? Yes or no.
CREATE FUNCTION resolver.sees(child bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT EXISTS (SELECT FROM patients_hospitalview AS held
                 WHERE held.child_id = child AND held.institution_id = ANY (scope.institutions()))
      OR child = ANY (scope.granted_children())
$$;

-- After an act, who is one with whom: the children joined by merges that are not undone, under the smallest id of each
-- group. Only the groups that `child` and `other` belong to change.
CREATE FUNCTION resolver.regroup(VARIADIC children bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  WITH RECURSIVE standing AS (
    SELECT kept_id, merged_id FROM patients_merge AS act
    WHERE act.undoes_id IS NULL AND NOT EXISTS (SELECT FROM patients_merge AS undo WHERE undo.undoes_id = act.id)
  ), touched AS (
    SELECT id FROM patients_child WHERE coalesce(one_with_id, id) IN (
      SELECT coalesce(one_with_id, id) FROM patients_child WHERE id = ANY (children))
  ), reach (start, id) AS (
    SELECT id, id FROM touched
    UNION
    SELECT reach.start, CASE WHEN kept_id = reach.id THEN merged_id ELSE kept_id END
    FROM reach JOIN standing ON reach.id IN (kept_id, merged_id)
  ), grouped AS (
    SELECT start AS id, min(reach.id) AS head FROM reach GROUP BY start
  )
  UPDATE patients_child AS child SET one_with_id = nullif(head, child.id)
  FROM grouped WHERE grouped.id = child.id AND child.one_with_id IS DISTINCT FROM nullif(head, child.id);
END
$$;

-- Say that two children are one. Nothing of either side is rewritten, so that an undo leaves both as if never merged.
CREATE FUNCTION resolver.merge(kept bigint, merged bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  act bigint;
BEGIN
  IF NOT scope.may('children.merge') OR NOT resolver.sees(kept) OR NOT resolver.sees(merged) THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;  -- acts are rare, and each sees the one before it
  IF (SELECT count(DISTINCT coalesce(one_with_id, id)) FROM patients_child WHERE id IN (kept, merged)) < 2 THEN
    RAISE EXCEPTION 'already one' USING ERRCODE = 'TH004';
  END IF;
  INSERT INTO patients_merge (kept_id, merged_id, reason, person_id, post_id, at)
    VALUES (kept, merged, why, scope.person(), scope.post(), now()) RETURNING id INTO act;
  PERFORM resolver.regroup(kept, merged);
  RETURN act;
END
$$;

-- Take a merge back: another act, not an erasure.
CREATE FUNCTION resolver.undo_merge(act bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  done patients_merge;
  undo bigint;
BEGIN
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO done FROM patients_merge WHERE id = act AND undoes_id IS NULL;
  IF done IS NULL OR NOT scope.may('children.merge') OR NOT resolver.sees(done.kept_id) OR NOT resolver.sees(done.merged_id)
  THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  IF EXISTS (SELECT FROM patients_merge WHERE undoes_id = act) THEN
    RAISE EXCEPTION 'already undone' USING ERRCODE = 'TH004';
  END IF;
  INSERT INTO patients_merge (kept_id, merged_id, undoes_id, reason, person_id, post_id, at)
    VALUES (done.kept_id, done.merged_id, act, why, scope.person(), scope.post(), now()) RETURNING id INTO undo;
  PERFORM resolver.regroup(done.kept_id, done.merged_id);
  RETURN undo;
END
$$;

ALTER FUNCTION resolver.child(bytea[], bigint, text) OWNER TO tonghu_resolver;
ALTER FUNCTION scope.granted_children() OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.sees(bigint) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.regroup(bigint[]) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.merge(bigint, bigint, text) OWNER TO tonghu_resolver;
ALTER FUNCTION resolver.undo_merge(bigint, text) OWNER TO tonghu_resolver;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA resolver FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.child(bytea[], bigint, text), resolver.sees(bigint),
  resolver.merge(bigint, bigint, text), resolver.undo_merge(bigint, text) TO tonghu_app, tonghu_owner;
GRANT EXECUTE ON FUNCTION resolver.check_entry(bigint), resolver.regroup(bigint[]) TO tonghu_resolver;
-- What the resolver keeps is its own: app reads no keys, and writes no identities and merges but through it.
REVOKE ALL ON patients_documentkey, patients_recordkey FROM tonghu_app;
REVOKE INSERT, UPDATE, DELETE ON patients_child, patients_merge FROM tonghu_app;
