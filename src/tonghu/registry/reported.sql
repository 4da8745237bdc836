-- What was reported of a card stays for those above while its hospital corrects it. A hospital saves the first version
-- after the reported one: the columns as they were are put aside. They follow the card's state, and go when the new
-- version is reported. Runs as the owner, since nobody else may write them.
CREATE FUNCTION registry.keep_reported() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  -- By names, so that the order of the columns does not matter.
  INSERT INTO registry_reportedcard
  SELECT (jsonb_populate_record(NULL::registry_reportedcard, to_jsonb(before))).*
  FROM old_rows AS before JOIN new_rows AS after USING (id)
  WHERE before.version = before.reported_version AND after.version > after.reported_version;
  UPDATE registry_reportedcard AS held SET state = after.state, state_since = after.state_since
  FROM new_rows AS after
  WHERE held.id = after.id AND held.state <> after.state AND after.version > after.reported_version;
  DELETE FROM registry_reportedcard AS held USING new_rows AS after
  WHERE held.id = after.id AND after.version = after.reported_version;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION registry.keep_reported() FROM PUBLIC;
CREATE TRIGGER reported_kept AFTER UPDATE ON registry_card REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.keep_reported();
CREATE POLICY registry_reportedcard_keep ON registry_reportedcard TO tonghu_owner
  USING (institution_id = (SELECT scope.institution()))
  WITH CHECK (institution_id = (SELECT scope.institution()));

-- Where a view is parted from a child, what was reported goes along, as the card does.
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_reportedcard ADD CONSTRAINT reported_of_a_view FOREIGN KEY (view_id, child_id, institution_id)
  REFERENCES patients_hospitalview (id, child_id, institution_id) ON UPDATE CASCADE;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_reportedcard ADD CONSTRAINT reported_of_a_card FOREIGN KEY (id, institution_id)
  REFERENCES registry_card (id, institution_id);

-- Both together, each behind its own wall: a card once for every reader.
CREATE VIEW registry_seencard WITH (security_invoker = true) AS
SELECT {columns}, false AS in_correction FROM registry_card
UNION ALL
SELECT {columns}, true FROM registry_reportedcard;
