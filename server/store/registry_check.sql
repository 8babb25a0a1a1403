-- Import, second part: what each staged row would do (act: add, change, remove; null: nothing), and
-- everything that is wrong with it. Files are numbered in the order of import, 0 to 6.

ANALYZE stage_enterprises, stage_gateways, stage_points, stage_exchanges;

-- A blank period of an interval point is its nominal interval.
UPDATE stage_points SET period_ms = nominal_ms
 WHERE kind = 'interval' AND period_ms IS NULL AND period_months IS NULL;

CREATE OR REPLACE FUNCTION pg_temp.civil(ms bigint) RETURNS text LANGUAGE sql AS $$
    SELECT to_char(timestamp 'epoch' + (ms + utc_offset_ms) * interval '1 ms', 'YYYY-MM-DD HH24:MI:SS')
      FROM meterd.deployment
$$;

CREATE TEMP TABLE diff_prefectures ON COMMIT DROP AS
SELECT s.*, CASE WHEN p.code IS NULL THEN 'add'
                 WHEN (p.name, p.name_en) IS DISTINCT FROM (s.name, s.name_en) THEN 'change' END AS act
  FROM stage_prefectures s LEFT JOIN meterd.prefecture p USING (code);

CREATE TEMP TABLE diff_parks ON COMMIT DROP AS
SELECT s.*, CASE WHEN p.park_id IS NULL THEN 'add'
                 WHEN (p.name, p.name_en, p.prefecture_code, p.level)
                      IS DISTINCT FROM (s.name, s.name_en, s.prefecture_code, s.level) THEN 'change'
            END AS act,
       p.prefecture_code AS old_prefecture
  FROM stage_parks s LEFT JOIN meterd.park p USING (park_id);

CREATE TEMP TABLE diff_items ON COMMIT DROP AS
SELECT s.*, i.number,
       CASE WHEN a.item IS NULL THEN 'add'
            WHEN (a.name, a.unit, a.kgce_calorific, a.kgce_equal)
                 IS DISTINCT FROM (s.name, s.unit, s.kgce_calorific, s.kgce_equal) THEN 'change'
       END AS act
  FROM stage_items s
  LEFT JOIN meterd.item i ON i.item = s.item
  LEFT JOIN meterd.item_attr a
    ON a.item = i.number AND a.valid_from_ms = s.valid_from AND a.removed_revision IS NULL;

-- effective_ms: from when on the row changes where an enterprise registered before belongs; null:
-- never.
CREATE TEMP TABLE diff_enterprises ON COMMIT DROP AS
SELECT *, CASE WHEN act IS NULL OR number IS NULL OR (old_void AND void) THEN NULL
               WHEN NOT same_areas OR (has_current AND old_void <> void) THEN
                   CASE WHEN first_from IS NULL OR valid_from <= first_from
                        THEN -9223372036854775808 ELSE valid_from END END AS effective_ms
  FROM (SELECT s.*, e.number, c.enterprise IS NOT NULL AS has_current, f.first_from,
               s.valid_to <= s.valid_from AS void,
               coalesce(c.valid_to_ms <= c.valid_from_ms, true) AS old_void,
               -- the areas that hold now at the row's beginning
               (h.prefecture_code, h.park_id) IS NOT DISTINCT FROM (s.prefecture_code, s.park_id)
                   AS same_areas,
               CASE WHEN c.enterprise IS NULL THEN 'add'
                    WHEN (c.name, c.uscc, c.industry, c.prefecture_code, c.park_id, c.valid_to_ms)
                         IS DISTINCT FROM (s.name, s.uscc, s.industry, s.prefecture_code, s.park_id,
                                           s.valid_to) THEN 'change' END AS act
          FROM stage_enterprises s
          LEFT JOIN meterd.enterprise e ON e.name = s.enterprise
          LEFT JOIN meterd.enterprise_attr c ON c.enterprise = e.number
                AND c.valid_from_ms = s.valid_from AND c.removed_revision IS NULL
          LEFT JOIN LATERAL (SELECT min(valid_from_ms) AS first_from FROM meterd.enterprise_attr a
                              WHERE a.enterprise = e.number AND a.removed_revision IS NULL
                                AND a.valid_to_ms > a.valid_from_ms) f ON true
          LEFT JOIN LATERAL (SELECT a.prefecture_code, a.park_id FROM meterd.enterprise_attr a
                              WHERE a.enterprise = e.number AND a.removed_revision IS NULL
                                AND a.valid_to_ms > a.valid_from_ms
                              ORDER BY a.valid_from_ms <= s.valid_from DESC,
                                       CASE WHEN a.valid_from_ms <= s.valid_from
                                            THEN -(a.valid_from_ms::numeric)
                                            ELSE a.valid_from_ms END LIMIT 1) h ON true) x;

