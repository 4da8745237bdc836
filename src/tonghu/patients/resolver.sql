-- Which child is this? Answered across scopes with ids, or yes and no, and nothing else. These functions belong to
-- tonghu_resolver, which passes row-level security; they check the caller's scope themselves. See docs/patients.md.
-- Their search path ends with pg_temp: left out, PostgreSQL would look there first, and a caller's own temporary table
-- would stand in for ours.
CREATE SCHEMA resolver;
GRANT USAGE ON SCHEMA resolver TO tonghu_app, tonghu_owner;
GRANT USAGE, CREATE ON SCHEMA resolver TO tonghu_resolver;
GRANT USAGE, CREATE ON SCHEMA scope TO tonghu_resolver;

-- The caller acts for institutions of its own scope and may enter children there; anything else is refused.
CREATE FUNCTION resolver.check_entry(VARIADIC asked bigint[]) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT scope.may('children.enter') OR NOT asked <@ scope.institutions() THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
END
$$;

-- Documents are named by their hash under the key that writes; `alias` holds what the document `of_document` hashes to
-- under another key, one row each, while keys change.

-- The child of each document that is known under any of its hashes.
CREATE FUNCTION resolver.of_documents(documents bytea[], of_document bytea[], alias bytea[])
RETURNS TABLE (document bytea, child bigint) LANGUAGE sql STABLE ROWS 1000 AS $$
  SELECT DISTINCT ON (hash.document) hash.document, held.child_id
  FROM (SELECT unnest(documents) AS document, unnest(documents) AS hash
        UNION ALL SELECT * FROM unnest(of_document, alias)) AS hash
  JOIN public.patients_documentkey AS held ON held.key = hash.hash
  ORDER BY hash.document, held.id
$$;

-- The children of many rows at once: row n names institutions[n], its record number or NULL, its document or NULL with
-- the number sealed. Returns their ids in the same order; makes children where there are none.
--
-- The document decides; a row without one goes by hospital and record number. A document that nobody knows yet joins
-- the child of its first row's record number, unless that child has a document already: then the number was given out
-- twice, or one child has two documents. Rows with documents count before those without. Where a record number's child
-- and a document's child are two, a person is asked (patients_mergeproposal).
--
-- No deadlocks: children, then documents, then record numbers are locked, each in sorted order. So call it once in a
-- transaction. Who meets the same unknown document at the same moment waits, and both answer the same.
CREATE FUNCTION resolver.children(
  institutions bigint[], records text[], documents bytea[], sealed bytea[],
  of_document bytea[], alias bytea[], write_aliases boolean
) RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- Keys are looked up by index, also while the statistics of a young site still call its tables empty.
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  fresh bytea[];  -- the documents that nobody knows, sorted; with their numbers and children
  numbers bytea[];
  owners bigint[];
  places bigint[];  -- the record numbers that nobody knows, sorted; with their children
  names text[];
  holders bigint[];
  made bigint[];
  known_documents bytea[];
  their_children bigint[];
  answer bigint[];
