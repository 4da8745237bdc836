-- What cards are, one row a figure: by topic and key, with the county of the hospital. A card counts in every topic.
-- Parameters: first, last (archive months), institution (NULL for all that the reader sees), topics (those wanted).
-- Problems: errors open now, and in the first version; by archive month, so that before and after stand side by side.
SELECT place.region_code, fact.topic, fact.key, count(*) AS cards
FROM registry_card AS card
JOIN network_institution AS place ON place.id = card.institution_id
CROSS JOIN LATERAL (VALUES
  ('all', ''),
  ('state', card.state),
  ('group', card.scope_group),
  ('iccc', left(card.iccc3_subgroup, 2)),
  ('age', CASE WHEN card.age_years IS NULL THEN '' WHEN card.age_years < 1 THEN '00' WHEN card.age_years < 5 THEN '01'
               WHEN card.age_years < 10 THEN '05' WHEN card.age_years < 15 THEN '10' ELSE '15' END),
  ('sex', card.sex),
  ('month', to_char(card.archive_month, 'YYYY-MM')),
  ('residence', card.residence_code),
  ('problem', CASE WHEN card.errors > 0 THEN to_char(card.archive_month, 'YYYY-MM') END),
  ('problem_at_first', CASE WHEN card.problem_at_first THEN to_char(card.archive_month, 'YYYY-MM') END)
) AS fact (topic, key)
WHERE card.archive_month BETWEEN %(first)s AND %(last)s AND card.state <> 'voided'
  AND (%(institution)s::bigint IS NULL OR card.institution_id = %(institution)s) AND fact.key IS NOT NULL
  AND fact.topic = ANY (%(topics)s)
GROUP BY 1, 2, 3
UNION ALL
SELECT place.region_code, 'rule', finding.rule, count(DISTINCT finding.card_id)
FROM registry_card AS card
JOIN network_institution AS place ON place.id = card.institution_id
JOIN registry_finding AS finding ON finding.card_id = card.id AND finding.institution_id = card.institution_id
WHERE card.archive_month BETWEEN %(first)s AND %(last)s AND card.state <> 'voided' AND finding.overridden_at IS NULL
  AND 'rule' = ANY (%(topics)s)
  AND (%(institution)s::bigint IS NULL OR (card.institution_id = %(institution)s
                                           AND finding.institution_id = %(institution)s))
GROUP BY 1, 2, 3
