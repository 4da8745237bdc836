-- A child that an undone import took off the lists comes back with a card that is in force: a new one, one that is no
-- longer voided, one that is another view's now. By the database, whichever path writes the card.
GRANT USAGE, CREATE ON SCHEMA registry TO tonghu_resolver;

-- The key of a card's view holds the view already: an undo that takes it off meanwhile was first.
CREATE FUNCTION registry.bring_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE patients_hospitalview SET taken_back = NULL
    WHERE id = ANY (ARRAY(SELECT view_id FROM new_rows WHERE state <> 'voided')) AND taken_back IS NOT NULL;
  RETURN NULL;
END
$$;
CREATE FUNCTION registry.bring_back_one() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM patients_hospitalview WHERE id = NEW.view_id FOR KEY SHARE;
  UPDATE patients_hospitalview SET taken_back = NULL WHERE id = NEW.view_id AND taken_back IS NOT NULL;
  RETURN NULL;
END
$$;
-- And while it has one, it stays.
CREATE FUNCTION registry.stays_listed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM registry_card AS held WHERE held.child_id = NEW.child_id AND held.view_id = NEW.id
             AND (held.state <> 'voided' OR held.first_reported_at IS NOT NULL)) THEN
    RAISE EXCEPTION 'the child has a card in force' USING ERRCODE = 'TH014';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION registry.bring_back() OWNER TO tonghu_resolver;
ALTER FUNCTION registry.bring_back_one() OWNER TO tonghu_resolver;
ALTER FUNCTION registry.stays_listed() OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA registry FROM tonghu_resolver;
REVOKE EXECUTE ON FUNCTION registry.bring_back(), registry.bring_back_one(), registry.stays_listed() FROM PUBLIC;

CREATE TRIGGER brings_its_child AFTER INSERT ON registry_card REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.bring_back();
CREATE TRIGGER brings_its_child_back AFTER UPDATE OF state, view_id ON registry_card
  FOR EACH ROW WHEN (NEW.state <> 'voided' AND (OLD.state = 'voided' OR OLD.view_id <> NEW.view_id))
  EXECUTE FUNCTION registry.bring_back_one();
CREATE TRIGGER stays_listed BEFORE UPDATE OF taken_back ON patients_hospitalview
  FOR EACH ROW WHEN (NEW.taken_back IS NOT NULL AND OLD.taken_back IS NULL)
  EXECUTE FUNCTION registry.stays_listed();
