-- What the database itself sees to on cards: the states, versions, authors and counts. Whoever changes a card, by
-- whichever path, goes through here; the services say the same things first, in words for people.
-- Refusals: TH010 no such act from this state for this post; TH011 the version is not the next one, or the card is not
-- in hand; TH012 errors are open or warnings without a reason; TH013 the author may not approve; TH014 a column that
-- only the database writes, or a change that the post may not make, or a view that is not of the card.

CREATE SCHEMA registry;
GRANT USAGE ON SCHEMA registry TO tonghu_app;

-- A card names a view of its own hospital and that view's child.
CREATE FUNCTION registry.names_its_view(card registry_card) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM public.patients_hospitalview AS held WHERE held.id = card.view_id
                 AND held.child_id = card.child_id AND held.institution_id = card.institution_id)
$$;

-- A new card: a draft of one version, by whoever is in scope.
CREATE FUNCTION registry.begin_card() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF scope.everything() THEN
    RETURN NEW;  -- rows moved between versions of the table stay as they are
  END IF;
  IF NOT registry.names_its_view(NEW) THEN
    RAISE EXCEPTION 'outside the scope, or no view of the hospital and the child of the card' USING ERRCODE = 'TH014';
  END IF;
  NEW.state := 'draft';
  NEW.version := 1;
  NEW.authors := array_remove(ARRAY[scope.person()], NULL);
  NEW.audited_by := NULL;
  NEW.accepted_version := NULL;
  NEW.reported_version := NULL;
  NEW.first_reported_at := NULL;
  NEW.reported_at := NULL;
  NEW.problem_at_first := NEW.errors > 0;
  NEW.created_at := now();
  NEW.changed_at := now();
  NEW.state_since := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER card_begins BEFORE INSERT ON registry_card FOR EACH ROW EXECUTE FUNCTION registry.begin_card();

-- A changed card: a move along the table of states, or a change of what it says by whoever may enter.
CREATE FUNCTION registry.change_card() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  move record;
BEGIN
  IF scope.everything() THEN
    RETURN NEW;
  END IF;
  -- Depth 1 is a statement of the application; deeper, it is the trigger of a new version.
  IF pg_trigger_depth() = 1 AND ROW(
       NEW.version, NEW.authors, NEW.audited_by, NEW.accepted_version, NEW.reported_version, NEW.first_reported_at,
       NEW.reported_at, NEW.state_since, NEW.problem_at_first, NEW.created_at, NEW.institution_id
     ) IS DISTINCT FROM ROW(
       OLD.version, OLD.authors, OLD.audited_by, OLD.accepted_version, OLD.reported_version, OLD.first_reported_at,
       OLD.reported_at, OLD.state_since, OLD.problem_at_first, OLD.created_at, OLD.institution_id) THEN
    RAISE EXCEPTION 'only the database writes this' USING ERRCODE = 'TH014';
  END IF;
  IF NEW.state IS NOT DISTINCT FROM OLD.state THEN
    IF NOT scope.may('registry.enter') THEN
      RAISE EXCEPTION 'changing a card needs registry.enter' USING ERRCODE = 'TH014';
    END IF;
    IF (NEW.view_id, NEW.child_id) IS DISTINCT FROM (OLD.view_id, OLD.child_id)
       AND NOT registry.names_its_view(NEW) THEN
      RAISE EXCEPTION 'outside the scope, or no view of the hospital and the child of the card' USING ERRCODE = 'TH014';
    END IF;
    RETURN NEW;
  END IF;
  -- A move changes nothing of what the card says.
  IF (to_jsonb(NEW) - '{state,changed_at,waits_for,waits_note}'::text[])
     IS DISTINCT FROM (to_jsonb(OLD) - '{state,changed_at,waits_for,waits_note}'::text[]) THEN
    RAISE EXCEPTION 'a move changes the state alone' USING ERRCODE = 'TH014';
  END IF;
  SELECT bool_and(line.needs_clean) AS clean, bool_and(line.not_by_authors) AS not_by_authors INTO move
    FROM registry_transition AS line
   WHERE line.from_state = OLD.state AND line.to_state = NEW.state AND scope.may(line.permission)
  HAVING count(*) > 0;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no act from % to % for this post', OLD.state, NEW.state USING ERRCODE = 'TH010';
  END IF;
  IF move.clean AND (OLD.errors > 0 OR OLD.warnings > 0) THEN
    RAISE EXCEPTION 'errors are open, or warnings without a reason' USING ERRCODE = 'TH012';
  END IF;
  IF move.not_by_authors AND scope.person() = ANY (OLD.authors) THEN
    RAISE EXCEPTION 'nobody audits what they wrote' USING ERRCODE = 'TH013';
  END IF;
  NEW.state_since := now();
  NEW.changed_at := now();
  CASE NEW.state
    WHEN 'approved' THEN NEW.audited_by := scope.person();
    WHEN 'reported' THEN
      NEW.reported_version := NEW.version;
      NEW.reported_at := now();
      NEW.first_reported_at := coalesce(OLD.first_reported_at, now());
    WHEN 'accepted' THEN NEW.accepted_version := NEW.version;
    WHEN 'returned_by_centre' THEN NULL;
    ELSE NEW.audited_by := NULL;
  END CASE;
  RETURN NEW;
END
$$;
CREATE TRIGGER card_changes BEFORE UPDATE ON registry_card FOR EACH ROW EXECUTE FUNCTION registry.change_card();

-- Who wrote what is in force: of each field the last who changed it. By card.
CREATE FUNCTION registry.authors_of(cards bigint[]) RETURNS TABLE (card_id bigint, authors bigint[])
LANGUAGE sql STABLE AS $$
  SELECT last.card_id, coalesce(array_agg(DISTINCT last.person_id) FILTER (WHERE last.person_id IS NOT NULL), '{}')
  FROM (
    SELECT DISTINCT ON (version.card_id, field) version.card_id, version.person_id
    FROM public.registry_cardversion AS version, unnest(version.changed) AS field
    WHERE version.card_id = ANY (cards)
    ORDER BY version.card_id, field, version.number DESC
  ) AS last
  GROUP BY last.card_id
$$;

-- A new version of cards in hand: the next number, written by whoever is in scope; their authors are worked out anew.
CREATE FUNCTION registry.add_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted bigint;
  done bigint;
BEGIN
  IF scope.everything() THEN
    RETURN NULL;
  END IF;
  SELECT count(*) INTO wanted FROM new_rows WHERE number > 1;
  IF wanted = 0 THEN
    RETURN NULL;  -- first versions: the card was begun with its author
  END IF;
  UPDATE registry_card AS card
     SET version = fresh.number, authors = found.authors, audited_by = NULL, changed_at = now()
    FROM new_rows AS fresh
    JOIN registry.authors_of(ARRAY(SELECT card_id FROM new_rows WHERE number > 1)) AS found USING (card_id)
   WHERE card.id = fresh.card_id AND card.version = fresh.number - 1
     AND card.state IN (SELECT from_state FROM registry_transition WHERE act = 'submit');  -- in hand: EDITABLE
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> wanted THEN
    RAISE EXCEPTION 'not the next version, or the card is not in hand' USING ERRCODE = 'TH011';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER versions_added AFTER INSERT ON registry_cardversion REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.add_versions();

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

-- No card without the version that it names: checked when the transaction ends.
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
