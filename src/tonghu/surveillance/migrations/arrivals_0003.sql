-- What of each month has arrived, and when, as it was kept until 0008: one count for every reader. See arrivals.sql.
CREATE SCHEMA IF NOT EXISTS surveillance;
GRANT USAGE ON SCHEMA surveillance TO tonghu_app;

CREATE OR REPLACE FUNCTION surveillance.day(moment timestamptz) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (moment AT TIME ZONE 'Asia/Shanghai')::date $$;
GRANT EXECUTE ON FUNCTION surveillance.day TO PUBLIC;

CREATE OR REPLACE FUNCTION surveillance.count_arrivals() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, cards, assumed)
    SELECT institution_id, archive_month, surveillance.day(first_reported_at), count(*),
           count(*) FILTER (WHERE archive_month_assumed)
    FROM new_rows WHERE state <> 'voided' GROUP BY 1, 2, 3;
    RETURN NULL;
  END IF;
  INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, cards, assumed)
  SELECT institution_id, archive_month, surveillance.day(first_reported_at), sum(n), sum(n * archive_month_assumed::int)
  FROM (
    SELECT institution_id, archive_month, first_reported_at, archive_month_assumed, 1 AS n
    FROM new_rows WHERE state <> 'voided'
    UNION ALL
    SELECT institution_id, archive_month, first_reported_at, archive_month_assumed, -1
    FROM old_rows WHERE state <> 'voided'
  ) AS change
  GROUP BY 1, 2, 3 HAVING sum(n) <> 0 OR sum(n * archive_month_assumed::int) <> 0;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION surveillance.count_arrivals() FROM PUBLIC;
CREATE OR REPLACE TRIGGER arrivals_new AFTER INSERT ON registry_card REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION surveillance.count_arrivals();
CREATE OR REPLACE TRIGGER arrivals_changed AFTER UPDATE ON registry_card REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION surveillance.count_arrivals();

-- Adds the rows up: one for each institution, month and day. Returns how many rows there are less.
CREATE OR REPLACE FUNCTION surveillance.fold_arrivals() RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  less bigint;
BEGIN
  IF scope.system() IS DISTINCT FROM 'summary' THEN
    RAISE EXCEPTION 'for the job that sums up alone' USING ERRCODE = 'TH002';
  END IF;
  WITH gone AS (DELETE FROM surveillance_arrival RETURNING *),
  kept AS (
    INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, cards, assumed)
    SELECT institution_id, archive_month, reported_on, sum(cards), sum(assumed) FROM gone
    GROUP BY 1, 2, 3 HAVING sum(cards) <> 0 OR sum(assumed) <> 0 RETURNING 1
  )
  SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept) INTO less;
  RETURN less;
END
$$;
