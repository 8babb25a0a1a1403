-- Import, third part: the new revision, $revision, is what the diff tables say. Runs only when
-- nothing is wrong and something changes.

CREATE OR REPLACE FUNCTION pg_temp.this_revision() RETURNS bigint LANGUAGE sql AS $$
    SELECT max(revision) FROM meterd.revision
$$;

INSERT INTO meterd.revision (revision)
SELECT coalesce(max(revision), 0) + 1 FROM meterd.revision;

-- Areas: a prefecture has two, its own and that of "no park".
INSERT INTO meterd.area (kind, code, name, name_en, prefecture)
SELECT * FROM (SELECT CASE k.n WHEN 0 THEN 'prefecture' ELSE 'no_park' END AS kind,
                      CASE k.n WHEN 0 THEN code ELSE '-' || code END AS code,
                      CASE k.n WHEN 0 THEN name ELSE name || ', no park' END,
                      CASE WHEN k.n = 0 OR name_en = '' THEN name_en ELSE name_en || ', no park' END,
                      d.code AS prefecture
                 FROM diff_prefectures d CROSS JOIN generate_series(0, 1) k (n)
                WHERE act = 'add' ORDER BY line, k.n) n;
INSERT INTO meterd.prefecture (code, name, name_en, area, no_park_area)
SELECT d.code, d.name, d.name_en, a.number, n.number
  FROM diff_prefectures d
  JOIN meterd.area a ON a.code = d.code
  JOIN meterd.area n ON n.code = '-' || d.code
 WHERE act = 'add' ORDER BY line;
UPDATE meterd.prefecture p SET name = d.name, name_en = d.name_en
  FROM diff_prefectures d WHERE d.code = p.code AND d.act = 'change';
UPDATE meterd.area a
   SET name = CASE a.kind WHEN 'no_park' THEN d.name || ', no park' ELSE d.name END,
       name_en = CASE WHEN a.kind = 'no_park' AND d.name_en <> '' THEN d.name_en || ', no park'
                      ELSE d.name_en END
  FROM diff_prefectures d
 WHERE d.act = 'change' AND a.code IN (d.code, '-' || d.code);

INSERT INTO meterd.area (kind, code, name, name_en, prefecture)
SELECT 'park', park_id, name, name_en, prefecture_code FROM diff_parks WHERE act = 'add' ORDER BY line;
INSERT INTO meterd.park (park_id, name, name_en, prefecture_code, level, area)
SELECT d.park_id, d.name, d.name_en, d.prefecture_code, d.level, a.number
  FROM diff_parks d JOIN meterd.area a ON a.code = d.park_id WHERE act = 'add' ORDER BY line;
UPDATE meterd.park p SET name = d.name, name_en = d.name_en, level = d.level
  FROM diff_parks d WHERE d.park_id = p.park_id AND d.act = 'change';
UPDATE meterd.area a SET name = d.name, name_en = d.name_en
  FROM diff_parks d WHERE d.park_id = a.code AND d.act = 'change';

INSERT INTO meterd.item (item)
SELECT item FROM diff_items WHERE number IS NULL GROUP BY item ORDER BY min(line);
UPDATE meterd.item_attr a SET removed_revision = pg_temp.this_revision()
  FROM diff_items d
 WHERE d.act = 'change' AND a.item = d.number AND a.valid_from_ms = d.valid_from
   AND a.removed_revision IS NULL;
INSERT INTO meterd.item_attr (item, valid_from_ms, name, unit, kgce_calorific, kgce_equal, added_revision)
SELECT i.number, d.valid_from, d.name, d.unit, d.kgce_calorific, d.kgce_equal, pg_temp.this_revision()
  FROM diff_items d JOIN meterd.item i ON i.item = d.item WHERE d.act IS NOT NULL;

-- A new enterprise goes to the partition with the fewest, the lowest of equals. The k-th place a
-- partition with c enterprises has left ranks c + k, so the first places in that order are the ones
-- that giving them out one by one would find.
INSERT INTO meterd.enterprise (name, part)
WITH fresh AS (SELECT enterprise, row_number() OVER (ORDER BY min(line)) AS turn
                 FROM diff_enterprises WHERE number IS NULL GROUP BY enterprise),
     load AS (SELECT p.part, count(e.number) AS count
                FROM meterd.deployment d
               CROSS JOIN LATERAL generate_series(0, d.partitions - 1) p (part)
                LEFT JOIN meterd.enterprise e ON e.part = p.part GROUP BY p.part),
     place AS (SELECT part, row_number() OVER (ORDER BY count + k, part) AS turn
                 FROM load CROSS JOIN LATERAL
                      generate_series(0, (SELECT count(*) FROM fresh)
                                         - (load.count - (SELECT min(count) FROM load))) k)
