-- A hospital's rows are about children that the resolver answered it with, and stay what they were written about. Keys
-- hold that, not policies: what a scope may write says nothing of which child a row names.

-- Each key below is checked at once, with the tables locked: nothing of theirs is in use yet.

-- Views before this: the resolver had answered each of them.
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);
INSERT INTO patients_knownchild (institution_id, child_id)
  SELECT DISTINCT institution_id, child_id FROM patients_hospitalview;

-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE patients_hospitalview ADD CONSTRAINT view_of_a_known_child
  FOREIGN KEY (institution_id, child_id) REFERENCES patients_knownchild (institution_id, child_id);
-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE patients_hospitalview ADD CONSTRAINT a_view_its_child_its_hospital UNIQUE (id, child_id, institution_id);
-- Were a view ever moved to another child, its rows would go with it.
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE patients_identifier ADD CONSTRAINT identifier_of_a_view FOREIGN KEY (view_id, child_id, institution_id)
  REFERENCES patients_hospitalview (id, child_id, institution_id) ON UPDATE CASCADE;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE patients_formername ADD CONSTRAINT former_name_of_a_view FOREIGN KEY (view_id, child_id, institution_id)
  REFERENCES patients_hospitalview (id, child_id, institution_id) ON UPDATE CASCADE;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE patients_guardian ADD CONSTRAINT guardian_of_a_view FOREIGN KEY (view_id, child_id, institution_id)
  REFERENCES patients_hospitalview (id, child_id, institution_id) ON UPDATE CASCADE;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE patients_nametoken ADD CONSTRAINT token_of_a_view FOREIGN KEY (view_id, child_id, institution_id)
  REFERENCES patients_hospitalview (id, child_id, institution_id) ON UPDATE CASCADE;

-- The resolver notes its answers, in sorted order: two imports of one hospital wait for each other, never crosswise.
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;
-- squawk-ignore renaming-object
ALTER FUNCTION resolver.children(bigint[], text[], bytea[], bytea[], bytea[], bytea[], boolean) RENAME TO answers;
REVOKE EXECUTE ON FUNCTION resolver.answers(bigint[], text[], bytea[], bytea[], bytea[], bytea[], boolean)
  FROM tonghu_app, tonghu_owner;
CREATE FUNCTION resolver.children(
  institutions bigint[], records text[], documents bytea[], sealed bytea[],
  of_document bytea[], alias bytea[], write_aliases boolean
) RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  answer bigint[] := resolver.answers(institutions, records, documents, sealed, of_document, alias, write_aliases);
BEGIN
  INSERT INTO patients_knownchild (institution_id, child_id)
    SELECT DISTINCT line.institution, line.child FROM unnest(institutions, answer) AS line (institution, child)
    WHERE NOT EXISTS (SELECT FROM patients_knownchild AS held
                      WHERE held.institution_id = line.institution AND held.child_id = line.child)
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  RETURN answer;
END
$$;
ALTER FUNCTION resolver.children(bigint[], text[], bytea[], bytea[], bytea[], bytea[], boolean)
  OWNER TO tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.children(bigint[], text[], bytea[], bytea[], bytea[], bytea[], boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.children(bigint[], text[], bytea[], bytea[], bytea[], bytea[], boolean)
  TO tonghu_app, tonghu_owner;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
REVOKE ALL ON patients_knownchild FROM tonghu_app;

-- A consent is of a child that the hospital has, a grant on consent rests on one that its giver sees and that holds;
-- of a consent only the withdrawal is written later.
ALTER POLICY patients_consent_insert ON patients_consent WITH CHECK (
  (institution_id = ANY ((SELECT scope.institutions())::bigint[]) AND (SELECT scope.may('children.consent'))
    AND resolver.knows(institution_id, child_id)) OR (SELECT scope.everything()));
ALTER POLICY patients_grant_insert ON patients_grant WITH CHECK (
  (given_by_id = ANY ((SELECT scope.institutions())::bigint[]) AND (SELECT scope.may('children.grant'))
    AND resolver.knows(given_by_id, child_id)
    AND (ground <> 'consent' OR consent_id IS NOT NULL)
    AND (consent_id IS NULL OR EXISTS (
      SELECT FROM patients_consent AS held WHERE held.id = consent_id AND held.withdrawn_at IS NULL)))
  OR (SELECT scope.everything()));
REVOKE UPDATE ON patients_consent FROM tonghu_app;
GRANT UPDATE (withdrawn_at) ON patients_consent TO tonghu_app;
