-- The statements that fill a site up, set-wise; see fill.py. Every figure is drawn by chance.
-- A line `-- @part step` begins a statement. Hospitals are numbered by n, the first are the largest; `habit` is how one
-- reports. A card is drawn first, then written with what follows from what was drawn.

-- @places places
CREATE TEMP TABLE filled_place AS
SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, region_code,
       CASE WHEN r < 0.90 THEN 'good' WHEN r < 0.96 THEN 'tardy' WHEN r < 0.985 THEN 'slow' ELSE 'silent' END
         AS habit,
       0.55 + 0.9 * random() AS trouble
FROM (SELECT id, region_code, random() AS r FROM network_institution WHERE kind = 'hospital') AS each;

-- @places points
INSERT INTO surveillance_point (institution_id, valid, ground, note)
SELECT id, daterange((date '2020-01-01' + (random() * 1500)::int * (n > 300)::int), NULL),
       CASE WHEN random() < 0.6 THEN 'designated' ELSE 'voluntary' END, '虚构' FROM filled_place AS place
WHERE NOT EXISTS (SELECT FROM surveillance_point AS held WHERE held.institution_id = place.id);

-- @places people
WITH role AS (SELECT * FROM unnest(ARRAY['point_lead', 'entry_clerk', 'auditor']) WITH ORDINALITY AS r (role, k)),
person AS (
  INSERT INTO accounts_person
    (username, password, name, email, institution_id, language, is_active, made_up)
  SELECT 'fill' || place.n || '.' || replace(role, '_', '-'), '!', name.name, '', place.id, 'zh-hans', true, true
  FROM filled_place AS place CROSS JOIN role
  JOIN filled_name AS name ON name.n = (place.n * 3 + role.k) %% (SELECT count(*) FROM filled_name)
  WHERE NOT EXISTS (SELECT FROM accounts_post AS held WHERE held.institution_id = place.id)
  RETURNING id, institution_id, username
)
INSERT INTO accounts_post (person_id, institution_id, role, valid)
SELECT id, institution_id, replace(split_part(username, '.', 2), '-', '_'), daterange('2024-01-01', NULL)
FROM person;

-- @children numbers of children
CREATE TEMP TABLE filled_child AS
SELECT nextval('patients_child_id_seq') AS id, nextval('patients_hospitalview_id_seq') AS view_id, each.n,
       place.id AS institution_id, name.name, name.sort, disease.code, disease.scope, disease.iccc,
       CASE WHEN each.boy < disease.male THEN '1' ELSE '2' END AS sex,
       (%(today)s - 30 * %(months)s - (power(each.age, 1.6) * 6500)::int) AS born, home.region_code AS home
FROM (SELECT n, power(random(), 2) AS size, random() AS boy, random() AS age, random() AS ill,
             random() AS called, random() AS away
      FROM generate_series(1, %(children)s) AS n) AS each
JOIN filled_place AS place ON place.n = floor(each.size * (SELECT count(*) FROM filled_place))
JOIN filled_place AS home
  ON home.n = CASE WHEN each.away < 0.75 THEN place.n ELSE floor(each.away * (SELECT count(*) FROM filled_place)) END
JOIN filled_name AS name ON name.n = floor(each.called * (SELECT count(*) FROM filled_name))
JOIN LATERAL (SELECT * FROM filled_disease WHERE upto >= each.ill ORDER BY upto LIMIT 1) AS disease ON true;

-- @children children
INSERT INTO patients_child (id) SELECT id FROM filled_child;

-- @children known children
INSERT INTO patients_knownchild (institution_id, child_id) SELECT institution_id, id FROM filled_child;

-- @children views
INSERT INTO patients_hospitalview
  (id, child_id, institution_id, record_number, patient_name, name_sort, sex, birth_date, ethnicity,
   nationality, document_type, residence_code, created_at, updated_at)
SELECT view_id, id, institution_id, 'F' || lpad(n::text, 8, '0'), name, sort, sex, born, '汉族', '中国', '',
       left(home, 2) || '0000', now(), now() FROM filled_child;

-- @children index
CREATE UNIQUE INDEX ON filled_child (n);

-- @children analyze
ANALYZE filled_child;

-- @cards table
DROP TABLE IF EXISTS filled_card;

