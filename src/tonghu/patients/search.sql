-- Finding children by what somebody has at hand, under the row security of whoever asks. One statement for each way, all
-- in one round trip; the plans are kept by the session. Every way is one walk along an index that ends after `wanted`
-- rows; LIKE would use none under row security.
--
-- Views that an undone import took off the lists (``taken_back``) are not found.
--
-- spelt: the beginning of a name or of its pinyin, or its initials whole; record: a record number; tails, documents:
-- hashes of a document's end or of the whole.
CREATE FUNCTION patients_search(
  spelt text, record text, tails bytea[], documents bytea[], wanted int
) RETURNS TABLE (
  child bigint, head bigint, view bigint, institution bigint, institution_name varchar, record_number varchar,
  patient_name varchar, sex varchar, birth_date date, former boolean
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  mine bigint[] := scope.institutions();
  -- Few hospitals are walked one by one, many together: among many the next row of theirs is never far.
  few boolean := cardinality(mine) <= 40;
  granted bigint[] := scope.granted_children();
  found bigint[];
  was_former boolean[];
BEGIN
  IF record IS NOT NULL THEN
    found := ARRAY(
      SELECT held.id FROM patients_hospitalview AS held
      WHERE held.record_number = record AND (NOT few OR held.institution_id = ANY (mine) OR held.child_id = ANY (granted))
        AND held.taken_back IS NULL
      ORDER BY held.record_number, held.id LIMIT wanted);
  END IF;
  IF documents IS NOT NULL THEN
    found := found || ARRAY(
      SELECT held.id FROM patients_hospitalview AS held
      WHERE held.document_key = ANY (documents) AND held.taken_back IS NULL LIMIT wanted)
    || ARRAY(
      SELECT other.view_id FROM patients_identifier AS other WHERE other.document_key = ANY (documents) LIMIT wanted);
  END IF;
  IF tails IS NOT NULL THEN
    IF few THEN
      found := found || ARRAY(
        SELECT near.id FROM unnest(mine) AS place CROSS JOIN unnest(tails) AS ending CROSS JOIN LATERAL (
          SELECT held.id FROM patients_hospitalview AS held
          WHERE held.institution_id = place AND held.document_tail = ending AND held.taken_back IS NULL
          ORDER BY held.id LIMIT wanted) AS near LIMIT wanted)
      || ARRAY(
        SELECT held.id FROM patients_hospitalview AS held
        WHERE held.child_id = ANY (granted) AND held.document_tail = ANY (tails)
          AND held.taken_back IS NULL LIMIT wanted);
    ELSE
      found := found || ARRAY(
        SELECT near.id FROM unnest(tails) AS ending CROSS JOIN LATERAL (
          SELECT held.id FROM patients_hospitalview AS held
          WHERE held.document_tail = ending AND held.taken_back IS NULL
          ORDER BY held.document_tail, held.id LIMIT wanted) AS near LIMIT wanted);
    END IF;
    found := found || ARRAY(
      SELECT other.view_id FROM patients_identifier AS other WHERE other.document_tail = ANY (tails) LIMIT wanted);
  END IF;
  was_former := array_fill(false, ARRAY[coalesce(cardinality(found), 0)]);
  IF spelt IS NOT NULL THEN
    SELECT found || array_agg(near.view_id), was_former || array_agg(near.former) INTO found, was_former
      FROM patients_tokens(mine, few, granted, spelt, wanted) AS near;
  END IF;
  RETURN QUERY
    SELECT held.child_id, coalesce(identity.one_with_id, held.child_id), held.id, held.institution_id, place.name,
           held.record_number, held.patient_name, held.sex, held.birth_date, hit.former
    FROM (SELECT DISTINCT ON (line.id) line.id, line.former, line.n
          FROM unnest(found, was_former) WITH ORDINALITY AS line (id, former, n)
          ORDER BY line.id, line.former, line.n) AS hit
    JOIN patients_hospitalview AS held ON held.id = hit.id AND held.taken_back IS NULL
    JOIN patients_child AS identity ON identity.id = held.child_id
    JOIN network_institution AS place ON place.id = held.institution_id
    ORDER BY hit.n LIMIT wanted;
END
$$;

-- Views one of whose names begins with `spelt` in characters or pinyin, or has these initials; in the order of their
-- spelling, at most `wanted`. Initials (kind 3) fit as a whole only.
CREATE FUNCTION patients_tokens(mine bigint[], few boolean, granted bigint[], spelt text, wanted int)
RETURNS TABLE (view_id bigint, former boolean) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
  beyond text := spelt || chr(1114111);
BEGIN
  IF few THEN
    RETURN QUERY
      SELECT near.view_id, near.former FROM (
        (SELECT one.view_id, one.former, one.token FROM unnest(mine) AS place CROSS JOIN LATERAL (
          SELECT held.view_id, held.former, held.token FROM patients_nametoken AS held
          WHERE held.institution_id = place AND held.token >= spelt AND held.token < beyond
            AND (held.kind <> 3 OR held.token = spelt)
            AND NOT EXISTS (SELECT FROM patients_hospitalview AS gone
                            WHERE gone.id = held.view_id AND gone.taken_back IS NOT NULL)
          ORDER BY held.token, held.view_id LIMIT wanted) AS one)
        UNION ALL
        (SELECT held.view_id, held.former, held.token FROM patients_nametoken AS held
          WHERE held.child_id = ANY (granted) AND held.token >= spelt AND held.token < beyond
            AND (held.kind <> 3 OR held.token = spelt) AND held.institution_id <> ALL (mine)
            AND NOT EXISTS (SELECT FROM patients_hospitalview AS gone
                            WHERE gone.id = held.view_id AND gone.taken_back IS NOT NULL)
          LIMIT wanted)
      ) AS near ORDER BY near.former, near.token, near.view_id LIMIT wanted;
  ELSE
    RETURN QUERY
      SELECT held.view_id, held.former FROM patients_nametoken AS held
      WHERE held.token >= spelt AND held.token < beyond AND (held.kind <> 3 OR held.token = spelt)
        AND NOT EXISTS (SELECT FROM patients_hospitalview AS gone
                        WHERE gone.id = held.view_id AND gone.taken_back IS NOT NULL)
      ORDER BY held.token, held.view_id LIMIT wanted;
  END IF;
END
$$;