CREATE TEMP TABLE diff_gateways ON COMMIT DROP AS
SELECT s.*, g.number, e.number AS enterprise_number,
       coalesce(decode(nullif(s.token_sha256, ''), 'hex'),
                CASE WHEN s.token_sha256 IS NULL THEN g.token_sha256 END) AS token,
       coalesce(decode(nullif(s.token2_sha256, ''), 'hex'),
                CASE WHEN s.token2_sha256 IS NULL THEN g.token2_sha256 END) AS token2,
       NULL::text AS act
  FROM stage_gateways s
  LEFT JOIN meterd.gateway g ON g.name = s.gateway
  LEFT JOIN meterd.enterprise e ON e.name = s.enterprise;
UPDATE diff_gateways d SET act = CASE WHEN d.number IS NULL THEN 'add' ELSE 'change' END
 WHERE d.number IS NULL
    OR EXISTS (SELECT FROM meterd.gateway g WHERE g.number = d.number
                  AND (g.enterprise, g.token_sha256, g.token2_sha256)
                      IS DISTINCT FROM (d.enterprise_number, d.token, d.token2));

-- effective_ms: from when on the row changes the facts about a point registered before; null: never.
CREATE TEMP TABLE diff_points ON COMMIT DROP AS
SELECT *, CASE WHEN act IS NULL OR NOT known OR (old_void AND void) THEN NULL
               WHEN same_attrs AND NOT old_void AND NOT void THEN least(old_valid_to, valid_to)
               WHEN first_from IS NULL OR valid_from <= first_from THEN -9223372036854775808
               ELSE valid_from END AS effective_ms
  FROM (SELECT s.*, e.number AS enterprise_number, p.number AS number, i.number AS item_number,
               p.kind IS NOT NULL AS known, f.first_from, c.valid_to_ms AS old_valid_to,
               s.valid_to <= s.valid_from AS void,
               coalesce(c.valid_to_ms <= c.valid_from_ms, true) AS old_void,
               a.same AS same_attrs,
               CASE WHEN c.point IS NULL THEN 'add'
                    WHEN NOT a.same OR c.valid_to_ms <> s.valid_to THEN 'change' END AS act
          FROM stage_points s
          LEFT JOIN meterd.enterprise e ON e.name = s.enterprise
          LEFT JOIN meterd.point p ON p.enterprise = e.number AND p.name = s.point
          LEFT JOIN meterd.item i ON i.item = s.item
          LEFT JOIN meterd.point_attr c ON c.point = p.number
                AND c.valid_from_ms = s.valid_from AND c.removed_revision IS NULL
         CROSS JOIN LATERAL (SELECT coalesce(
                (c.item, c.nominal_ms, c.modulus, c.max_rate, c.reverse, c.factor_num, c.factor_den,
                 c.sign, c.counted, c.sentinels, c.spread_max_ms, c.hold_max_ms)
                IS NOT DISTINCT FROM
                (i.number, s.nominal_ms, s.modulus, s.max_rate, s.reverse, s.factor_num, s.factor_den,
                 s.sign, s.counted, s.sentinels, s.spread_max_ms, s.hold_max_ms), false) AS same) a
          LEFT JOIN (SELECT point, min(valid_from_ms) AS first_from FROM meterd.point_attr
                      WHERE removed_revision IS NULL AND valid_to_ms > valid_from_ms
                      GROUP BY point) f ON f.point = p.number) x;

