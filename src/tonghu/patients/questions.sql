-- How many questions wait for the answer of an authority, `most` at most: a number that the menu shows on every page.
-- Nothing is asked of a child that an undone import took off the lists.
-- What the walls say, asked of all questions at once: asked of each whether its two are seen, it cost a reader of 26
-- hospitals 77 ms among 30,000 questions. Nobody lets an authority see a child: its hospitals' views are all that it
-- sees. A hospital's own children are few, its wall asks at once by itself.
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;
CREATE FUNCTION resolver.questions_of_region(most integer) RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  places bigint[] := scope.institutions();
  found integer;
BEGIN
  IF NOT scope.may('children.read') THEN
    RETURN 0;
  END IF;
  IF scope.nationwide() THEN
    SELECT count(*) INTO found FROM (
      SELECT FROM patients_mergeproposal AS asked
      JOIN patients_child AS one ON one.id = asked.first_id
      JOIN patients_child AS other ON other.id = asked.second_id
      WHERE asked.settled_at IS NULL
        AND EXISTS (SELECT FROM patients_hospitalview WHERE child_id = asked.first_id AND taken_back IS NULL)
        AND EXISTS (SELECT FROM patients_hospitalview WHERE child_id = asked.second_id AND taken_back IS NULL)
        AND coalesce(one.one_with_id, one.id) <> coalesce(other.one_with_id, other.id)
      LIMIT most) AS waiting;
  ELSE
    WITH mine AS MATERIALIZED (  -- few: the children themselves are read after them
      SELECT asked.first_id, asked.second_id FROM patients_mergeproposal AS asked
      WHERE asked.settled_at IS NULL
        AND asked.first_id IN (SELECT child_id FROM patients_hospitalview WHERE institution_id = ANY (places)
                               AND taken_back IS NULL)
        AND asked.second_id IN (SELECT child_id FROM patients_hospitalview WHERE institution_id = ANY (places)
                                AND taken_back IS NULL)
    )
    SELECT count(*) INTO found FROM (
      SELECT FROM mine
      JOIN patients_child AS one ON one.id = mine.first_id
      JOIN patients_child AS other ON other.id = mine.second_id
      WHERE coalesce(one.one_with_id, one.id) <> coalesce(other.one_with_id, other.id)
      LIMIT most) AS waiting;
  END IF;
  RETURN found;
END
$$;
ALTER FUNCTION resolver.questions_of_region(integer) OWNER TO tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.questions_of_region(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.questions_of_region(integer) TO tonghu_app, tonghu_owner;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
