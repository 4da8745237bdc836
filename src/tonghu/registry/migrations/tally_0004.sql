-- Adds the tally up, as it was until 0020: one row for each hospital, month, state and kind of problem. Returns how many rows there are less.
CREATE OR REPLACE FUNCTION registry.fold_tally() RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  less bigint;
BEGIN
  IF scope.system() IS DISTINCT FROM 'summary' THEN
    RAISE EXCEPTION 'for the job that sums up alone' USING ERRCODE = 'TH002';
  END IF;
  WITH gone AS (DELETE FROM registry_tally RETURNING *),
  kept AS (
    INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, cards)
    SELECT institution_id, archive_month, state, problem, problem_at_first, sum(cards) FROM gone
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(cards) <> 0 RETURNING 1
  )
  SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept) INTO less;
  RETURN less;
END
$$;
