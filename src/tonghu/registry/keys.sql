-- What belongs together is one key: a card with its view, the view's child and hospital; what belongs to a card with the
-- card and its hospital. One key takes the place of two or three, so writing checks less than before.
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);
-- The key says it now.
-- squawk-ignore ban-drop-function
DROP FUNCTION IF EXISTS registry.names_its_view(registry_card);

-- Each is checked at once, with the tables locked: sites are small when they get this.
-- Where a view is parted from a child, its cards go along.
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_card ADD CONSTRAINT card_of_a_view FOREIGN KEY (view_id, child_id, institution_id)
  REFERENCES patients_hospitalview (id, child_id, institution_id) ON UPDATE CASCADE;
-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE registry_card ADD CONSTRAINT a_card_its_hospital UNIQUE (id, institution_id);
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_cardversion ADD CONSTRAINT version_of_a_card FOREIGN KEY (card_id, institution_id)
  REFERENCES registry_card (id, institution_id);
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_finding ADD CONSTRAINT finding_on_a_card FOREIGN KEY (card_id, institution_id)
  REFERENCES registry_card (id, institution_id);
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_act ADD CONSTRAINT act_on_a_card FOREIGN KEY (card_id, institution_id)
  REFERENCES registry_card (id, institution_id);
-- A draft of a new card names none: its hospital keeps its own key.
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_draft ADD CONSTRAINT draft_of_a_card FOREIGN KEY (card_id, institution_id)
  REFERENCES registry_card (id, institution_id);