BEGIN
  PERFORM resolver.check_entry(VARIADIC ARRAY(SELECT DISTINCT unnest(institutions)));
  IF EXISTS (SELECT FROM unnest(records, documents) AS line (record, document)
             WHERE line.record IS NULL AND line.document IS NULL) THEN
    RAISE EXCEPTION 'a document or a record number is needed' USING ERRCODE = 'TH003';
  END IF;

  IF EXISTS (SELECT FROM unnest(documents) AS document WHERE document IS NOT NULL) THEN
    -- Two documents at once must not join one child: whoever has a record number and no document is locked.
    PERFORM FROM patients_child WHERE id IN (
      SELECT held.child_id FROM unnest(institutions, records, documents) AS line (institution, record, document)
      JOIN patients_recordkey AS held ON held.institution_id = line.institution AND held.record_number = line.record
      WHERE line.document IS NOT NULL
        AND NOT EXISTS (SELECT FROM patients_documentkey AS other WHERE other.child_id = held.child_id)
    ) ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(document ORDER BY document), array_agg(number ORDER BY document),
           array_agg(CASE WHEN nth = 1 THEN claim END ORDER BY document)
      INTO fresh, numbers, owners
      FROM (
        SELECT first.document, first.number, held.child_id AS claim,
               row_number() OVER (PARTITION BY held.child_id ORDER BY first.n) AS nth
        FROM (
          SELECT DISTINCT ON (line.document) line.*
          FROM unnest(institutions, records, documents, sealed)
            WITH ORDINALITY AS line (institution, record, document, number, n)
          WHERE line.document IS NOT NULL ORDER BY line.document, line.n
        ) AS first
        LEFT JOIN patients_recordkey AS held ON held.institution_id = first.institution
          AND held.record_number = first.record
          AND NOT EXISTS (SELECT FROM patients_documentkey AS other WHERE other.child_id = held.child_id)
        WHERE first.document NOT IN (SELECT document FROM resolver.of_documents(documents, of_document, alias))
      ) AS unknown;
    WITH born AS (
      INSERT INTO patients_child (created_at)
        SELECT now() FROM unnest(owners) AS owner WHERE owner IS NULL RETURNING id
    ) SELECT array_agg(id) INTO made FROM born;
    owners := resolver.filled(owners, made);
    INSERT INTO patients_documentkey (key, number, child_id)
      SELECT hash, number, owner FROM (
        SELECT document AS hash, number, owner FROM unnest(fresh, numbers, owners) AS line (document, number, owner)
        UNION ALL
        SELECT other.hash, line.number, line.owner FROM unnest(fresh, numbers, owners) AS line (document, number, owner)
        JOIN unnest(of_document, alias) AS other (document, hash) USING (document) WHERE write_aliases
      ) AS hashed ORDER BY hash ON CONFLICT DO NOTHING;
    -- Somebody wrote the document under an older key meanwhile: theirs was first.
    UPDATE patients_documentkey AS late SET child_id = early.child_id
      FROM unnest(of_document, alias) AS other (document, hash)
      JOIN patients_documentkey AS early ON early.key = other.hash
      WHERE late.key = other.document AND late.child_id = ANY (owners) AND early.child_id <> late.child_id;
    DELETE FROM patients_child WHERE id = ANY (made)
      AND NOT EXISTS (SELECT FROM patients_documentkey AS other WHERE other.child_id = patients_child.id);
  END IF;

  SELECT array_agg(document), array_agg(child) INTO known_documents, their_children
    FROM resolver.of_documents(documents, of_document, alias);
  SELECT array_agg(institution ORDER BY institution, record), array_agg(record ORDER BY institution, record),
         array_agg(child ORDER BY institution, record)
    INTO places, names, holders
    FROM (
      SELECT DISTINCT ON (line.institution, line.record) line.institution, line.record, known.child
      FROM unnest(institutions, records, documents) WITH ORDINALITY AS line (institution, record, document, n)
      LEFT JOIN unnest(known_documents, their_children) AS known (document, child) USING (document)
      WHERE line.record IS NOT NULL AND NOT EXISTS (
        SELECT FROM patients_recordkey AS held
        WHERE held.institution_id = line.institution AND held.record_number = line.record)
      ORDER BY line.institution, line.record, line.document IS NULL, line.n
    ) AS unknown;
  IF places IS NOT NULL THEN
    WITH born AS (
      INSERT INTO patients_child (created_at)
        SELECT now() FROM unnest(holders) AS holder WHERE holder IS NULL RETURNING id
    ) SELECT array_agg(id) INTO made FROM born;
    holders := resolver.filled(holders, made);
    INSERT INTO patients_recordkey (institution_id, record_number, child_id)
      SELECT * FROM unnest(places, names, holders) AS line (institution, record, child)
      ORDER BY institution, record ON CONFLICT DO NOTHING;
    DELETE FROM patients_child WHERE id = ANY (made)
      AND NOT EXISTS (SELECT FROM patients_recordkey AS other WHERE other.child_id = patients_child.id);
  END IF;

  INSERT INTO patients_mergeproposal
      (first_id, second_id, ground, institution_id, made_at, dismissed_because, settled_by)
    SELECT DISTINCT least(known.child, held.child_id), greatest(known.child, held.child_id), 'record_number',
           line.institution, now(), '', ''
    FROM unnest(institutions, records, documents) AS line (institution, record, document)
    JOIN unnest(known_documents, their_children) AS known (document, child) USING (document)
    JOIN patients_recordkey AS held ON held.institution_id = line.institution AND held.record_number = line.record
    WHERE known.child <> held.child_id  -- also of two that are one by now: the merge may be taken back
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;

  -- A record number that somebody parted from the document's child stays parted, however often the document comes.
  SELECT array_agg(CASE WHEN known.child IS NULL OR parted.id IS NOT NULL THEN held.child_id ELSE known.child END
                   ORDER BY line.n) INTO answer
    FROM unnest(institutions, records, documents) WITH ORDINALITY AS line (institution, record, document, n)
    LEFT JOIN unnest(known_documents, their_children) AS known (document, child) USING (document)
    LEFT JOIN patients_split AS parted ON parted.institution_id = line.institution
      AND parted.record_number = line.record AND parted.child_id = known.child
    LEFT JOIN patients_recordkey AS held ON (known.child IS NULL OR parted.id IS NOT NULL)
      AND held.institution_id = line.institution AND held.record_number = line.record;
  RETURN answer;