CREATE TEMP TABLE diff_exchanges ON COMMIT DROP AS
SELECT s.*, p.number, p.kind IS NOT NULL AS known, coalesce(p.kind, n.kind) AS kind,
       CASE WHEN s.end_value IS NULL THEN CASE WHEN c.point IS NOT NULL THEN 'remove' END
            WHEN c.point IS NULL THEN 'add'
            WHEN (c.end_value, c.start_value) <> (s.end_value, s.start_value) THEN 'change' END AS act
  FROM stage_exchanges s
  LEFT JOIN meterd.enterprise e ON e.name = s.enterprise
  LEFT JOIN meterd.point p ON p.enterprise = e.number AND p.name = s.point
  LEFT JOIN (SELECT enterprise, point, min(kind) AS kind FROM stage_points GROUP BY 1, 2) n
    ON n.enterprise = s.enterprise AND n.point = s.point
  LEFT JOIN meterd.exchange c
    ON c.point = p.number AND c.t_ms = s.t_ms AND c.removed_revision IS NULL;

ANALYZE diff_enterprises, diff_gateways, diff_points, diff_exchanges;

-- Keys that stand twice in a file.
INSERT INTO stage_error
SELECT file, line, format('%s stands in line %s already: one row for each key', key, first)
  FROM (SELECT file, line, key, min(line) OVER (PARTITION BY file, key) AS first FROM (
        SELECT 0 AS file, line, 'prefecture ' || code AS key FROM stage_prefectures
        UNION ALL SELECT 1, line, 'park ' || park_id FROM stage_parks
        UNION ALL SELECT 2, line, format('item %s with this valid_from', item)
                         || CASE WHEN valid_from > -9223372036854775808
                                 THEN ', ' || pg_temp.civil(valid_from) ELSE '' END FROM stage_items
        UNION ALL SELECT 3, line, format('enterprise %s with this valid_from', enterprise)
                         || CASE WHEN valid_from > -9223372036854775808
                                 THEN ', ' || pg_temp.civil(valid_from) ELSE '' END FROM stage_enterprises
        UNION ALL SELECT 4, line, 'gateway ' || gateway FROM stage_gateways
        UNION ALL SELECT 5, line, format('point %s/%s with this valid_from', enterprise, point)
                         || CASE WHEN valid_from > -9223372036854775808
                                 THEN ', ' || pg_temp.civil(valid_from) ELSE '' END FROM stage_points
        UNION ALL SELECT 6, line, format('an exchange of %s/%s at %s', enterprise, point,
                                         pg_temp.civil(t_ms)) FROM stage_exchanges) k) d
 WHERE line > first;

-- References.
INSERT INTO stage_error
SELECT 1, line, format('prefecture %s is not known: add it to prefectures.csv', prefecture_code)
  FROM stage_parks s
 WHERE NOT EXISTS (SELECT FROM stage_prefectures p WHERE p.code = s.prefecture_code)
   AND NOT EXISTS (SELECT FROM meterd.prefecture p WHERE p.code = s.prefecture_code)
   AND NOT EXISTS (SELECT FROM stage_broken b WHERE b.file = 0 AND coalesce(b.key = s.prefecture_code, true));
INSERT INTO stage_error
SELECT 3, line, format('prefecture %s is not known: add it to prefectures.csv', prefecture_code)
  FROM stage_enterprises s
 WHERE NOT EXISTS (SELECT FROM stage_prefectures p WHERE p.code = s.prefecture_code)
   AND NOT EXISTS (SELECT FROM meterd.prefecture p WHERE p.code = s.prefecture_code)
   AND NOT EXISTS (SELECT FROM stage_broken b WHERE b.file = 0 AND coalesce(b.key = s.prefecture_code, true));
