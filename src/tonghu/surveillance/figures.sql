-- What cards are, one row a figure: by topic and key, with the county of the hospital. A card counts in every topic.
-- Parameters: first, last (archive months), institution (NULL for all that the reader sees), low and high (range of the
-- regions of the hospitals), topics (those wanted), in_hand (states that are one for whoever is above the hospital).
-- Problems: errors open now, and in the first version; by archive month, so that before and after stand side by side.
SELECT region_code, topic, key, cards FROM (
  SELECT region_code, count(*) AS cards, grouping(problem) = 0 AND NOT problem OR
         grouping(problem_at_first) = 0 AND NOT problem_at_first AS without,
         CASE
           WHEN grouping(state) = 0 THEN 'state' WHEN grouping(scope_group) = 0 THEN 'group'
           WHEN grouping(iccc) = 0 THEN 'iccc' WHEN grouping(age) = 0 THEN 'age' WHEN grouping(sex) = 0 THEN 'sex'
           WHEN grouping(residence_code) = 0 THEN 'residence' WHEN grouping(problem) = 0 THEN 'problem'
           WHEN grouping(problem_at_first) = 0 THEN 'problem_at_first' WHEN grouping(archive_month) = 0 THEN 'month'
           ELSE 'all'
         END AS topic,
         CASE
           WHEN grouping(state) = 0 THEN state WHEN grouping(scope_group) = 0 THEN scope_group
           WHEN grouping(iccc) = 0 THEN iccc WHEN grouping(age) = 0 THEN age WHEN grouping(sex) = 0 THEN sex
           WHEN grouping(residence_code) = 0 THEN residence_code
           WHEN grouping(archive_month) = 0 THEN to_char(archive_month, 'YYYY-MM') ELSE ''
         END AS key
  FROM (
    SELECT place.region_code, card.scope_group,
           CASE WHEN (SELECT scope.institution()) IS NULL AND card.state = ANY (%(in_hand)s) THEN 'corrected'
                ELSE card.state END AS state, left(card.iccc3_subgroup, 2) AS iccc, card.sex,
           CASE WHEN card.age_years IS NULL THEN '' WHEN card.age_years < 1 THEN '00' WHEN card.age_years < 5 THEN '01'
                WHEN card.age_years < 10 THEN '05' WHEN card.age_years < 15 THEN '10'
                WHEN card.age_years < 20 THEN '15' ELSE '20' END AS age,
           card.archive_month, card.residence_code, card.errors > 0 AS problem, card.problem_at_first
    FROM registry_seencard AS card
    JOIN network_institution AS place ON place.id = card.institution_id
    WHERE card.archive_month BETWEEN %(first)s AND %(last)s AND card.state <> 'voided'
      AND (%(institution)s::bigint IS NULL OR card.institution_id = %(institution)s)
      AND place.region_code COLLATE "C" >= %(low)s AND place.region_code COLLATE "C" < %(high)s
  ) AS card
  GROUP BY region_code, GROUPING SETS (
    (), (state), (scope_group), (iccc), (age), (sex), (residence_code), (archive_month), (archive_month, problem),
    (archive_month, problem_at_first)
  )
) AS fact
WHERE NOT without AND topic = ANY (%(topics)s)
UNION ALL
SELECT place.region_code, 'rule', finding.rule, count(DISTINCT finding.card_id)
FROM registry_seencard AS card
JOIN network_institution AS place ON place.id = card.institution_id
JOIN registry_finding AS finding ON finding.card_id = card.id AND finding.institution_id = card.institution_id
WHERE card.archive_month BETWEEN %(first)s AND %(last)s AND card.state <> 'voided' AND finding.overridden_at IS NULL
  AND 'rule' = ANY (%(topics)s)
  AND place.region_code COLLATE "C" >= %(low)s AND place.region_code COLLATE "C" < %(high)s
  AND (%(institution)s::bigint IS NULL OR (card.institution_id = %(institution)s
                                           AND finding.institution_id = %(institution)s))
GROUP BY 1, 2, 3
