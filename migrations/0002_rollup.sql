-- The rollups: what was used, per enterprise and per area, by slot and by civil day. Only changed by
-- adding differences (design 3). Slot tables are partitioned by UTC month of the slot; ensure_month
-- makes a month's partition before the first commit that needs it.

-- Times are kept as ms wherever the fold reads them again, as timestamptz wherever people do.
CREATE FUNCTION meterd.at_ms(ms bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT to_timestamp(ms::float8 / 1000) $$;
COMMENT ON FUNCTION meterd.at_ms(bigint) IS 'The moment that is ms milliseconds after 1970-01-01 UTC.';

CREATE TABLE meterd.rollup_enterprise_slot (
    enterprise integer NOT NULL,
    item       integer NOT NULL,
    slot       timestamptz NOT NULL,
    quantity   numeric(39, 0) NOT NULL,
    estimated  numeric(39, 0) NOT NULL,
    readings   bigint NOT NULL,
    late       bigint NOT NULL,
    suspect    bigint NOT NULL,
    revision   integer NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (enterprise, item, slot)
) PARTITION BY RANGE (slot);
COMMENT ON TABLE meterd.rollup_enterprise_slot IS 'What an enterprise used of an item in a slot. A missing row equals a row of zeros.';
COMMENT ON COLUMN meterd.rollup_enterprise_slot.enterprise IS 'Number of the enterprise.';

CREATE TABLE meterd.rollup_area_slot (
    area       integer NOT NULL,
    item       integer NOT NULL,
    slot       timestamptz NOT NULL,
    quantity   numeric(39, 0) NOT NULL,
    estimated  numeric(39, 0) NOT NULL,
    readings   bigint NOT NULL,
    late       bigint NOT NULL,
    suspect    bigint NOT NULL,
    revision   integer NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (area, item, slot)
) PARTITION BY RANGE (slot);
COMMENT ON TABLE meterd.rollup_area_slot IS 'What an area (park, "no park", prefecture, province) used of an item in a slot. A missing row equals a row of zeros.';
COMMENT ON COLUMN meterd.rollup_area_slot.area IS 'Number of the area.';

-- Half-filled pages leave room for updates in place (HOT): twice the upserts a second.
CREATE TABLE meterd.rollup_enterprise_day (
    enterprise integer NOT NULL,
    item       integer NOT NULL,
    day        date NOT NULL,
    quantity   numeric(39, 0) NOT NULL,
    estimated  numeric(39, 0) NOT NULL,
    readings   bigint NOT NULL,
    late       bigint NOT NULL,
    suspect    bigint NOT NULL,
    revision   integer NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (enterprise, item, day)
) WITH (fillfactor = 50);
COMMENT ON TABLE meterd.rollup_enterprise_day IS 'What an enterprise used of an item in a civil day: the sum of its slots in every column but revision and changed_at.';
COMMENT ON COLUMN meterd.rollup_enterprise_day.enterprise IS 'Number of the enterprise.';

CREATE TABLE meterd.rollup_area_day (
    area       integer NOT NULL,
    item       integer NOT NULL,
    day        date NOT NULL,
    quantity   numeric(39, 0) NOT NULL,
    estimated  numeric(39, 0) NOT NULL,
    readings   bigint NOT NULL,
    late       bigint NOT NULL,
    suspect    bigint NOT NULL,
    revision   integer NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (area, item, day)
) WITH (fillfactor = 50);
COMMENT ON TABLE meterd.rollup_area_day IS 'What an area used of an item in a civil day: the sum of its slots in every column but revision and changed_at.';
COMMENT ON COLUMN meterd.rollup_area_day.area IS 'Number of the area.';

-- The columns that all four tables share mean the same in each.
DO $$
DECLARE
    t text;
    c text[];
BEGIN
    FOREACH t IN ARRAY ARRAY['rollup_enterprise_slot', 'rollup_area_slot',
                             'rollup_enterprise_day', 'rollup_area_day'] LOOP
        FOREACH c SLICE 1 IN ARRAY ARRAY[
            ['item', 'Number of the item.'],
            ['quantity', 'Sum of the amounts, in micro-units.'],
            ['estimated', 'The part of quantity that rests on estimation, in micro-units.'],
            ['readings', 'Usable readings of counted points with their time in the span.'],
            ['late', 'Those of them that came later than late_after.'],
            ['suspect', 'Readings of counted points that have no part in the quantity.'],
            ['revision', 'Commits that changed the row.'],
            ['changed_at', 'Time of arrival of the newest record behind the last change.']] LOOP
            EXECUTE format('COMMENT ON COLUMN meterd.%I.%I IS %L', t, c[1], c[2]);
        END LOOP;
        IF t LIKE '%\_slot' THEN
            EXECUTE format('COMMENT ON COLUMN meterd.%I.slot IS %L', t, 'Start of the slot.');
        ELSE
            EXECUTE format('COMMENT ON COLUMN meterd.%I.day IS %L', t, 'Civil day.');
        END IF;
    END LOOP;
END
$$;

CREATE TABLE meterd.enterprise_day (
    enterprise   integer NOT NULL,
    day          date NOT NULL,
    received     bigint NOT NULL,
    counted      bigint NOT NULL,
    superseding  bigint NOT NULL,
    repeated     bigint NOT NULL,
    quarantined  bigint NOT NULL,
    late         bigint NOT NULL,
    suspect      bigint NOT NULL,
    unregistered bigint NOT NULL,
    PRIMARY KEY (enterprise, day)
) WITH (fillfactor = 50);
COMMENT ON TABLE meterd.enterprise_day IS 'What arrived from an enterprise on a civil day, each arrival classed once.';
COMMENT ON COLUMN meterd.enterprise_day.enterprise IS 'Number of the enterprise.';
COMMENT ON COLUMN meterd.enterprise_day.day IS 'Civil day of arrival.';
COMMENT ON COLUMN meterd.enterprise_day.received IS 'Arrivals: counted + superseding + repeated + quarantined.';
COMMENT ON COLUMN meterd.enterprise_day.counted IS 'First at their point and time.';
COMMENT ON COLUMN meterd.enterprise_day.superseding IS 'Took the place of a different reading.';
COMMENT ON COLUMN meterd.enterprise_day.repeated IS 'Equal to the reading that was there.';
COMMENT ON COLUMN meterd.enterprise_day.quarantined IS 'Refused, with a reason.';
COMMENT ON COLUMN meterd.enterprise_day.late IS 'Of those not quarantined: came later than late_after.';
COMMENT ON COLUMN meterd.enterprise_day.suspect IS 'Of those not quarantined: not usable.';
COMMENT ON COLUMN meterd.enterprise_day.unregistered IS 'Of those not quarantined: of names not registered then.';

CREATE TABLE meterd.enterprise_state (
    enterprise integer PRIMARY KEY,
    revision   bigint NOT NULL
);
COMMENT ON TABLE meterd.enterprise_state IS 'Under which revision an enterprise''s sums stand in its areas.';
COMMENT ON COLUMN meterd.enterprise_state.enterprise IS 'Number of the enterprise.';
COMMENT ON COLUMN meterd.enterprise_state.revision IS 'Registry revision of its areas.';

INSERT INTO meterd.schema_version (version, name) VALUES (2, '0002_rollup');
