-- One row for each point and month that it owes: what arrived, and how that stands.
-- Parameters: months and dues (arrays side by side, the months in a row from first to last), today, low and high (region range), institutions (NULL for all).
-- Points first, then each point's own rows by index: row security compares nothing else then.
WITH month AS (
  SELECT * FROM unnest(%(months)s::date[], %(dues)s::date[]) AS asked (month, due)
), point AS MATERIALIZED (
  SELECT held.id AS point_id, held.institution_id, place.code, place.region_code, place.name, place.name_pinyin, held.valid
  FROM surveillance_point AS held JOIN network_institution AS place ON place.id = held.institution_id
  WHERE place.region_code COLLATE "C" >= %(low)s AND place.region_code COLLATE "C" < %(high)s
    AND (%(institutions)s::bigint[] IS NULL OR held.institution_id = ANY (%(institutions)s))
), place AS MATERIALIZED (
  SELECT DISTINCT institution_id FROM point
), arrived AS MATERIALIZED (
  SELECT place.institution_id, day.archive_month, sum(day.cards) AS cards, sum(day.assumed) AS assumed,
         coalesce(sum(day.cards) FILTER (WHERE reported_on IS NOT NULL), 0) AS reported,
         coalesce(sum(day.cards) FILTER (WHERE reported_on <= due), 0) AS on_time,
         max(reported_on) AS last_on
  FROM place CROSS JOIN LATERAL (
    SELECT archive_month, reported_on, sum(cards) AS cards, sum(assumed) AS assumed
    FROM surveillance_arrival AS each
    WHERE each.institution_id = place.institution_id AND each.archive_month BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2 HAVING sum(cards) <> 0
  ) AS day JOIN month ON month.month = day.archive_month
  GROUP BY 1, 2
), zero AS MATERIALIZED (
  SELECT place.institution_id, each.archive_month, surveillance.day(each.signed_at) AS zero_on
  FROM place CROSS JOIN LATERAL (
    SELECT archive_month, signed_at FROM surveillance_zeroreport AS one
    WHERE one.institution_id = place.institution_id AND one.archive_month BETWEEN %(first)s AND %(last)s
      AND one.withdrawn_at IS NULL
  ) AS each
), cell AS (
  SELECT point.point_id, point.institution_id, point.code, point.region_code, point.name, point.name_pinyin, month.month, month.due,
         coalesce(arrived.cards, 0) AS cards, coalesce(arrived.reported, 0) AS reported,
         coalesce(arrived.on_time, 0) AS on_time, coalesce(arrived.assumed, 0) AS assumed, zero.zero_on,
         CASE
           WHEN %(today)s < month.month + interval '1 month' THEN 'open'  -- it still runs
           WHEN arrived.cards > 0 AND arrived.reported = arrived.cards AND arrived.last_on <= month.due THEN 'on_time'
           WHEN arrived.cards > 0 AND arrived.reported = arrived.cards THEN 'late'
           WHEN arrived.cards > 0 AND %(today)s <= month.due THEN 'open'
           WHEN arrived.cards > 0 THEN 'overdue'
           WHEN zero.zero_on IS NULL AND %(today)s <= month.due THEN 'open'
           WHEN zero.zero_on IS NULL THEN 'missing'
           WHEN zero.zero_on <= month.due THEN 'zero'
           ELSE 'zero_late'
         END AS state,
         CASE
           WHEN arrived.cards > 0 AND arrived.reported = arrived.cards THEN arrived.last_on
           WHEN arrived.cards > 0 OR zero.zero_on IS NULL THEN %(today)s
           ELSE zero.zero_on
         END - month.due AS days
  FROM month
  JOIN point ON point.valid @> (month.month + interval '1 month' - interval '1 day')::date
  LEFT JOIN arrived ON arrived.institution_id = point.institution_id AND arrived.archive_month = month.month
  LEFT JOIN zero ON zero.institution_id = point.institution_id AND zero.archive_month = month.month
)