INSERT INTO stage_error
SELECT 3, s.line, CASE WHEN k.prefecture_code IS NULL
                       THEN format('park %s is not known: add it to parks.csv', s.park_id)
                       ELSE format('park %s lies in prefecture %s, not in %s', s.park_id,
                                   k.prefecture_code, s.prefecture_code) END
  FROM stage_enterprises s
  LEFT JOIN (SELECT DISTINCT ON (park_id) park_id, prefecture_code
               FROM (SELECT park_id, prefecture_code, 0 AS place FROM stage_parks
                     UNION ALL SELECT park_id, prefecture_code, 1 FROM meterd.park) b
              ORDER BY park_id, place) k USING (park_id)
 WHERE s.park_id IS NOT NULL AND k.prefecture_code IS DISTINCT FROM s.prefecture_code
   AND NOT EXISTS (SELECT FROM stage_broken b WHERE b.file = 1 AND coalesce(b.key = s.park_id, true));
INSERT INTO stage_error
SELECT file, line, format('enterprise %s is not known: add it to enterprises.csv', enterprise)
  FROM (SELECT 4 AS file, line, enterprise FROM stage_gateways
        UNION ALL SELECT 5, line, enterprise FROM stage_points) s
 WHERE NOT EXISTS (SELECT FROM stage_enterprises e WHERE e.enterprise = s.enterprise)
   AND NOT EXISTS (SELECT FROM meterd.enterprise e WHERE e.name = s.enterprise)
   AND NOT EXISTS (SELECT FROM stage_broken b WHERE b.file = 3 AND coalesce(b.key = s.enterprise, true));
INSERT INTO stage_error
SELECT 5, line, format('item %s is not known: add it to items.csv', item)
  FROM stage_points s
 WHERE NOT EXISTS (SELECT FROM stage_items i WHERE i.item = s.item)
   AND NOT EXISTS (SELECT FROM meterd.item i WHERE i.item = s.item)
   AND NOT EXISTS (SELECT FROM stage_broken b WHERE b.file = 2 AND coalesce(b.key = s.item, true));
INSERT INTO stage_error
SELECT 6, line, CASE WHEN kind IS NULL
                     THEN format('point %s/%s is not known: add it to points.csv', enterprise, point)
                     ELSE format('point %s/%s has kind %s: only a register is exchanged', enterprise,
                                 point, kind) END
  FROM diff_exchanges s
 WHERE kind IS DISTINCT FROM 'register'
   AND NOT EXISTS (SELECT FROM stage_broken b
                    WHERE b.file = 5 AND coalesce(b.key = s.enterprise AND b.key2 = s.point, true));

-- What never changes.
INSERT INTO stage_error
SELECT 0, line, format('%s is the code of another area: codes of areas are unique', s.code)
  FROM stage_prefectures s JOIN meterd.area a ON a.code = s.code AND a.kind <> 'prefecture';
INSERT INTO stage_error
SELECT 1, line, format('%s is the code of another area: codes of areas are unique', s.park_id)
  FROM stage_parks s
 WHERE EXISTS (SELECT FROM meterd.area a WHERE a.code = s.park_id AND a.kind <> 'park')
    OR EXISTS (SELECT FROM stage_prefectures p WHERE p.code = s.park_id);
INSERT INTO stage_error
SELECT 1, line, format('park %s lies in prefecture %s, which never changes: give a new park a new park_id',
                       park_id, old_prefecture)
  FROM diff_parks WHERE old_prefecture <> prefecture_code;
INSERT INTO stage_error
SELECT 2, line, format('item %s has unit %s, which never changes: make a new item', item, was)
  FROM (SELECT s.line, s.item, s.unit,
               coalesce(i.unit, first_value(s.unit) OVER (PARTITION BY s.item ORDER BY s.line)) AS was
          FROM stage_items s LEFT JOIN meterd.item_now i ON i.item = s.item) u
 WHERE was <> unit;
