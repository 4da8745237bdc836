-- The tally as it was kept until 0020: one count for every reader. See tally.sql.
CREATE OR REPLACE FUNCTION registry.count_cards() RETURNS trigger LANGUAGE plpgsql
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
CREATE OR REPLACE TRIGGER tally_new AFTER INSERT ON registry_card REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_cards();
CREATE OR REPLACE TRIGGER tally_changed AFTER UPDATE ON registry_card REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_cards();
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON registry_tally FROM tonghu_app, tonghu_resolver;
