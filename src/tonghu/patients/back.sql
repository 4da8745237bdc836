-- Children that an undone import took off the lists come back where somebody says something of them: enters a guardian
-- or a document, records a consent, lets another hospital see them. By the database, whatever path writes it; cards do
-- the same (registry). The view is locked as by a foreign key: an undo that takes it off meanwhile holds it, and is
-- first.
GRANT UPDATE (taken_back) ON patients_hospitalview TO tonghu_app;
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;
CREATE FUNCTION resolver.back_on_the_lists() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  place bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
  spoken_of bigint[];
BEGIN
  spoken_of := ARRAY(
    SELECT id FROM patients_hospitalview WHERE child_id = NEW.child_id AND institution_id = place
    ORDER BY id FOR KEY SHARE);
  UPDATE patients_hospitalview SET taken_back = NULL WHERE id = ANY (spoken_of) AND taken_back IS NOT NULL;
  RETURN NULL;
END
$$;
ALTER FUNCTION resolver.back_on_the_lists() OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.back_on_the_lists() FROM PUBLIC;
CREATE TRIGGER speaks_of_it AFTER INSERT ON patients_guardian
  FOR EACH ROW EXECUTE FUNCTION resolver.back_on_the_lists('institution_id');
CREATE TRIGGER speaks_of_it AFTER INSERT ON patients_identifier
  FOR EACH ROW EXECUTE FUNCTION resolver.back_on_the_lists('institution_id');
CREATE TRIGGER speaks_of_it AFTER INSERT ON patients_consent
  FOR EACH ROW EXECUTE FUNCTION resolver.back_on_the_lists('institution_id');
CREATE TRIGGER speaks_of_it AFTER INSERT ON patients_grant
  FOR EACH ROW EXECUTE FUNCTION resolver.back_on_the_lists('given_by_id');
