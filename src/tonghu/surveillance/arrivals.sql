-- What of each month has arrived, and when: kept from the cards, whichever path changes them. Runs as the owner, since
-- nobody else may write it. A card counts by the day, in China, on which it was first reported; a voided one not at all.
-- While a hospital corrects a card that it reported, its own readers count the newer version, those above the reported
-- one, as both read the card itself. Each table counts its own rows: which trigger fires first does not matter.
CREATE OR REPLACE FUNCTION surveillance.count_arrivals() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, own, cards, assumed)
    SELECT institution_id, archive_month, surveillance.day(first_reported_at),
           CASE WHEN version > reported_version THEN true END, count(*), count(*) FILTER (WHERE archive_month_assumed)
    FROM new_rows WHERE state <> 'voided' GROUP BY 1, 2, 3, 4;
    RETURN NULL;
  END IF;
  INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, own, cards, assumed)
  SELECT institution_id, archive_month, surveillance.day(first_reported_at),
         CASE WHEN version > reported_version THEN true END, sum(n), sum(n * archive_month_assumed::int)
  FROM (
    SELECT institution_id, archive_month, first_reported_at, version, reported_version, archive_month_assumed, 1 AS n
    FROM new_rows WHERE state <> 'voided'
    UNION ALL
    SELECT institution_id, archive_month, first_reported_at, version, reported_version, archive_month_assumed, -1
    FROM old_rows WHERE state <> 'voided'
  ) AS change
  GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 OR sum(n * archive_month_assumed::int) <> 0;
  RETURN NULL;
END
$$;

-- The same of what was reported of cards in correction.
CREATE FUNCTION surveillance.count_reported() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, own, cards, assumed)
    SELECT institution_id, archive_month, surveillance.day(first_reported_at), false, count(*),
           count(*) FILTER (WHERE archive_month_assumed)
    FROM new_rows WHERE state <> 'voided' GROUP BY 1, 2, 3;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, own, cards, assumed)
    SELECT institution_id, archive_month, surveillance.day(first_reported_at), false, -count(*),
           -count(*) FILTER (WHERE archive_month_assumed)
    FROM old_rows WHERE state <> 'voided' GROUP BY 1, 2, 3;
  END IF;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION surveillance.count_reported() FROM PUBLIC;
CREATE TRIGGER arrivals_new AFTER INSERT ON registry_reportedcard REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION surveillance.count_reported();
CREATE TRIGGER arrivals_changed AFTER UPDATE ON registry_reportedcard
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION surveillance.count_reported();
CREATE TRIGGER arrivals_gone AFTER DELETE ON registry_reportedcard REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION surveillance.count_reported();

-- Adds the rows up: one for each institution, month, day and kind of reader. Returns how many rows there are less.
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
    INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, own, cards, assumed)
    SELECT institution_id, archive_month, reported_on, own, sum(cards), sum(assumed) FROM gone
    GROUP BY 1, 2, 3, 4 HAVING sum(cards) <> 0 OR sum(assumed) <> 0 RETURNING 1
  )
  SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept) INTO less;
  RETURN less;
END
$$;
