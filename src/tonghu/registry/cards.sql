-- What the database sees to when a card is begun, gets a version or is changed; the refusals are those of states.sql.

-- Who wrote what is in force: of each field the last who changed it, and with them whoever brought the file that they
-- confirmed. By card. Every version says of at least one field that it changed it, so whoever wrote one is among them.
-- Whoever takes a change back gives a text back that others wrote: of a field that was given back, everybody who ever
-- wrote it counts, rather one too many than the one whose text it is left out.
CREATE OR REPLACE FUNCTION registry.authors_of(cards bigint[]) RETURNS TABLE (card_id bigint, authors bigint[])
LANGUAGE sql STABLE AS $$
  SELECT wrote.card_id, coalesce(array_agg(DISTINCT who.person) FILTER (WHERE who.person IS NOT NULL), '{}')
  FROM (
    SELECT version.card_id, version.person_id, version.brought_by, row_number() OVER newest AS back,
           first_value(version.origin) OVER newest AS last
    FROM public.registry_cardversion AS version, unnest(version.changed) AS field
    WHERE version.card_id = ANY (cards)
    WINDOW newest AS (PARTITION BY version.card_id, field ORDER BY version.number DESC)
  ) AS wrote, unnest(ARRAY[wrote.person_id, wrote.brought_by]) AS who (person)
  WHERE wrote.back = 1 OR wrote.last = 'undo'
  GROUP BY wrote.card_id
$$;

-- Who ever asked for the approval of a card as it was, or explained a finding of it.
CREATE OR REPLACE FUNCTION registry.asked_for(card bigint) RETURNS bigint[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT person_id), '{}') FROM public.registry_act
  WHERE card_id = card AND act IN ('submit', 'override') AND person_id IS NOT NULL
$$;

-- A new version of cards in hand: the next number, written by whoever is in scope; their authors are worked out anew,
-- and nobody has asked for its approval yet. One that takes a change back says again what others asked for.
CREATE OR REPLACE FUNCTION registry.add_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted bigint;
  done bigint;
BEGIN
  IF scope.everything() THEN
    RETURN NULL;
  END IF;
  -- First versions: the card was begun with its authors.
  IF EXISTS (SELECT FROM new_rows AS fresh JOIN registry_card AS card ON card.id = fresh.card_id
             WHERE fresh.number = 1 AND fresh.brought_by IS NOT NULL AND fresh.brought_by <> ALL (card.authors)) THEN
    RAISE EXCEPTION 'whoever brought the file is an author' USING ERRCODE = 'TH011';
  END IF;
  SELECT count(*) INTO wanted FROM new_rows WHERE number > 1;
  IF wanted = 0 THEN
    RETURN NULL;
  END IF;
  UPDATE registry_card AS card
     SET version = fresh.number, authors = found.authors, audited_by = NULL, changed_at = now(),
         requested_by = CASE fresh.origin WHEN 'undo' THEN registry.asked_for(card.id) ELSE '{}' END
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
CREATE OR REPLACE TRIGGER versions_added AFTER INSERT ON registry_cardversion REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.add_versions();

-- A new card: a draft of one version, by whoever is in scope, and by those whom they name beside themselves.
CREATE OR REPLACE FUNCTION registry.begin_card() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  who bigint := scope.person();
BEGIN
  IF scope.everything() THEN
    RETURN NEW;  -- rows moved between versions of the table stay as they are
  END IF;
  NEW.state := 'draft';
  NEW.version := 1;
  NEW.authors := array_remove(array_remove(NEW.authors, who) || who, NULL);
  NEW.requested_by := '{}';
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
CREATE OR REPLACE TRIGGER card_begins BEFORE INSERT ON registry_card FOR EACH ROW EXECUTE FUNCTION registry.begin_card();