END
$$;

-- `children` with each gap filled by the next of `made`.
CREATE FUNCTION resolver.filled(children bigint[], made bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(coalesce(child, made[gap]) ORDER BY n)
  FROM (SELECT child, n, count(*) FILTER (WHERE child IS NULL) OVER (ORDER BY n) AS gap
        FROM unnest(children) WITH ORDINALITY AS line (child, n)) AS numbered
$$;

CREATE FUNCTION resolver.are_one(one bigint, other bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(DISTINCT coalesce(one_with_id, id)) = 1 FROM public.patients_child WHERE id IN (one, other)
$$;

-- A person says that the child of a view has this document too. Unknown, it joins the child; another child's, it stays
-- there and a person is asked whether the two are one: the answer is then false. Of two that are one by a merge the
-- question is kept as well, and waits once that is taken back.
CREATE FUNCTION resolver.attach(
  asked bigint, document bytea, sealed bytea, of_document bytea[], alias bytea[], write_aliases boolean
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held patients_hospitalview;
  owner bigint;
BEGIN
  SELECT * INTO held FROM patients_hospitalview WHERE id = asked;
  PERFORM resolver.check_entry(held.institution_id);
  INSERT INTO patients_documentkey (key, number, child_id)
    SELECT hash, sealed, held.child_id
    FROM (SELECT document AS hash UNION ALL SELECT unnest(alias) WHERE write_aliases) AS hashed
    WHERE NOT EXISTS (SELECT FROM resolver.of_documents(ARRAY[document], of_document, alias))
    ORDER BY hash ON CONFLICT DO NOTHING;
  SELECT child INTO owner FROM resolver.of_documents(ARRAY[document], of_document, alias);
  IF owner = held.child_id THEN RETURN true; END IF;
  INSERT INTO patients_mergeproposal (first_id, second_id, ground, institution_id, made_at, dismissed_because, settled_by)
    VALUES (least(owner, held.child_id), greatest(owner, held.child_id), 'document', held.institution_id, now(), '', '')
    ON CONFLICT DO NOTHING;
  RETURN resolver.are_one(owner, held.child_id);
END
$$;

-- A document's number was typed wrongly at a view: it is no longer evidence for the view's child, unless another view of
-- that child holds it too. Called after the view has been put right.
CREATE FUNCTION resolver.release(asked bigint, hashes bytea[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held patients_hospitalview;
BEGIN
  SELECT * INTO held FROM patients_hospitalview WHERE id = asked;
  PERFORM resolver.check_entry(held.institution_id);
  DELETE FROM patients_documentkey AS gone WHERE gone.child_id = held.child_id AND gone.key = ANY (hashes)
    AND NOT EXISTS (SELECT FROM patients_hospitalview AS other
                    WHERE other.child_id = gone.child_id AND other.document_key = ANY (hashes))
    AND NOT EXISTS (SELECT FROM patients_identifier AS other
                    WHERE other.child_id = gone.child_id AND other.document_key = ANY (hashes));
  RETURN FOUND;
END
$$;

-- Is the open scope the nation's? Then no row need be compared with 1,750 hospitals.
CREATE FUNCTION scope.nationwide() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(scope.region_from() = '000000' AND scope.region_to() = '999999' AND scope.institution() IS NULL, false) $$;

-- Who acts, in words that stand in history for good.
CREATE FUNCTION scope.label() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(scope.entry() ->> 'label', '') $$;

-- Children that the open scope may see by a dated grant, with everyone merged with them.
CREATE FUNCTION scope.granted_children() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT same.id), '{}')
  FROM patients_grant AS given
  JOIN patients_child AS child ON child.id = given.child_id
  JOIN patients_child AS same ON coalesce(same.one_with_id, same.id) = coalesce(child.one_with_id, child.id)
  WHERE given.institution_id = scope.institution() AND given.valid @> statement_timestamp()
$$;

-- What of them it may see: the rows of the hospital that gave the grant, and of no other.
CREATE FUNCTION scope.granted() RETURNS TABLE (child_id bigint, institution_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT same.id, given.given_by_id
  FROM patients_grant AS given
  JOIN patients_child AS child ON child.id = given.child_id
  JOIN patients_child AS same ON coalesce(same.one_with_id, same.id) = coalesce(child.one_with_id, child.id)
  WHERE given.institution_id = scope.institution() AND given.valid @> statement_timestamp()
$$;

-- Has the hospital a view of the child, or of one that is one with it? What it has not, it cannot let others see.
CREATE FUNCTION resolver.knows(institution bigint, child bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT institution = ANY (scope.institutions()) AND EXISTS (
    SELECT FROM patients_child AS named
    JOIN patients_child AS same ON coalesce(same.one_with_id, same.id) = coalesce(named.one_with_id, named.id)
    JOIN patients_hospitalview AS held ON held.child_id = same.id AND held.institution_id = institution
    WHERE named.id = child)
$$;

-- Does the open scope see the child, by a view in its range or by a grant? Yes or no.
CREATE FUNCTION resolver.sees(child bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM patients_hospitalview AS held
                 WHERE held.child_id = child AND held.institution_id = ANY (scope.institutions()))
      OR child = ANY (scope.granted_children())
$$;

-- Whom the open scope sees of a child and those that are one with it: the child itself, else the smallest; NULL for none.
CREATE FUNCTION resolver.seen_as(asked bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT same.id FROM patients_child AS named
  JOIN patients_child AS same
    ON same.id = coalesce(named.one_with_id, named.id) OR same.one_with_id = coalesce(named.one_with_id, named.id)
  WHERE named.id = asked AND resolver.sees(same.id)
  ORDER BY same.id <> asked, same.id LIMIT 1
$$;

-- After an act, who is one with whom: the children joined by merges that are not undone, under the smallest id of each
-- group. Only the groups that `child` and `other` belong to change.
CREATE FUNCTION resolver.regroup(VARIADIC children bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM patients_child WHERE coalesce(one_with_id, id) IN (
    SELECT coalesce(one_with_id, id) FROM patients_child WHERE id = ANY (children)) ORDER BY id FOR NO KEY UPDATE;
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

-- After a regroup, a question is answered by the act that made its two one, and waits again where they are not.
CREATE FUNCTION resolver.answer(act bigint, VARIADIC children bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  heads bigint[] := ARRAY(SELECT coalesce(one_with_id, id) FROM patients_child WHERE id = ANY (children));
  touched bigint[] := ARRAY(SELECT id FROM patients_child WHERE id = ANY (heads) OR one_with_id = ANY (heads));
BEGIN
  UPDATE patients_mergeproposal SET merge_id = act, settled_at = now(), settled_by = scope.label()
    WHERE settled_at IS NULL AND first_id = ANY (touched) AND resolver.are_one(first_id, second_id);
  UPDATE patients_mergeproposal SET merge_id = NULL, settled_at = NULL, settled_by = ''
    WHERE merge_id IS NOT NULL AND first_id = ANY (touched) AND NOT resolver.are_one(first_id, second_id);
END
$$;

-- Say that two children are one. Nothing of either side is rewritten, so that an undo leaves both as if never merged.
CREATE FUNCTION resolver.merge(kept bigint, merged bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
  INSERT INTO patients_merge (kept_id, merged_id, reason, person_id, post_id, who, at)
    VALUES (kept, merged, why, scope.person(), scope.post(), scope.label(), now()) RETURNING id INTO act;
  PERFORM resolver.regroup(kept, merged);
  PERFORM resolver.answer(act, kept, merged);
  RETURN act;
END
$$;

-- Take a merge back: another act, not an erasure.
CREATE FUNCTION resolver.undo_merge(act bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
  INSERT INTO patients_merge (kept_id, merged_id, undoes_id, reason, person_id, post_id, who, at)
    VALUES (done.kept_id, done.merged_id, act, why, scope.person(), scope.post(), scope.label(), now())
    RETURNING id INTO undo;
  PERFORM resolver.regroup(done.kept_id, done.merged_id);
  PERFORM resolver.answer(act, done.kept_id, done.merged_id);
  RETURN undo;
END
$$;

-- Two children are two: the question is answered.
CREATE FUNCTION resolver.dismiss(asked bigint, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held patients_mergeproposal;
BEGIN
  SELECT * INTO held FROM patients_mergeproposal WHERE id = asked FOR UPDATE;
  IF held IS NULL OR NOT scope.may('children.merge') OR NOT resolver.sees(held.first_id)
      OR NOT resolver.sees(held.second_id) THEN
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

-- Everything above runs as tonghu_resolver, also what is only called from within.
DO $$
DECLARE
  each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc WHERE pronamespace = 'resolver'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tonghu_resolver', each);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END
$$;
ALTER FUNCTION scope.granted_children() OWNER TO tonghu_resolver;
ALTER FUNCTION scope.granted() OWNER TO tonghu_resolver;
-- Made what it needs, the resolver makes and replaces nothing more.
REVOKE CREATE ON SCHEMA resolver, scope FROM tonghu_resolver;
GRANT EXECUTE ON FUNCTION
  resolver.children(bigint[], text[], bytea[], bytea[], bytea[], bytea[], boolean),
  resolver.attach(bigint, bytea, bytea, bytea[], bytea[], boolean), resolver.release(bigint, bytea[]),
  resolver.sees(bigint), resolver.seen_as(bigint), resolver.knows(bigint, bigint), resolver.merge(bigint, bigint, text), resolver.undo_merge(bigint, text),
  resolver.dismiss(bigint, text) TO tonghu_app, tonghu_owner;
-- What the resolver keeps is its own: app reads no keys, and writes no identities and merges but through it.
REVOKE ALL ON patients_documentkey, patients_recordkey FROM tonghu_app;
REVOKE INSERT, UPDATE, DELETE ON patients_child, patients_merge, patients_mergeproposal FROM tonghu_app;
-- A grant is ended and nothing else of it is changed: who sees whose rows of which child stands from the beginning.
REVOKE UPDATE ON patients_grant FROM tonghu_app;
GRANT UPDATE (valid) ON patients_grant TO tonghu_app;
