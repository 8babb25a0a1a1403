-- The views: all that dashboards see (contract 6). Quantities leave as exact decimals of the item's
-- unit; times as timestamptz. Helpers first, then rollups by slot, hour, day, month and year, then
-- readings and progress.

CREATE FUNCTION meterd.units(micro numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT trim_scale(micro * 0.000001) $$;
COMMENT ON FUNCTION meterd.units(numeric) IS 'Micro-units as units, exact, without trailing zeros.';

CREATE FUNCTION meterd.quality_word(quality smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(('{good,estimated,manual,stopped,maintenance,calibrating,fault,over_range,stale,unknown}'::text[])
                    [(coalesce(quality, 0) & 15) + 1], 'unknown')
$$;
COMMENT ON FUNCTION meterd.quality_word(smallint) IS 'The word for a quality; null is good.';

-- The start of a civil day, and of the civil month or year (part) a day lies in.
CREATE FUNCTION meterd.civil_start(day date, utc_offset_ms bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_timestamp(((day - date '1970-01-01') * 86400000::bigint - utc_offset_ms)::float8 / 1000)
$$;
COMMENT ON FUNCTION meterd.civil_start(date, bigint) IS 'Midnight of a civil day of the deployment.';

CREATE VIEW meterd.item_now AS
SELECT DISTINCT ON (i.number) i.number, i.item, a.name, a.unit
  FROM meterd.item i
  JOIN meterd.item_attr a ON a.item = i.number AND a.removed_revision IS NULL
 ORDER BY i.number, a.valid_from_ms DESC;
COMMENT ON VIEW meterd.item_now IS 'The items with their newest attributes.';
COMMENT ON COLUMN meterd.item_now.number IS 'Number of the item.';
COMMENT ON COLUMN meterd.item_now.item IS 'Key of the item.';
COMMENT ON COLUMN meterd.item_now.name IS 'Name of the item.';
COMMENT ON COLUMN meterd.item_now.unit IS 'Unit of its quantities.';

-- Dated rows as spans that cover all time: the first row holds before its own beginning too.
CREATE VIEW meterd.enterprise_span AS
SELECT enterprise, name, prefecture_code AS prefecture,
       coalesce(park_id, '-' || prefecture_code) AS park,
       CASE WHEN lag(valid_from_ms) OVER w IS NULL THEN '-infinity'::timestamptz
            ELSE meterd.at_ms(valid_from_ms) END AS from_at,
       coalesce(meterd.at_ms(lead(valid_from_ms) OVER w), 'infinity'::timestamptz) AS to_at
  FROM meterd.enterprise_attr
 WHERE removed_revision IS NULL AND valid_to_ms > valid_from_ms
WINDOW w AS (PARTITION BY enterprise ORDER BY valid_from_ms);
COMMENT ON VIEW meterd.enterprise_span IS 'Where each enterprise belongs from when to when.';
COMMENT ON COLUMN meterd.enterprise_span.enterprise IS 'Number of the enterprise.';
COMMENT ON COLUMN meterd.enterprise_span.name IS 'Full name of the enterprise.';
COMMENT ON COLUMN meterd.enterprise_span.prefecture IS 'Code of its prefecture.';
COMMENT ON COLUMN meterd.enterprise_span.park IS 'Code of its park, or of "no park".';
COMMENT ON COLUMN meterd.enterprise_span.from_at IS 'Beginning of the span.';
COMMENT ON COLUMN meterd.enterprise_span.to_at IS 'End of the span.';


-- Areas of every kind; the views below show one kind each.

CREATE VIEW meterd.area_slot AS
SELECT a.kind, a.code AS area, a.name AS area_name, a.prefecture, i.item, i.unit,
       r.slot AS slot_start,
       r.slot + d.slot_ms * interval '1 ms' AS slot_end,
       meterd.units(r.quantity) AS quantity, meterd.units(r.estimated) AS estimated,
       r.readings, r.late, r.suspect, r.revision::bigint AS revision, r.changed_at
  FROM meterd.rollup_area_slot r
  JOIN meterd.area a ON a.number = r.area
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d;

CREATE VIEW meterd.area_hour AS
SELECT a.kind, a.code AS area, a.name AS area_name, a.prefecture, i.item, i.unit,
       date_bin('1 hour', r.slot, timestamptz 'epoch' - d.utc_offset_ms * interval '1 ms') AS slot_start,
       date_bin('1 hour', r.slot, timestamptz 'epoch' - d.utc_offset_ms * interval '1 ms')
           + interval '1 hour' AS slot_end,
       meterd.units(sum(r.quantity)) AS quantity,
       meterd.units(sum(r.estimated)) AS estimated, sum(r.readings)::bigint AS readings,
       sum(r.late)::bigint AS late, sum(r.suspect)::bigint AS suspect,
       sum(r.revision)::bigint AS revision, max(r.changed_at) AS changed_at
  FROM meterd.rollup_area_slot r
  JOIN meterd.area a ON a.number = r.area
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d
 GROUP BY a.kind, a.code, a.name, a.prefecture, i.item, i.unit, 7, 8;

CREATE VIEW meterd.area_day AS
SELECT a.kind, a.code AS area, a.name AS area_name, a.prefecture, i.item, i.unit,
       meterd.civil_start(r.day, d.utc_offset_ms) AS slot_start,
       meterd.civil_start(r.day + 1, d.utc_offset_ms) AS slot_end,
       meterd.units(r.quantity) AS quantity, meterd.units(r.estimated) AS estimated,
       r.readings, r.late, r.suspect, r.revision::bigint AS revision, r.changed_at
  FROM meterd.rollup_area_day r
  JOIN meterd.area a ON a.number = r.area
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d;

CREATE VIEW meterd.area_month AS
SELECT a.kind, a.code AS area, a.name AS area_name, a.prefecture, i.item, i.unit,
       meterd.civil_start(date_trunc('month', r.day::timestamp)::date, d.utc_offset_ms) AS slot_start,
       meterd.civil_start((date_trunc('month', r.day::timestamp) + interval '1 month')::date,
                          d.utc_offset_ms) AS slot_end,
       meterd.units(sum(r.quantity)) AS quantity,
       meterd.units(sum(r.estimated)) AS estimated, sum(r.readings)::bigint AS readings,
       sum(r.late)::bigint AS late, sum(r.suspect)::bigint AS suspect,
       sum(r.revision)::bigint AS revision, max(r.changed_at) AS changed_at
  FROM meterd.rollup_area_day r
  JOIN meterd.area a ON a.number = r.area
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d
 GROUP BY a.kind, a.code, a.name, a.prefecture, i.item, i.unit, 7, 8;

CREATE VIEW meterd.area_year AS
SELECT a.kind, a.code AS area, a.name AS area_name, a.prefecture, i.item, i.unit,
       meterd.civil_start(date_trunc('year', r.day::timestamp)::date, d.utc_offset_ms) AS slot_start,
       meterd.civil_start((date_trunc('year', r.day::timestamp) + interval '1 year')::date,
                          d.utc_offset_ms) AS slot_end,
       meterd.units(sum(r.quantity)) AS quantity,
       meterd.units(sum(r.estimated)) AS estimated, sum(r.readings)::bigint AS readings,
       sum(r.late)::bigint AS late, sum(r.suspect)::bigint AS suspect,
       sum(r.revision)::bigint AS revision, max(r.changed_at) AS changed_at
  FROM meterd.rollup_area_day r
  JOIN meterd.area a ON a.number = r.area
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d
 GROUP BY a.kind, a.code, a.name, a.prefecture, i.item, i.unit, 7, 8;


-- Enterprises, with the park and prefecture they belong to at the start of the row's span.

CREATE VIEW meterd.enterprise_slot_sum AS
SELECT r.enterprise, n.name AS area, i.item, i.unit,
       r.slot AS slot_start,
       r.slot + d.slot_ms * interval '1 ms' AS slot_end,
       meterd.units(r.quantity) AS quantity, meterd.units(r.estimated) AS estimated,
       r.readings, r.late, r.suspect, r.revision::bigint AS revision, r.changed_at
  FROM meterd.rollup_enterprise_slot r
  JOIN meterd.enterprise n ON n.number = r.enterprise
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d;

CREATE VIEW meterd.enterprise_hour_sum AS
SELECT r.enterprise, n.name AS area, i.item, i.unit,
       date_bin('1 hour', r.slot, timestamptz 'epoch' - d.utc_offset_ms * interval '1 ms') AS slot_start,
       date_bin('1 hour', r.slot, timestamptz 'epoch' - d.utc_offset_ms * interval '1 ms')
           + interval '1 hour' AS slot_end,
       meterd.units(sum(r.quantity)) AS quantity,
       meterd.units(sum(r.estimated)) AS estimated, sum(r.readings)::bigint AS readings,
       sum(r.late)::bigint AS late, sum(r.suspect)::bigint AS suspect,
       sum(r.revision)::bigint AS revision, max(r.changed_at) AS changed_at
  FROM meterd.rollup_enterprise_slot r
  JOIN meterd.enterprise n ON n.number = r.enterprise
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d
 GROUP BY r.enterprise, n.name, i.item, i.unit, 5, 6;

CREATE VIEW meterd.enterprise_day_sum AS
SELECT r.enterprise, n.name AS area, i.item, i.unit,
       meterd.civil_start(r.day, d.utc_offset_ms) AS slot_start,
       meterd.civil_start(r.day + 1, d.utc_offset_ms) AS slot_end,
       meterd.units(r.quantity) AS quantity, meterd.units(r.estimated) AS estimated,
       r.readings, r.late, r.suspect, r.revision::bigint AS revision, r.changed_at
  FROM meterd.rollup_enterprise_day r
  JOIN meterd.enterprise n ON n.number = r.enterprise
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d;

CREATE VIEW meterd.enterprise_month_sum AS
SELECT r.enterprise, n.name AS area, i.item, i.unit,
       meterd.civil_start(date_trunc('month', r.day::timestamp)::date, d.utc_offset_ms) AS slot_start,
       meterd.civil_start((date_trunc('month', r.day::timestamp) + interval '1 month')::date,
                          d.utc_offset_ms) AS slot_end,
       meterd.units(sum(r.quantity)) AS quantity,
       meterd.units(sum(r.estimated)) AS estimated, sum(r.readings)::bigint AS readings,
       sum(r.late)::bigint AS late, sum(r.suspect)::bigint AS suspect,
       sum(r.revision)::bigint AS revision, max(r.changed_at) AS changed_at
  FROM meterd.rollup_enterprise_day r
  JOIN meterd.enterprise n ON n.number = r.enterprise
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d
 GROUP BY r.enterprise, n.name, i.item, i.unit, 5, 6;

CREATE VIEW meterd.enterprise_year_sum AS
SELECT r.enterprise, n.name AS area, i.item, i.unit,
       meterd.civil_start(date_trunc('year', r.day::timestamp)::date, d.utc_offset_ms) AS slot_start,
       meterd.civil_start((date_trunc('year', r.day::timestamp) + interval '1 year')::date,
                          d.utc_offset_ms) AS slot_end,
       meterd.units(sum(r.quantity)) AS quantity,
       meterd.units(sum(r.estimated)) AS estimated, sum(r.readings)::bigint AS readings,
       sum(r.late)::bigint AS late, sum(r.suspect)::bigint AS suspect,
       sum(r.revision)::bigint AS revision, max(r.changed_at) AS changed_at
  FROM meterd.rollup_enterprise_day r
  JOIN meterd.enterprise n ON n.number = r.enterprise
  JOIN meterd.item_now i ON i.number = r.item
 CROSS JOIN meterd.deployment d
 GROUP BY r.enterprise, n.name, i.item, i.unit, 5, 6;

CREATE VIEW meterd.v_park_slot AS
SELECT area, area_name, prefecture, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_slot WHERE kind IN ('park', 'no_park');
CREATE VIEW meterd.v_prefecture_slot AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_slot WHERE kind = 'prefecture';
CREATE VIEW meterd.v_province_slot AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_slot WHERE kind = 'province';
CREATE VIEW meterd.v_enterprise_slot AS
SELECT r.area, s.name AS area_name, s.park, s.prefecture, r.item, r.unit, r.slot_start, r.slot_end,
       r.quantity, r.estimated, r.readings, r.late, r.suspect, r.revision, r.changed_at
  FROM meterd.enterprise_slot_sum r
  LEFT JOIN meterd.enterprise_span s
    ON s.enterprise = r.enterprise AND r.slot_start >= s.from_at AND r.slot_start < s.to_at;

CREATE VIEW meterd.v_park_hour AS
SELECT area, area_name, prefecture, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_hour WHERE kind IN ('park', 'no_park');
CREATE VIEW meterd.v_prefecture_hour AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_hour WHERE kind = 'prefecture';
CREATE VIEW meterd.v_province_hour AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_hour WHERE kind = 'province';
CREATE VIEW meterd.v_enterprise_hour AS
SELECT r.area, s.name AS area_name, s.park, s.prefecture, r.item, r.unit, r.slot_start, r.slot_end,
       r.quantity, r.estimated, r.readings, r.late, r.suspect, r.revision, r.changed_at
  FROM meterd.enterprise_hour_sum r
  LEFT JOIN meterd.enterprise_span s
    ON s.enterprise = r.enterprise AND r.slot_start >= s.from_at AND r.slot_start < s.to_at;

CREATE VIEW meterd.v_park_day AS
SELECT area, area_name, prefecture, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_day WHERE kind IN ('park', 'no_park');
CREATE VIEW meterd.v_prefecture_day AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_day WHERE kind = 'prefecture';
CREATE VIEW meterd.v_province_day AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_day WHERE kind = 'province';
CREATE VIEW meterd.v_enterprise_day AS
SELECT r.area, s.name AS area_name, s.park, s.prefecture, r.item, r.unit, r.slot_start, r.slot_end,
       r.quantity, r.estimated, r.readings, r.late, r.suspect, r.revision, r.changed_at
  FROM meterd.enterprise_day_sum r
  LEFT JOIN meterd.enterprise_span s
    ON s.enterprise = r.enterprise AND r.slot_start >= s.from_at AND r.slot_start < s.to_at;

CREATE VIEW meterd.v_park_month AS
SELECT area, area_name, prefecture, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_month WHERE kind IN ('park', 'no_park');
CREATE VIEW meterd.v_prefecture_month AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_month WHERE kind = 'prefecture';
CREATE VIEW meterd.v_province_month AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_month WHERE kind = 'province';
CREATE VIEW meterd.v_enterprise_month AS
SELECT r.area, s.name AS area_name, s.park, s.prefecture, r.item, r.unit, r.slot_start, r.slot_end,
       r.quantity, r.estimated, r.readings, r.late, r.suspect, r.revision, r.changed_at
  FROM meterd.enterprise_month_sum r
  LEFT JOIN meterd.enterprise_span s
    ON s.enterprise = r.enterprise AND r.slot_start >= s.from_at AND r.slot_start < s.to_at;

CREATE VIEW meterd.v_park_year AS
SELECT area, area_name, prefecture, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_year WHERE kind IN ('park', 'no_park');
CREATE VIEW meterd.v_prefecture_year AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_year WHERE kind = 'prefecture';
CREATE VIEW meterd.v_province_year AS
SELECT area, area_name, item, unit, slot_start, slot_end, quantity, estimated,
       readings, late, suspect, revision, changed_at
  FROM meterd.area_year WHERE kind = 'province';
CREATE VIEW meterd.v_enterprise_year AS
SELECT r.area, s.name AS area_name, s.park, s.prefecture, r.item, r.unit, r.slot_start, r.slot_end,
       r.quantity, r.estimated, r.readings, r.late, r.suspect, r.revision, r.changed_at
  FROM meterd.enterprise_year_sum r
  LEFT JOIN meterd.enterprise_span s
    ON s.enterprise = r.enterprise AND r.slot_start >= s.from_at AND r.slot_start < s.to_at;


-- Equal columns mean the same in all of these views.
DO $$
DECLARE
    v record;
    k text;
    col record;
BEGIN
    FOR v IN SELECT c.oid, c.relname,
                    CASE split_part(c.relname, '_', CASE WHEN c.relname LIKE 'v\_%' THEN 3 ELSE 2 END)
                        WHEN 'hour' THEN 'civil hour' WHEN 'day' THEN 'civil day'
                        WHEN 'month' THEN 'civil month' WHEN 'year' THEN 'civil year'
                        ELSE 'slot' END AS span
               FROM pg_class c
              WHERE c.relnamespace = 'meterd'::regnamespace AND c.relkind = 'v'
                AND c.relname ~ '^(v_(park|prefecture|province|enterprise)|area|enterprise)_(slot|hour|day|month|year)(_sum)?$'
    LOOP
        k := CASE WHEN v.relname ~ 'enterprise' THEN 'an enterprise'
                  WHEN v.relname ~ '^area' THEN 'an area of any kind'
                  WHEN v.relname ~ 'park' THEN 'a park, or "no park" of a prefecture,'
                  WHEN v.relname ~ 'prefecture' THEN 'a prefecture' ELSE 'the province' END;
        EXECUTE format('COMMENT ON VIEW meterd.%I IS %L', v.relname,
                       'What ' || k || ' used of an item in a ' || v.span || '.'
                       || CASE WHEN v.relname LIKE 'v\_%' THEN '' ELSE ' Helper of the views v_*.' END);
        FOR col IN SELECT a.attname, m.text
                     FROM pg_attribute a
                     JOIN (VALUES
                        ('kind', 'Kind of the area: province, prefecture, park or no_park.'),
                        ('enterprise', 'Number of the enterprise.'),
                        ('area', 'Code of the area; of an enterprise: its key in the registry.'),
                        ('area_name', 'Name of the area or enterprise.'),
                        ('park', 'Code of the park, or of "no park", at slot_start.'),
                        ('prefecture', 'Code of the prefecture.'),
                        ('item', 'Key of the item.'),
                        ('unit', 'Unit of quantity and estimated.'),
                        ('slot_start', 'Beginning of the span.'),
                        ('slot_end', 'End of the span, not in it.'),
                        ('quantity', 'What was used, exact.'),
                        ('estimated', 'The part of quantity that rests on estimation.'),
                        ('readings', 'Usable readings of counted points with their time in the span.'),
                        ('late', 'Those of them that came later than late_after.'),
                        ('suspect', 'Readings of counted points that have no part in the quantity.'),
                        ('revision', 'Commits that changed the rows behind it.'),
                        ('changed_at', 'Time of arrival of the newest record behind the last change.')
                     ) AS m (name, text) ON m.name = a.attname
                    WHERE a.attrelid = v.oid
        LOOP
            EXECUTE format('COMMENT ON COLUMN meterd.%I.%I IS %L', v.relname, col.attname, col.text);
        END LOOP;
    END LOOP;
END
$$;

CREATE VIEW meterd.v_readings AS
SELECT e.name AS enterprise, p.name AS point, meterd.at_ms(s.first_t + u.offset_ms) AS t,
       meterd.units(u.value::numeric) AS value, meterd.quality_word(u.quality) AS quality,
       coalesce(u.quality, 0) & 16 <> 0 AS rounded, meterd.at_ms(u.received) AS received_at
  FROM meterd.reading_segment s
  JOIN meterd.point p ON p.number = s.point
  JOIN meterd.enterprise e ON e.number = p.enterprise
 CROSS JOIN LATERAL unnest(s.offset_ms, s.value, s.received, s.quality)
    AS u (offset_ms, value, received, quality);
COMMENT ON VIEW meterd.v_readings IS 'All readings of the set, usable or not, registered or not, as of the last write of the point (flush_age).';
COMMENT ON COLUMN meterd.v_readings.enterprise IS 'Key of the enterprise.';
COMMENT ON COLUMN meterd.v_readings.point IS 'Name of the point.';
COMMENT ON COLUMN meterd.v_readings.t IS 'Time of the reading, as moved for interval points.';
COMMENT ON COLUMN meterd.v_readings.value IS 'Value in the point''s own unit, before the factor.';
COMMENT ON COLUMN meterd.v_readings.quality IS 'Quality as a word.';
COMMENT ON COLUMN meterd.v_readings.rounded IS 'Whether more than 6 decimals were sent.';
COMMENT ON COLUMN meterd.v_readings.received_at IS 'Time of arrival.';

CREATE VIEW meterd.v_superseded AS
SELECT e.name AS enterprise, p.name AS point, meterd.at_ms(r.t) AS t,
       meterd.units(r.value::numeric) AS value, meterd.quality_word(r.quality) AS quality,
       meterd.at_ms(r.received) AS received_at, meterd.at_ms(r.replaced) AS replaced_at
  FROM meterd.reading_superseded r
  JOIN meterd.point p ON p.number = r.point
  JOIN meterd.enterprise e ON e.number = p.enterprise;
COMMENT ON VIEW meterd.v_superseded IS 'Readings that a later, different one took the place of.';
COMMENT ON COLUMN meterd.v_superseded.enterprise IS 'Key of the enterprise.';
COMMENT ON COLUMN meterd.v_superseded.point IS 'Name of the point.';
COMMENT ON COLUMN meterd.v_superseded.t IS 'Time of the reading.';
COMMENT ON COLUMN meterd.v_superseded.value IS 'Value in the point''s own unit.';
COMMENT ON COLUMN meterd.v_superseded.quality IS 'Quality as a word.';
COMMENT ON COLUMN meterd.v_superseded.received_at IS 'Time of arrival.';
COMMENT ON COLUMN meterd.v_superseded.replaced_at IS 'Time of arrival of the reading that replaced it.';

CREATE VIEW meterd.v_quarantine AS
SELECT q.id, e.name AS enterprise, g.name AS gateway, q.received_at, q.point, q.t_text,
       q.value_text, q.code, q.detail, q.dismissed_at
  FROM meterd.quarantine q
  LEFT JOIN meterd.enterprise e ON e.number = q.enterprise
  LEFT JOIN meterd.gateway g ON g.number = q.gateway;
COMMENT ON VIEW meterd.v_quarantine IS 'Readings that were refused, with the reason.';
COMMENT ON COLUMN meterd.v_quarantine.id IS 'Number of the row.';
COMMENT ON COLUMN meterd.v_quarantine.enterprise IS 'Key of the enterprise.';
COMMENT ON COLUMN meterd.v_quarantine.gateway IS 'Name of the gateway; null: unknown.';
COMMENT ON COLUMN meterd.v_quarantine.received_at IS 'Time of arrival.';
COMMENT ON COLUMN meterd.v_quarantine.point IS 'Name of the point as it was sent.';
COMMENT ON COLUMN meterd.v_quarantine.t_text IS 'Time as it was sent.';
COMMENT ON COLUMN meterd.v_quarantine.value_text IS 'Value as it was sent.';
COMMENT ON COLUMN meterd.v_quarantine.code IS 'Why it was refused.';
COMMENT ON COLUMN meterd.v_quarantine.detail IS 'What exactly was wrong.';
COMMENT ON COLUMN meterd.v_quarantine.dismissed_at IS 'When an operator dismissed it; null: not dismissed.';

CREATE VIEW meterd.v_enterprise_arrivals AS
SELECT e.name AS enterprise, d.day, d.received, d.counted, d.superseding, d.repeated,
       d.quarantined, d.late, d.suspect, d.unregistered
  FROM meterd.enterprise_day d
  JOIN meterd.enterprise e ON e.number = d.enterprise;
COMMENT ON VIEW meterd.v_enterprise_arrivals IS 'What arrived from an enterprise on a civil day, each arrival classed once.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.enterprise IS 'Key of the enterprise.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.day IS 'Civil day of arrival.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.received IS 'Arrivals: counted + superseding + repeated + quarantined.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.counted IS 'First at their point and time.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.superseding IS 'Took the place of a different reading.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.repeated IS 'Equal to the reading that was there.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.quarantined IS 'Refused, with a reason.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.late IS 'Of those not quarantined: came later than late_after.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.suspect IS 'Of those not quarantined: not usable.';
COMMENT ON COLUMN meterd.v_enterprise_arrivals.unregistered IS 'Of those not quarantined: of names not registered then.';

-- Refold work is what is noted, and what follows from a registry change a point has not adopted yet.
CREATE VIEW meterd.v_progress AS
SELECT l.part AS partition, l.next_offset, l.complete_until,
       (SELECT count(*) FROM meterd.reading_inbox i WHERE i.part = l.part) AS inbox,
       (SELECT count(*) FROM meterd.refold_work w WHERE w.part = l.part)
       + (SELECT count(*)
            FROM meterd.point_state s
            JOIN meterd.point p ON p.number = s.point AND s.revision < p.changed_revision
           WHERE s.part = l.part
             AND NOT EXISTS (SELECT FROM meterd.refold_work w
                              WHERE w.part = s.part AND w.point = s.point)) AS refold_work,
       l.revision AS registry_revision
  FROM meterd.log_partition l;
COMMENT ON VIEW meterd.v_progress IS 'How far each partition is counted: when next_offset is beyond a receipt''s offset and inbox = refold_work = 0, every row includes it.';
COMMENT ON COLUMN meterd.v_progress.partition IS 'Partition of the log.';
COMMENT ON COLUMN meterd.v_progress.next_offset IS 'First offset that is not counted.';
COMMENT ON COLUMN meterd.v_progress.complete_until IS 'Everything that arrived before is counted; moves when idle too.';
COMMENT ON COLUMN meterd.v_progress.inbox IS 'Late readings that wait to be folded.';
COMMENT ON COLUMN meterd.v_progress.refold_work IS 'Points whose amounts are still to be folded again.';
COMMENT ON COLUMN meterd.v_progress.registry_revision IS 'Registry revision the partition''s owner works with.';

-- The role may not exist, or not be ours to make: db init tells the operator.
CREATE FUNCTION meterd.grant_reader() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v name;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'meterd_reader') THEN
        RETURN false;
    END IF;
    GRANT USAGE ON SCHEMA meterd TO meterd_reader;
    FOR v IN SELECT viewname FROM pg_views WHERE schemaname = 'meterd' AND viewname LIKE 'v\_%' LOOP
        EXECUTE format('GRANT SELECT ON meterd.%I TO meterd_reader', v);
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION meterd.grant_reader() IS 'Lets role meterd_reader read the views v_*; false when there is no such role.';
REVOKE ALL ON FUNCTION meterd.grant_reader() FROM PUBLIC;

INSERT INTO meterd.schema_version (version, name) VALUES (4, '0004_views');
