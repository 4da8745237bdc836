-- Somebody under a record number whom its child contradicts (another name and another birth date) is a child of their
-- own, until a person says otherwise. Nothing is guessed: whether the two are one is asked.
GRANT CREATE ON SCHEMA resolver TO tonghu_resolver;

-- Row n: the child at this hospital, NULL for one who has none yet, and the child whom it contradicts. Makes those that
-- are not there, asks about each pair, and returns the children in the same order.
CREATE FUNCTION resolver.apart(institution bigint, known bigint[], beside bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  made bigint[];
  answer bigint[];
BEGIN
  PERFORM resolver.check_entry(institution);
  -- Whom the hospital does not know, it asks nothing about.
  IF EXISTS (SELECT FROM unnest(known || beside) AS named (child) WHERE child IS NOT NULL AND NOT EXISTS (
    SELECT FROM patients_knownchild AS held WHERE held.institution_id = institution AND held.child_id = named.child))
  THEN
    RAISE EXCEPTION 'outside the scope' USING ERRCODE = 'TH002';
  END IF;
  WITH born AS (
    INSERT INTO patients_child (created_at)
      SELECT now() FROM unnest(known) AS child WHERE child IS NULL RETURNING id
  ) SELECT array_agg(id) INTO made FROM born;
  INSERT INTO patients_knownchild (institution_id, child_id)
    SELECT institution, child FROM unnest(made) AS child ORDER BY child;
  answer := resolver.filled(known, made);
  INSERT INTO patients_mergeproposal
      (first_id, second_id, ground, institution_id, made_at, dismissed_because, settled_by)
    SELECT DISTINCT least(one, other), greatest(one, other), 'names', institution, now(), '', ''
    FROM unnest(answer, beside) AS pair (one, other) WHERE one <> other
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  RETURN answer;
END
$$;
ALTER FUNCTION resolver.apart(bigint, bigint[], bigint[]) OWNER TO tonghu_resolver;
REVOKE EXECUTE ON FUNCTION resolver.apart(bigint, bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolver.apart(bigint, bigint[], bigint[]) TO tonghu_app, tonghu_owner;
REVOKE CREATE ON SCHEMA resolver FROM tonghu_resolver;
