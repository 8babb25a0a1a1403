-- Points counted now that, by the newest revision, are uncounted at some time from now on at which
-- they were counted before: before (all counted), after (lost).
WITH newest AS (SELECT max(revision) AS revision FROM meterd.revision),
     spans AS (
        SELECT v.after, a.point, a.valid_from_ms, a.counted,
               a.valid_to_ms < coalesce(lead(a.valid_from_ms) OVER w, 9223372036854775807) AS ends,
               least(a.valid_to_ms, coalesce(lead(a.valid_from_ms) OVER w, 9223372036854775807)) AS to_ms
          FROM meterd.point_attr a
         CROSS JOIN newest n
         CROSS JOIN (VALUES (false), (true)) v (after)
         WHERE a.valid_to_ms > a.valid_from_ms
           AND CASE WHEN v.after THEN a.removed_revision IS NULL
                    ELSE a.added_revision < n.revision
                         AND coalesce(a.removed_revision >= n.revision, true) END
        WINDOW w AS (PARTITION BY v.after, a.point ORDER BY a.valid_from_ms)),
     points AS (
        SELECT s.after, s.point,
               bool_or(s.counted AND s.valid_from_ms <= r.now_ms AND s.to_ms > r.now_ms) AS counted,
               bool_or(s.to_ms > r.now_ms AND (NOT s.counted OR s.ends)) AS stops
          FROM spans s CROSS JOIN stage_run r GROUP BY s.after, s.point)
SELECT count(*) FILTER (WHERE o.counted),
       count(*) FILTER (WHERE o.counted AND (NOT n.counted OR (n.stops AND NOT o.stops)))
  FROM points o JOIN points n ON n.point = o.point AND n.after WHERE NOT o.after