-- @cards drawn
CREATE TEMP TABLE filled_card AS
WITH each AS (
  SELECT n, (n::bigint * 7919) %% %(children)s + 1 AS child, random() AS month, random() AS hour, random() AS late,
         random() AS wrong, random() AS mended, random() AS state, random() AS assumed, random() AS archived
  FROM generate_series(%(first)s, %(last)s) AS n
), stay AS (
  SELECT each.*, child.id AS child_id, child.view_id, child.institution_id, child.sex, child.born, child.home,
         child.code, child.scope, child.iccc, place.habit, place.trouble, child.n AS record,
         (date_trunc('month', %(today)s) - (floor(power(month, 1.3) * %(months)s)::int || ' months')::interval)::date
           AS discharged
  FROM each JOIN filled_child AS child ON child.n = each.child
  JOIN filled_place AS place ON place.id = child.institution_id
), dated AS (
  SELECT *, least(discharged + ((archived < 0.15)::int || ' months')::interval,
                  date_trunc('month', %(today)s))::date AS archive_month,
         discharged + interval '8 hours' + (n %% 3600) * interval '1 second'
           + hour * greatest(interval '0', least(interval '27 days', (%(today)s - discharged - 1) * interval '1 day'))
           AS out_at
  FROM stay
), reported AS (
  SELECT *, CASE
      WHEN habit = 'silent' AND late < 0.7 THEN NULL
      WHEN habit = 'slow' AND late < 0.5 THEN archive_month + interval '1 month 20 days' + late * interval '50 days'
      WHEN habit = 'tardy' AND late < 0.25 THEN archive_month + interval '1 month 15 days' + late * interval '40 days'
      WHEN late < 0.0006 THEN archive_month + interval '1 month 16 days'
      ELSE archive_month + interval '1 month' + late * interval '13 days'
    END AS due_at FROM dated
)
SELECT *, nextval('registry_card_id_seq') AS id, wrong < 0.40 * trouble AS problem_at_first,
       wrong < 0.40 * trouble AND mended < 0.6 AS problem,
       CASE WHEN due_at <= %(today)s AND out_at <= %(today)s THEN due_at AT TIME ZONE 'Asia/Shanghai' END AS reported_at
FROM reported;

-- @cards cards
INSERT INTO registry_card
  (id, institution_id, child_id, view_id, record_number, admission_count, admission_at, discharge_at,
   archive_month, archive_month_assumed, layout, origin, sex, age_years, age_days, residence_code,
   principal_code, scope_group, scope_code, scope_position, iccc3_subgroup, iccc3_method, iccc3_certainty,
   state, version, accepted_version, reported_version, first_reported_at, reported_at, authors, audited_by,
   state_since, problem_at_first, errors, warnings, confirms, waits_for, waits_note, created_at, changed_at)
SELECT id, institution_id, child_id, view_id, 'F' || lpad(record::text, 8, '0'), '1',
       (out_at - interval '9 days') AT TIME ZONE 'Asia/Shanghai', out_at AT TIME ZONE 'Asia/Shanghai',
       archive_month, assumed < 0.04, '2012', 'import', sex, least(19, greatest(0, (out_at::date - born) / 365)),
       greatest(0, out_at::date - born - 9), left(home, 2) || '0000', code, scope, code, 0, iccc, 'morphology', '',
       CASE WHEN reported_at IS NULL THEN
              (CASE WHEN state < 0.55 THEN 'draft' WHEN state < 0.65 THEN 'returned' WHEN problem THEN 'draft'
                    WHEN state < 0.85 THEN 'submitted' ELSE 'approved' END)
            WHEN state < 0.03 THEN 'returned_by_centre'
            WHEN reported_at > now() - interval '60 days' AND state < 0.5 THEN 'reported' ELSE 'accepted' END,
       1, CASE WHEN reported_at < now() - interval '60 days' AND state >= 0.03 THEN 1 END,
       CASE WHEN reported_at IS NOT NULL THEN 1 END, reported_at, reported_at, '{}', NULL,
       coalesce(reported_at, now() - late * interval '20 days'), problem_at_first,
       CASE WHEN problem THEN 1 + (wrong * 3)::int ELSE 0 END, CASE WHEN mended < 0.2 THEN 1 ELSE 0 END, 0,
       '', '', out_at + interval '3 days', coalesce(reported_at, now() - late * interval '20 days')
FROM filled_card;

-- @cards versions
INSERT INTO registry_cardversion
  (card_id, institution_id, number, made_at, origin, changed, content, content_key)
SELECT card.id, card.institution_id, 1, card.out_at, 'import', '{P3}', page.content, page.content_key
FROM filled_card AS card JOIN filled_page AS page ON page.n = card.n %% %(pages)s;

-- @cards findings
INSERT INTO registry_finding (card_id, institution_id, rule, rule_version, level, "column", overridden_reason)
SELECT DISTINCT ON (card.id, rule.rule) card.id, card.institution_id, rule.rule, 1, rule.level, '', ''
FROM filled_card AS card CROSS JOIN generate_series(0, 2) AS k
JOIN filled_rule AS rule ON rule.n = (card.n::bigint * (k + 1)) %% (SELECT count(*) FROM filled_rule)
WHERE card.problem AND k <= card.wrong * 3;

-- @after zero reports
INSERT INTO surveillance_zeroreport
  (institution_id, archive_month, signed_at, signed_by_id, signed_as, withdrawn_as, withdrawn_because)
SELECT place.id, month.first, month.first + interval '1 month 9 days' + random() * interval '7 days',
       person.id, person.name || ' · 虚构', '', ''
FROM filled_place AS place
CROSS JOIN (SELECT (date_trunc('month', %(today)s) - (k || ' months')::interval)::date AS first
            FROM generate_series(1, %(months)s) AS k) AS month
JOIN surveillance_point AS point ON point.institution_id = place.id AND point.valid @> month.first
JOIN LATERAL (SELECT id, name FROM accounts_person WHERE institution_id = place.id LIMIT 1) AS person ON true
WHERE place.habit <> 'silent' AND random() < 0.985 AND NOT EXISTS (
  SELECT FROM registry_card AS card WHERE card.institution_id = place.id AND card.archive_month = month.first
);