-- The facts of a point that never change, side by side: the stored ones, else those of its first
-- line.
CREATE TEMP TABLE stage_fixed ON COMMIT DROP AS
SELECT d.line, d.enterprise, d.point, w.name, w.was, w.now
  FROM (SELECT d.*, p.kind AS p_kind, p.unit AS p_unit, p.stamp AS p_stamp,
               coalesce(p.period_ms || ' ms', p.period_months || ' months', 'none') AS p_period,
               coalesce(d.period_ms || ' ms', d.period_months || ' months', 'none') AS period,
               CASE d.stamp WHEN 1 THEN 'end' ELSE 'start' END AS stamp_word
          FROM diff_points d LEFT JOIN meterd.point p ON p.number = d.number) d
  JOIN (SELECT DISTINCT ON (enterprise, point) enterprise, point, kind, unit,
               coalesce(period_ms || ' ms', period_months || ' months', 'none') AS period,
               CASE stamp WHEN 1 THEN 'end' ELSE 'start' END AS stamp
          FROM stage_points ORDER BY enterprise, point, line) f
    ON f.enterprise = d.enterprise AND f.point = d.point
 CROSS JOIN LATERAL (VALUES
        ('kind', CASE WHEN d.known THEN d.p_kind ELSE f.kind END, d.kind),
        ('unit', CASE WHEN d.known THEN d.p_unit ELSE f.unit END, d.unit),
        ('period', CASE WHEN d.known THEN d.p_period ELSE f.period END, d.period),
        ('stamp', CASE WHEN d.known THEN d.p_stamp ELSE f.stamp END, d.stamp_word)) w (name, was, now)
 WHERE w.was <> w.now;
INSERT INTO stage_error
SELECT 5, line, format('%s of point %s/%s is %s, here %s; it never changes: make a new point',
                       name, enterprise, point, was, now)
  FROM stage_fixed;

-- Tokens name one gateway.
INSERT INTO stage_error
SELECT 4, line, format('a token of gateway %s is also a token of gateway %s', gateway, other)
  FROM (SELECT t.line, t.gateway,
               coalesce((SELECT min(u.gateway) FROM diff_gateways u
                          WHERE u.gateway <> t.gateway AND t.hash IN (u.token, u.token2)),
                        (SELECT min(g.name) FROM meterd.gateway g
                          WHERE t.hash IN (g.token_sha256, g.token2_sha256)
                            AND NOT EXISTS (SELECT FROM stage_gateways s WHERE s.gateway = g.name)))
                   AS other
          FROM (SELECT line, gateway, token AS hash FROM diff_gateways WHERE token IS NOT NULL
                UNION SELECT line, gateway, token2 FROM diff_gateways WHERE token2 IS NOT NULL) t) x
 WHERE other IS NOT NULL;

-- What this version does not take back: amounts that are given already.
INSERT INTO stage_error
SELECT 5, line, format('point %s/%s is registered and its amounts before %s may be given already:'
                       ' date the change then or later', enterprise, point,
                       pg_temp.civil(limit_ms))
  FROM (SELECT d.*, r.now_ms + m.future_max_ms
                    + CASE WHEN d.kind = 'interval'
                           THEN coalesce(d.period_ms, d.period_months * 31 * 86400000::bigint) ELSE 0
                      END AS limit_ms
          FROM diff_points d CROSS JOIN stage_run r CROSS JOIN meterd.deployment m) x
 WHERE effective_ms < limit_ms;
INSERT INTO stage_error
SELECT 6, line, format('point %s/%s was registered by an earlier import: this version takes exchanges'
                       ' only together with a new point', enterprise, point)
  FROM diff_exchanges WHERE known AND act IS NOT NULL AND kind = 'register';
INSERT INTO stage_error
SELECT 3, line, format('enterprise %s is registered and its amounts before %s may be given already:'
                       ' date the change then or later', enterprise, pg_temp.civil(limit_ms))
  FROM (SELECT d.*, ((r.now_ms + m.future_max_ms + l.period_ms + m.utc_offset_ms) / 86400000 + 1)
                    * 86400000 - m.utc_offset_ms AS limit_ms
          FROM diff_enterprises d CROSS JOIN stage_run r CROSS JOIN meterd.deployment m
         -- A reading that is stamped at the start of its month has amounts up to its end.
         CROSS JOIN LATERAL (SELECT coalesce(max(coalesce(
                        p.period_ms, p.period_months * 31 * 86400000::bigint)), 0) AS period_ms
                      FROM meterd.point p
                     WHERE p.enterprise = d.number AND p.kind = 'interval'
                       AND p.stamp = 'start') l) x
 WHERE effective_ms < limit_ms;