-- A changed card: a move along the table of states, or a change of what it says by whoever may enter.
CREATE OR REPLACE FUNCTION registry.change_card() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  move record;
BEGIN
  IF scope.everything() THEN
    RETURN NEW;
  END IF;
  -- Depth 1 is a statement of the application; deeper, it is the trigger of a new version.
  IF pg_trigger_depth() = 1 AND ROW(
       NEW.version, NEW.authors, NEW.requested_by, NEW.audited_by, NEW.accepted_version, NEW.reported_version, NEW.first_reported_at,
       NEW.reported_at, NEW.state_since, NEW.problem_at_first, NEW.created_at, NEW.institution_id
     ) IS DISTINCT FROM ROW(
       OLD.version, OLD.authors, OLD.requested_by, OLD.audited_by, OLD.accepted_version, OLD.reported_version, OLD.first_reported_at,
       OLD.reported_at, OLD.state_since, OLD.problem_at_first, OLD.created_at, OLD.institution_id) THEN
    RAISE EXCEPTION 'only the database writes this' USING ERRCODE = 'TH014';
  END IF;
  IF NEW.state IS NOT DISTINCT FROM OLD.state THEN
    -- Deeper, a card goes with its view to another child: whoever parts the two need not enter cards.
    IF pg_trigger_depth() = 1 AND NOT scope.may('registry.enter') THEN
      RAISE EXCEPTION 'changing a card needs registry.enter' USING ERRCODE = 'TH014';
    END IF;
    -- An imported card is compared with the record's other stays by a job once it is in: what that finds in the row as
    -- it came was there at first, so that the share at first and the share now ask the same rules.
    IF OLD.compared_at IS NULL AND NEW.compared_at IS NOT NULL AND NEW.version = 1 THEN
      NEW.problem_at_first := OLD.problem_at_first OR NEW.errors > 0;
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
     -- What the centre holds a version of is voided and restored by whoever audits, anything else by whoever enters.
     AND coalesce(line.centre_holds = (OLD.first_reported_at IS NOT NULL), true)
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
  IF move.not_by_authors AND scope.person() = ANY (OLD.requested_by) THEN
    RAISE EXCEPTION 'nobody approves their own request' USING ERRCODE = 'TH013';
  END IF;
  IF NEW.state = 'voided' AND OLD.first_reported_at IS NOT NULL
     AND EXISTS (SELECT FROM registry_act WHERE card_id = OLD.id AND version = OLD.version AND act = 'ask_void'
                 AND person_id = scope.person()) THEN
    RAISE EXCEPTION 'nobody approves their own request' USING ERRCODE = 'TH013';
  END IF;
  -- The findings are asked as well: an explanation that was given at the same moment is in no column yet.
  IF move.not_by_authors
     AND EXISTS (SELECT FROM registry_finding WHERE card_id = OLD.id AND overridden_by = scope.person()) THEN
    RAISE EXCEPTION 'nobody approves what they explained' USING ERRCODE = 'TH013';
  END IF;
  NEW.state_since := now();
  NEW.changed_at := now();
  CASE NEW.state
    WHEN 'submitted' THEN
      -- Whoever submits the version, and whose explanations it stands on: theirs is the request. Explanations are given
      -- before; those who submitted the same version earlier stay among them.
      NEW.audited_by := NULL;
      NEW.requested_by := ARRAY(
        SELECT who FROM (
          SELECT unnest(OLD.requested_by || scope.person()) AS who
          UNION SELECT overridden_by FROM registry_finding WHERE card_id = OLD.id AND overridden_at IS NOT NULL
        ) AS asked WHERE who IS NOT NULL ORDER BY who);
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
CREATE OR REPLACE TRIGGER card_changes BEFORE UPDATE ON registry_card FOR EACH ROW EXECUTE FUNCTION registry.change_card();

-- Explanations are given and taken back while the card is in hand: its auditor sees those that it was submitted with.
CREATE OR REPLACE FUNCTION registry.explain_in_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT scope.everything() AND NOT EXISTS (
       SELECT FROM registry_card AS card
       WHERE card.id = NEW.card_id
         AND card.state IN (SELECT from_state FROM registry_transition WHERE act = 'submit')) THEN
    RAISE EXCEPTION 'the card is not in hand: nothing is explained now' USING ERRCODE = 'TH014';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER explained_when_found BEFORE INSERT ON registry_finding FOR EACH ROW
  WHEN (NEW.overridden_at IS NOT NULL) EXECUTE FUNCTION registry.explain_in_hand();
CREATE OR REPLACE TRIGGER explained_in_hand BEFORE UPDATE OF overridden_reason, overridden_by, overridden_at
  ON registry_finding FOR EACH ROW EXECUTE FUNCTION registry.explain_in_hand();