SELECT f.enterprise, p.part FROM fresh f JOIN place p USING (turn) ORDER BY turn;
UPDATE meterd.enterprise_attr a SET removed_revision = pg_temp.this_revision()
  FROM diff_enterprises d
 WHERE d.act = 'change' AND a.enterprise = d.number AND a.valid_from_ms = d.valid_from
   AND a.removed_revision IS NULL;
INSERT INTO meterd.enterprise_attr (enterprise, valid_from_ms, valid_to_ms, name, uscc, industry,
                                    prefecture_code, park_id, added_revision)
SELECT e.number, d.valid_from, d.valid_to, d.name, d.uscc, d.industry, d.prefecture_code, d.park_id,
       pg_temp.this_revision()
  FROM diff_enterprises d JOIN meterd.enterprise e ON e.name = d.enterprise WHERE d.act IS NOT NULL;
UPDATE meterd.enterprise e SET changed_revision = pg_temp.this_revision()
  FROM diff_enterprises d
 WHERE d.enterprise = e.name AND (d.effective_ms IS NOT NULL OR d.number IS NULL);

INSERT INTO meterd.gateway (name, enterprise, token_sha256, token2_sha256, changed_revision)
SELECT d.gateway, e.number, d.token, d.token2, pg_temp.this_revision()
  FROM diff_gateways d JOIN meterd.enterprise e ON e.name = d.enterprise
 WHERE d.act = 'add' ORDER BY line;
UPDATE meterd.gateway g
   SET enterprise = e.number, token_sha256 = d.token, token2_sha256 = d.token2,
       changed_revision = pg_temp.this_revision()
  FROM diff_gateways d JOIN meterd.enterprise e ON e.name = d.enterprise
 WHERE d.act = 'change' AND g.number = d.number;

-- Points: a name gets its number here as meterd.intern gives it; one that has a number keeps it.
INSERT INTO meterd.point (enterprise, name)
SELECT e.number, d.point
  FROM diff_points d JOIN meterd.enterprise e ON e.name = d.enterprise
 WHERE d.number IS NULL GROUP BY e.number, d.point ORDER BY min(d.line)
    ON CONFLICT (enterprise, name) DO NOTHING;
UPDATE meterd.point p
   SET kind = d.kind, unit = d.unit, period_ms = d.period_ms, period_months = d.period_months,
       stamp = CASE d.stamp WHEN 1 THEN 'end' ELSE 'start' END,
       changed_revision = pg_temp.this_revision()
  FROM (SELECT DISTINCT ON (e.number, d.point) e.number AS enterprise_number, d.point, d.kind, d.unit,
               d.period_ms, d.period_months, d.stamp
          FROM diff_points d JOIN meterd.enterprise e ON e.name = d.enterprise
         WHERE NOT d.known ORDER BY e.number, d.point, d.line) d
 WHERE p.enterprise = d.enterprise_number AND p.name = d.point;
UPDATE meterd.point_attr a SET removed_revision = pg_temp.this_revision()
  FROM diff_points d
 WHERE d.act = 'change' AND a.point = d.number AND a.valid_from_ms = d.valid_from
   AND a.removed_revision IS NULL;
INSERT INTO meterd.point_attr (point, valid_from_ms, valid_to_ms, item, nominal_ms, modulus, max_rate,
                               reverse, factor_num, factor_den, sign, counted, sentinels,
                               spread_max_ms, hold_max_ms, added_revision)
SELECT p.number, d.valid_from, d.valid_to, i.number, d.nominal_ms, d.modulus, d.max_rate, d.reverse,
       d.factor_num, d.factor_den, d.sign, d.counted, d.sentinels, d.spread_max_ms, d.hold_max_ms,
       pg_temp.this_revision()
  FROM diff_points d
  JOIN meterd.enterprise e ON e.name = d.enterprise
  JOIN meterd.point p ON p.enterprise = e.number AND p.name = d.point
  JOIN meterd.item i ON i.item = d.item
 WHERE d.act IS NOT NULL;

UPDATE meterd.exchange x SET removed_revision = pg_temp.this_revision()
  FROM diff_exchanges d
 WHERE d.act IN ('change', 'remove') AND x.point = d.number AND x.t_ms = d.t_ms
   AND x.removed_revision IS NULL;
INSERT INTO meterd.exchange (point, t_ms, end_value, start_value, added_revision)
SELECT p.number, d.t_ms, d.end_value, d.start_value, pg_temp.this_revision()
  FROM diff_exchanges d
  JOIN meterd.enterprise e ON e.name = d.enterprise
  JOIN meterd.point p ON p.enterprise = e.number AND p.name = d.point
 WHERE d.act IN ('add', 'change');

UPDATE meterd.point p SET changed_revision = pg_temp.this_revision()
 WHERE p.changed_revision < pg_temp.this_revision()
   AND p.number IN (SELECT number FROM diff_points WHERE act IS NOT NULL
                    UNION SELECT number FROM diff_exchanges WHERE act IS NOT NULL);
