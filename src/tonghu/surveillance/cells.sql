-- One row for each point and month that it owes, or that has cards all the same: what arrived, and how that stands.
-- Parameters: months, dues (arrays side by side), today, low and high (region range), institution (or NULL for all).
WITH month AS (
  SELECT * FROM unnest(%(months)s::date[], %(dues)s::date[]) AS asked (month, due)
), point AS (
  SELECT held.id AS point_id, held.institution_id, place.region_code, place.name, place.name_pinyin, held.valid
  FROM surveillance_point AS held JOIN network_institution AS place ON place.id = held.institution_id
  WHERE place.region_code COLLATE "C" >= %(low)s AND place.region_code COLLATE "C" < %(high)s
    AND (%(institution)s::bigint IS NULL OR held.institution_id = %(institution)s)
), day AS (
  SELECT institution_id, archive_month, reported_on, sum(cards) AS cards, sum(assumed) AS assumed
  FROM surveillance_arrival
  WHERE archive_month = ANY (%(months)s::date[])
    AND (%(institution)s::bigint IS NULL OR institution_id = %(institution)s)
  GROUP BY 1, 2, 3 HAVING sum(cards) <> 0
), arrived AS (
  SELECT institution_id, archive_month, sum(cards) AS cards, sum(assumed) AS assumed,
         coalesce(sum(cards) FILTER (WHERE reported_on IS NOT NULL), 0) AS reported,
         coalesce(sum(cards) FILTER (WHERE reported_on <= due), 0) AS on_time,
         max(reported_on) AS last_on
  FROM day JOIN month ON month.month = day.archive_month GROUP BY 1, 2
), cell AS (
  SELECT point.point_id, point.institution_id, point.region_code, point.name, point.name_pinyin, month.month, month.due,
         coalesce(arrived.cards, 0) AS cards, coalesce(arrived.reported, 0) AS reported,
         coalesce(arrived.on_time, 0) AS on_time, coalesce(arrived.assumed, 0) AS assumed,
         surveillance.day(zero.signed_at) AS zero_on,
         CASE
           WHEN %(today)s < month.month + interval '1 month' THEN 'open'  -- it still runs
           WHEN arrived.cards > 0 AND arrived.reported = arrived.cards AND arrived.last_on <= month.due THEN 'on_time'
           WHEN arrived.cards > 0 AND arrived.reported = arrived.cards THEN 'late'
           WHEN arrived.cards > 0 AND %(today)s <= month.due THEN 'open'
           WHEN arrived.cards > 0 THEN 'overdue'
           WHEN zero.signed_at IS NULL AND %(today)s <= month.due THEN 'open'
           WHEN zero.signed_at IS NULL THEN 'missing'
           WHEN surveillance.day(zero.signed_at) <= month.due THEN 'zero'
           ELSE 'zero_late'
         END AS state,
         CASE
           WHEN arrived.cards > 0 AND arrived.reported = arrived.cards THEN arrived.last_on
           WHEN arrived.cards > 0 OR zero.signed_at IS NULL THEN %(today)s
           ELSE surveillance.day(zero.signed_at)
         END - month.due AS days
  FROM month
  JOIN point ON point.valid @> (month.month + interval '1 month' - interval '1 day')::date
  LEFT JOIN arrived ON arrived.institution_id = point.institution_id AND arrived.archive_month = month.month
  LEFT JOIN surveillance_zeroreport AS zero
    ON zero.institution_id = point.institution_id AND zero.archive_month = month.month AND zero.withdrawn_at IS NULL
)
