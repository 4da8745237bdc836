-- What the database itself sees to on cards: the states, versions, authors and counts. Whoever changes a card, by
-- whichever path, goes through here; the services say the same things first, in words for people.
-- Refusals: TH010 no such act from this state for this post; TH011 the version is not the next one, or the card is not
-- in hand; TH012 errors are open or warnings without a reason; TH013 whoever wrote, submitted or explained may not
-- approve; TH014 a column that only the database writes, or a change that the post may not make or not make now. What
-- happens to a card itself, and who wrote what it says, is in cards.sql.

CREATE SCHEMA registry;
GRANT USAGE ON SCHEMA registry TO tonghu_app;

-- Who and when, as the scope says, on whatever is only added to.
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

-- The tally: every change of a card adds what it did to the counts. Runs as the owner, since nobody else may write it.
CREATE FUNCTION registry.count_cards() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, cards)
    SELECT institution_id, archive_month, state, errors > 0, problem_at_first, count(*)
    FROM new_rows GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
    RETURN NULL;
  END IF;
  INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, cards)
  SELECT institution_id, archive_month, state, problem, problem_at_first, sum(cards) FROM (
    SELECT institution_id, archive_month, state, errors > 0 AS problem, problem_at_first, 1 AS cards FROM new_rows
    UNION ALL
    SELECT institution_id, archive_month, state, errors > 0, problem_at_first, -1 FROM old_rows
  ) AS change
  GROUP BY 1, 2, 3, 4, 5 HAVING sum(cards) <> 0 ORDER BY 1, 2, 3, 4, 5;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION registry.count_cards() FROM PUBLIC;
CREATE TRIGGER tally_new AFTER INSERT ON registry_card REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_cards();
CREATE TRIGGER tally_changed AFTER UPDATE ON registry_card REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_cards();
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON registry_tally FROM tonghu_app, tonghu_resolver;
