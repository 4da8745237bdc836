-- What the database itself sees to on cards: the states, versions, authors and counts. Whoever changes a card, by
-- whichever path, goes through here; the services say the same things first, in words for people.
-- Refusals: TH010 no such act from this state for this post; TH011 the version is not the next one, or the card is not
-- in hand; TH012 errors are open or warnings without a reason; TH013 whoever wrote, submitted or explained may not
-- approve; TH014 a column that only the database writes, or a change that the post may not make or not make now. What
-- happens to a card itself, and who wrote what it says, is in cards.sql.

CREATE SCHEMA registry;
GRANT USAGE ON SCHEMA registry TO tonghu_app;

-- Who, as the scope says, on whatever is only added to; 0021_numbered adds when a version was made.
CREATE FUNCTION registry.sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT scope.everything() THEN
    NEW.person_id := scope.person();
    NEW.post_id := scope.post();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER signs BEFORE INSERT ON registry_cardversion FOR EACH ROW EXECUTE FUNCTION registry.sign();
CREATE FUNCTION registry.sign_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT scope.everything() THEN
    NEW.person_id := scope.person();
    NEW.post_id := scope.post();
    NEW.who := scope.label();
    NEW.at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER signs BEFORE INSERT ON registry_act FOR EACH ROW EXECUTE FUNCTION registry.sign_act();

-- No card without the version that it names: checked when the transaction ends. (The tables are new here.)
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE registry_card ADD CONSTRAINT card_has_its_version
  FOREIGN KEY (id, version) REFERENCES registry_cardversion (card_id, number) DEFERRABLE INITIALLY DEFERRED;
