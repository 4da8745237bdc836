-- One identity stands for two children: somebody's document was entered for another child. A view of it becomes a child
-- of its own. The act is a row that never changes; a merge of the two takes it back, and that may be taken back as well.
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;

-- Part the view `asked` from its child; returns the act. `hashes` are those of the documents that the view names, under
-- every key in use; `of_document` says, hash by hash, of which of them (its hash under the key that writes).
CREATE FUNCTION resolver.split(asked bigint, of_document bytea[], hashes bytea[], why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held patients_hospitalview;
  fresh bigint;
  act bigint;
  other record;
BEGIN
  LOCK TABLE patients_merge IN SHARE ROW EXCLUSIVE MODE;  -- who is one with whom does not change meanwhile
  SELECT * INTO held FROM patients_hospitalview WHERE id = asked FOR UPDATE;
  -- Whoever says that two are two sees both.
  IF held.id IS NULL OR NOT scope.may('children.merge') OR held.institution_id <> ALL (scope.institutions())
    OR NOT EXISTS (
      SELECT FROM patients_hospitalview AS beside WHERE beside.child_id = held.child_id AND beside.id <> asked
        AND (beside.institution_id = ANY (scope.institutions()) OR EXISTS (
          SELECT FROM scope.granted() AS given
          WHERE given.child_id = beside.child_id AND given.institution_id = beside.institution_id)))
  THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;

  INSERT INTO patients_child (created_at) VALUES (now()) RETURNING id INTO fresh;
  INSERT INTO patients_knownchild (institution_id, child_id) VALUES (held.institution_id, fresh);
  -- Rows that name the view with its child go along by their keys; those that name the two apart are led here.
  UPDATE patients_hospitalview SET child_id = fresh WHERE id = asked;
  FOR other IN
    SELECT pointing.conrelid::regclass AS place, named.attname AS view FROM pg_constraint AS pointing
    JOIN pg_attribute AS named ON named.attrelid = pointing.conrelid AND named.attnum = pointing.conkey[1]
    WHERE pointing.contype = 'f' AND pointing.confrelid = 'patients_hospitalview'::regclass
      AND cardinality(pointing.conkey) = 1 AND pointing.conrelid <> 'patients_split'::regclass
      AND EXISTS (SELECT FROM pg_attribute AS child WHERE child.attrelid = pointing.conrelid
                  AND child.attname = 'child_id' AND NOT child.attisdropped)
  LOOP
    EXECUTE format('UPDATE %s SET child_id = $1 WHERE %I = $2 AND child_id = $3', other.place, other.view)
      USING fresh, asked, held.child_id;
  END LOOP;

  -- By what the child is known again: its record number there, and documents that no other view of the old child names.
  UPDATE patients_recordkey SET child_id = fresh
    WHERE institution_id = held.institution_id AND record_number = held.record_number AND child_id = held.child_id;
  UPDATE patients_documentkey AS moved SET child_id = fresh
    FROM unnest(of_document, hashes) AS named (document, hash)
    WHERE moved.key = named.hash AND moved.child_id = held.child_id AND NOT EXISTS (
      SELECT FROM unnest(of_document, hashes) AS same (document, hash)
      WHERE same.document = named.document AND (
        EXISTS (SELECT FROM patients_hospitalview AS beside
                WHERE beside.child_id = held.child_id AND beside.document_key = same.hash)
        OR EXISTS (SELECT FROM patients_identifier AS beside
                   WHERE beside.child_id = held.child_id AND beside.document_key = same.hash)));

  -- What the hospital agreed on goes along, unless it still has another view of the old child.
  IF NOT EXISTS (SELECT FROM patients_hospitalview AS beside
                 WHERE beside.child_id = held.child_id AND beside.institution_id = held.institution_id) THEN
    UPDATE patients_consent SET child_id = fresh
      WHERE child_id = held.child_id AND institution_id = held.institution_id;
    UPDATE patients_grant SET child_id = fresh WHERE child_id = held.child_id AND given_by_id = held.institution_id;
  END IF;

  -- It has been answered that these are two: nothing asks it again.
  INSERT INTO patients_mergeproposal
      (first_id, second_id, ground, institution_id, made_at, dismissed_because, settled_at, settled_by)
    VALUES (held.child_id, fresh, 'document', held.institution_id, now(), why, now(), scope.label());
  INSERT INTO patients_split
      (view_id, institution_id, record_number, child_id, parted_id, reason, person_id, post_id, who, at)
    VALUES (asked, held.institution_id, held.record_number, held.child_id, fresh, why, scope.person(), scope.post(),
            scope.label(), now()) RETURNING id INTO act;
  RETURN act;
END
$$;
ALTER FUNCTION resolver.split(bigint, bytea[], bytea[], text) OWNER TO tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.split(bigint, bytea[], bytea[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.split(bigint, bytea[], bytea[], text) TO tonghu_app, tonghu_owner;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
REVOKE INSERT, UPDATE, DELETE ON patients_split FROM tonghu_app;
