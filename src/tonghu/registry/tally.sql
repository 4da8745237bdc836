-- The tally: every change of a card adds what it did to the counts. Runs as the owner, since nobody else may write it.
-- While a hospital corrects a card that it reported, its own readers count the newer version, those above the reported
-- one, as both read the card itself. Each table counts its own rows: which trigger fires first does not matter.
CREATE OR REPLACE FUNCTION registry.count_cards() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, own, cards)
    SELECT institution_id, archive_month, state, errors > 0, problem_at_first,
           CASE WHEN version > reported_version THEN true END, count(*)
    FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
  END IF;
  INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, own, cards)
  SELECT institution_id, archive_month, state, problem, problem_at_first, own, sum(cards) FROM (
    SELECT institution_id, archive_month, state, errors > 0 AS problem, problem_at_first,
           CASE WHEN version > reported_version THEN true END AS own, 1 AS cards
    FROM new_rows
    UNION ALL
    SELECT institution_id, archive_month, state, errors > 0, problem_at_first,
           CASE WHEN version > reported_version THEN true END, -1
    FROM old_rows
  ) AS change
  GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(cards) <> 0 ORDER BY 1, 2, 3, 4, 5, 6;
  RETURN NULL;
END
$$;

-- The same of what was reported of cards in correction.
CREATE FUNCTION registry.count_reported() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, own, cards)
    SELECT institution_id, archive_month, state, errors > 0, problem_at_first, false, count(*)
    FROM new_rows GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, own, cards)
    SELECT institution_id, archive_month, state, errors > 0, problem_at_first, false, -count(*)
    FROM old_rows GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
  END IF;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION registry.count_reported() FROM PUBLIC;
CREATE TRIGGER tally_new AFTER INSERT ON registry_reportedcard REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_reported();
CREATE TRIGGER tally_changed AFTER UPDATE ON registry_reportedcard REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_reported();
CREATE TRIGGER tally_gone AFTER DELETE ON registry_reportedcard REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_reported();

-- Adds the tally up: one row for each hospital, month, state, kind of problem and of reader. Returns how many rows there
-- are less.
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
    INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, own, cards)
    SELECT institution_id, archive_month, state, problem, problem_at_first, own, sum(cards) FROM gone
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(cards) <> 0 RETURNING 1
  )
  SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept) INTO less;
  RETURN less;
END
$$;
