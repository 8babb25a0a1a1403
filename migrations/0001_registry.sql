-- The registry: who reports what, and how it is counted. Filled by `meterctl registry import`, one
-- revision at a time; rows are added and marked removed, never changed (design 4, "Registry
-- revisions"). Times are ms since 1970-01-01 UTC; values are micro-units; a valid_from_ms of
-- -9223372036854775808 means since ever, a valid_to_ms of 9223372036854775807 for ever.

CREATE SCHEMA IF NOT EXISTS meterd;
COMMENT ON SCHEMA meterd IS 'meterd: energy readings of enterprises, rolled up by area. Dashboards read the views v_* as role meterd_reader.';

CREATE TABLE meterd.schema_version (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE meterd.schema_version IS 'The migrations applied to this database; each inserts its own row.';
COMMENT ON COLUMN meterd.schema_version.version IS 'Number of the migration; the greatest is the version of the schema.';
COMMENT ON COLUMN meterd.schema_version.name IS 'Name of the migration''s file, without .sql.';
COMMENT ON COLUMN meterd.schema_version.applied_at IS 'When it was applied.';

CREATE TABLE meterd.revision (
    revision    bigint PRIMARY KEY CHECK (revision > 0),
    imported_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE meterd.revision IS 'One row for each registry import that changed something.';
COMMENT ON COLUMN meterd.revision.revision IS 'Number of the revision: 1, 2, 3 ...';
COMMENT ON COLUMN meterd.revision.imported_at IS 'When it was imported.';

CREATE TABLE meterd.area (
    number     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('province', 'prefecture', 'park', 'no_park')),
    code       text NOT NULL UNIQUE,
    name       text NOT NULL,
    name_en    text NOT NULL DEFAULT '',
    prefecture text,
    CHECK ((kind = 'province') = (prefecture IS NULL))
);
COMMENT ON TABLE meterd.area IS 'Every area rollups are kept for, with its number.';
COMMENT ON COLUMN meterd.area.number IS 'Number of the area, given once, never reused.';
COMMENT ON COLUMN meterd.area.kind IS 'province, prefecture, park, or no_park: what of a prefecture is in no park.';
COMMENT ON COLUMN meterd.area.code IS 'Code of the area; of "no park" it is - and the prefecture''s code.';
COMMENT ON COLUMN meterd.area.name IS 'Name of the area.';
COMMENT ON COLUMN meterd.area.name_en IS 'English name of the area, empty when none is known.';
COMMENT ON COLUMN meterd.area.prefecture IS 'Code of the prefecture it lies in (a prefecture: its own); null for the province.';

CREATE TABLE meterd.deployment (
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    slot_ms       bigint NOT NULL CHECK (slot_ms >= 1000 AND 86400000 % slot_ms = 0),
    utc_offset_ms bigint NOT NULL CHECK (abs(utc_offset_ms) < 86400000 AND utc_offset_ms % 60000 = 0),
    future_max_ms bigint NOT NULL CHECK (future_max_ms >= 0),
    past_max_ms   bigint NOT NULL CHECK (past_max_ms > 0),
    late_after_ms bigint NOT NULL CHECK (late_after_ms >= 0),
    partitions    integer NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
    province_code text NOT NULL,
    province_name text NOT NULL,
    province_area integer NOT NULL REFERENCES meterd.area (number),
    fold_version  integer NOT NULL,
    log_id        uuid,
    uuid          uuid NOT NULL DEFAULT gen_random_uuid()
);
COMMENT ON TABLE meterd.deployment IS 'The properties of this deployment: one row, set by meterctl db init.';
COMMENT ON COLUMN meterd.deployment.only_row IS 'Always true: there is one row.';
COMMENT ON COLUMN meterd.deployment.slot_ms IS 'Length of a slot in ms; a divisor of a day.';
COMMENT ON COLUMN meterd.deployment.utc_offset_ms IS 'Civil time minus UTC, in ms.';
COMMENT ON COLUMN meterd.deployment.future_max_ms IS 'A reading further in the future than this is refused.';
COMMENT ON COLUMN meterd.deployment.past_max_ms IS 'A reading further in the past than this is refused.';
COMMENT ON COLUMN meterd.deployment.late_after_ms IS 'A reading that arrives later than this after its time is counted as late.';
COMMENT ON COLUMN meterd.deployment.partitions IS 'Partitions of the log.';
COMMENT ON COLUMN meterd.deployment.province_code IS 'Code of the province.';
COMMENT ON COLUMN meterd.deployment.province_name IS 'Name of the province.';
COMMENT ON COLUMN meterd.deployment.province_area IS 'Area number of the province.';
COMMENT ON COLUMN meterd.deployment.fold_version IS 'Version of the fold that new amounts are made with.';
COMMENT ON COLUMN meterd.deployment.log_id IS 'Identity of the log this database belongs to; null until meterd first starts.';
COMMENT ON COLUMN meterd.deployment.uuid IS 'Identity of this database, recorded in the log.';

CREATE TABLE meterd.prefecture (
    code         text PRIMARY KEY,
    name         text NOT NULL,
    name_en      text NOT NULL DEFAULT '',
    area         integer NOT NULL UNIQUE REFERENCES meterd.area (number),
    no_park_area integer NOT NULL UNIQUE REFERENCES meterd.area (number)
);
COMMENT ON TABLE meterd.prefecture IS 'The prefectures of the province.';
COMMENT ON COLUMN meterd.prefecture.code IS 'Code (GB/T 2260).';
COMMENT ON COLUMN meterd.prefecture.name IS 'Name.';
COMMENT ON COLUMN meterd.prefecture.name_en IS 'English name, may be empty.';
COMMENT ON COLUMN meterd.prefecture.area IS 'Its area number.';
COMMENT ON COLUMN meterd.prefecture.no_park_area IS 'Area number of its enterprises outside parks.';

CREATE TABLE meterd.park (
    park_id         text PRIMARY KEY,
    name            text NOT NULL,
    name_en         text NOT NULL DEFAULT '',
    prefecture_code text NOT NULL REFERENCES meterd.prefecture (code),
    level           text NOT NULL DEFAULT '',
    area            integer NOT NULL UNIQUE REFERENCES meterd.area (number)
);
COMMENT ON TABLE meterd.park IS 'The industrial parks.';
COMMENT ON COLUMN meterd.park.park_id IS 'Code of the park.';
COMMENT ON COLUMN meterd.park.name IS 'Name.';
COMMENT ON COLUMN meterd.park.name_en IS 'English name, may be empty.';
COMMENT ON COLUMN meterd.park.prefecture_code IS 'Prefecture it lies in.';
COMMENT ON COLUMN meterd.park.level IS 'national, provincial ..., may be empty.';
COMMENT ON COLUMN meterd.park.area IS 'Its area number.';

CREATE TABLE meterd.item (
    item   text PRIMARY KEY,
    number integer GENERATED ALWAYS AS IDENTITY UNIQUE
);
COMMENT ON TABLE meterd.item IS 'What is measured: electricity, coal, gas, products ...';
COMMENT ON COLUMN meterd.item.item IS 'Key of the item.';
COMMENT ON COLUMN meterd.item.number IS 'Number of the item, given once, never reused.';

CREATE TABLE meterd.item_attr (
    item             integer NOT NULL REFERENCES meterd.item (number),
    valid_from_ms    bigint NOT NULL,
    name             text NOT NULL,
    unit             text NOT NULL,
    kgce_calorific   numeric,
    kgce_equal       numeric,
    added_revision   bigint NOT NULL REFERENCES meterd.revision (revision),
    removed_revision bigint REFERENCES meterd.revision (revision),
    PRIMARY KEY (item, valid_from_ms, added_revision)
);
COMMENT ON TABLE meterd.item_attr IS 'Dated attributes of items.';
COMMENT ON COLUMN meterd.item_attr.item IS 'Number of the item.';
COMMENT ON COLUMN meterd.item_attr.valid_from_ms IS 'From when on the row holds.';
COMMENT ON COLUMN meterd.item_attr.name IS 'Name of the item.';
COMMENT ON COLUMN meterd.item_attr.unit IS 'Unit of its quantities.';
COMMENT ON COLUMN meterd.item_attr.kgce_calorific IS 'kg of coal equivalent a unit, by calorific value; null: unknown.';
COMMENT ON COLUMN meterd.item_attr.kgce_equal IS 'kg of coal equivalent a unit, by equal value; null: unknown.';
COMMENT ON COLUMN meterd.item_attr.added_revision IS 'Revision that added the row.';
COMMENT ON COLUMN meterd.item_attr.removed_revision IS 'Revision that removed the row; null: it still holds.';

CREATE TABLE meterd.enterprise (
    number           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text NOT NULL UNIQUE,
    part             integer NOT NULL CHECK (part >= 0),
    changed_revision bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE meterd.enterprise IS 'The enterprises that report.';
COMMENT ON COLUMN meterd.enterprise.number IS 'Number of the enterprise, given once, never reused.';
COMMENT ON COLUMN meterd.enterprise.name IS 'Key of the enterprise in the registry.';
COMMENT ON COLUMN meterd.enterprise.part IS 'Partition of the log its readings go to, given once, never changed.';
COMMENT ON COLUMN meterd.enterprise.changed_revision IS 'Newest revision that changed its areas.';

CREATE TABLE meterd.enterprise_attr (
    enterprise       integer NOT NULL REFERENCES meterd.enterprise (number),
    valid_from_ms    bigint NOT NULL DEFAULT (-9223372036854775808),
    valid_to_ms      bigint NOT NULL DEFAULT 9223372036854775807,
    name             text NOT NULL,
    uscc             text NOT NULL DEFAULT '',
    industry         text NOT NULL DEFAULT '',
    prefecture_code  text NOT NULL REFERENCES meterd.prefecture (code),
    park_id          text REFERENCES meterd.park (park_id),
    added_revision   bigint NOT NULL REFERENCES meterd.revision (revision),
    removed_revision bigint REFERENCES meterd.revision (revision),
    PRIMARY KEY (enterprise, valid_from_ms, added_revision)
);
COMMENT ON TABLE meterd.enterprise_attr IS 'Dated attributes of enterprises; before the first row the first row''s areas hold.';
COMMENT ON COLUMN meterd.enterprise_attr.enterprise IS 'Number of the enterprise.';
COMMENT ON COLUMN meterd.enterprise_attr.valid_from_ms IS 'From when on the row holds.';
COMMENT ON COLUMN meterd.enterprise_attr.valid_to_ms IS 'Until when the enterprise reports; 9223372036854775807: for ever.';
COMMENT ON COLUMN meterd.enterprise_attr.name IS 'Full name.';
COMMENT ON COLUMN meterd.enterprise_attr.uscc IS 'Unified social credit code, may be empty.';
COMMENT ON COLUMN meterd.enterprise_attr.industry IS 'Code of the industry, may be empty.';
COMMENT ON COLUMN meterd.enterprise_attr.prefecture_code IS 'Prefecture it belongs to.';
COMMENT ON COLUMN meterd.enterprise_attr.park_id IS 'Park it belongs to; null: none.';
COMMENT ON COLUMN meterd.enterprise_attr.added_revision IS 'Revision that added the row.';
COMMENT ON COLUMN meterd.enterprise_attr.removed_revision IS 'Revision that removed the row; null: it still holds.';

CREATE TABLE meterd.gateway (
    name             text PRIMARY KEY,
    number           integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    enterprise       integer NOT NULL REFERENCES meterd.enterprise (number),
    token_sha256     bytea CHECK (length(token_sha256) = 32),
    token2_sha256    bytea CHECK (length(token2_sha256) = 32),
    changed_revision bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE meterd.gateway IS 'The gateways that post readings, each for one enterprise.';
COMMENT ON COLUMN meterd.gateway.name IS 'Name of the gateway.';
COMMENT ON COLUMN meterd.gateway.number IS 'Number of the gateway, given once, never reused.';
COMMENT ON COLUMN meterd.gateway.enterprise IS 'Enterprise it reports for.';
COMMENT ON COLUMN meterd.gateway.token_sha256 IS 'SHA-256 of its token; null: none.';
COMMENT ON COLUMN meterd.gateway.token2_sha256 IS 'SHA-256 of its second token, for rotation; null: none.';
COMMENT ON COLUMN meterd.gateway.changed_revision IS 'Newest revision that changed it.';

CREATE TABLE meterd.point (
    number           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enterprise       integer NOT NULL REFERENCES meterd.enterprise (number),
    name             text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 128),
    kind             text CHECK (kind IN ('register', 'interval', 'rate')),
    unit             text,
    period_ms        bigint CHECK (period_ms > 0),
    period_months    integer CHECK (period_months IN (1, 12)),
    stamp            text CHECK (stamp IN ('start', 'end')),
    changed_revision bigint NOT NULL DEFAULT 0,
    UNIQUE (enterprise, name),
    CHECK (kind IS NOT NULL OR (unit IS NULL AND period_ms IS NULL AND period_months IS NULL
                                AND stamp IS NULL)),
    CHECK (period_ms IS NULL OR period_months IS NULL),
    CHECK (kind IS DISTINCT FROM 'interval'
           OR (stamp IS NOT NULL AND (period_ms IS NOT NULL OR period_months IS NOT NULL)))
);
COMMENT ON TABLE meterd.point IS 'Points: what an enterprise names when it reports a value. kind, unit, period and stamp are null for a name that is known but not registered, and never change afterwards.';
COMMENT ON COLUMN meterd.point.number IS 'Number of the point, given once, never reused.';
COMMENT ON COLUMN meterd.point.enterprise IS 'Enterprise whose point it is.';
COMMENT ON COLUMN meterd.point.name IS 'Name, the enterprise''s own; compared byte by byte.';
COMMENT ON COLUMN meterd.point.kind IS 'register, interval or rate; null: not registered.';
COMMENT ON COLUMN meterd.point.unit IS 'Unit of its values before the factor.';
COMMENT ON COLUMN meterd.point.period_ms IS 'Period of an interval point in ms, when it is not civil.';
COMMENT ON COLUMN meterd.point.period_months IS 'Period of an interval point in civil months: 1 or 12.';
COMMENT ON COLUMN meterd.point.stamp IS 'Whether an interval is stamped with its start or its end.';
COMMENT ON COLUMN meterd.point.changed_revision IS 'Newest revision that changed it; 0: none.';

CREATE TABLE meterd.point_attr (
    point            integer NOT NULL REFERENCES meterd.point (number),
    valid_from_ms    bigint NOT NULL DEFAULT (-9223372036854775808),
    valid_to_ms      bigint NOT NULL DEFAULT 9223372036854775807,
    item             integer NOT NULL REFERENCES meterd.item (number),
    nominal_ms       bigint NOT NULL CHECK (nominal_ms > 0),
    modulus          bigint CHECK (modulus > 0),
    max_rate         bigint CHECK (max_rate >= 0),
    reverse          boolean NOT NULL DEFAULT false,
    factor_num       bigint NOT NULL DEFAULT 1 CHECK (factor_num BETWEEN 1 AND 2147483647),
    factor_den       bigint NOT NULL DEFAULT 1 CHECK (factor_den BETWEEN 1 AND 2147483647),
    sign             smallint NOT NULL DEFAULT 1 CHECK (sign IN (1, -1)),
    counted          boolean NOT NULL DEFAULT true,
    sentinels        bigint[] NOT NULL DEFAULT '{}',
    spread_max_ms    bigint CHECK (spread_max_ms > 0),
    hold_max_ms      bigint CHECK (hold_max_ms > 0),
    added_revision   bigint NOT NULL REFERENCES meterd.revision (revision),
    removed_revision bigint REFERENCES meterd.revision (revision),
    PRIMARY KEY (point, valid_from_ms, added_revision)
);
COMMENT ON TABLE meterd.point_attr IS 'Dated attributes of registered points.';
COMMENT ON COLUMN meterd.point_attr.point IS 'Number of the point.';
COMMENT ON COLUMN meterd.point_attr.valid_from_ms IS 'From when on the row holds.';
COMMENT ON COLUMN meterd.point_attr.valid_to_ms IS 'From then on the point is not counted, until a later row.';
COMMENT ON COLUMN meterd.point_attr.item IS 'Number of the item it measures.';
COMMENT ON COLUMN meterd.point_attr.nominal_ms IS 'Nominal interval between readings, in ms.';
COMMENT ON COLUMN meterd.point_attr.modulus IS 'Where the register rolls over, in micro-units; null: never.';
COMMENT ON COLUMN meterd.point_attr.max_rate IS 'Most a register can advance, in micro-units an hour before the factor; null: unknown.';
COMMENT ON COLUMN meterd.point_attr.reverse IS 'Whether the register may run backward.';
COMMENT ON COLUMN meterd.point_attr.factor_num IS 'Numerator of the factor.';
COMMENT ON COLUMN meterd.point_attr.factor_den IS 'Denominator of the factor.';
COMMENT ON COLUMN meterd.point_attr.sign IS '1: adds to the enterprise''s sum; -1: takes away.';
COMMENT ON COLUMN meterd.point_attr.counted IS 'Whether it has a part in the enterprise''s sum.';
COMMENT ON COLUMN meterd.point_attr.sentinels IS 'Values that stand for "no value", in micro-units.';
COMMENT ON COLUMN meterd.point_attr.spread_max_ms IS 'A longer step is not spread; null: the larger of 48 h and 2 nominal intervals.';
COMMENT ON COLUMN meterd.point_attr.hold_max_ms IS 'How long a rate holds at most; null: 2 nominal intervals.';
COMMENT ON COLUMN meterd.point_attr.added_revision IS 'Revision that added the row.';
COMMENT ON COLUMN meterd.point_attr.removed_revision IS 'Revision that removed the row; null: it still holds.';

CREATE TABLE meterd.exchange (
    point            integer NOT NULL REFERENCES meterd.point (number),
    t_ms             bigint NOT NULL,
    end_value        bigint NOT NULL,
    start_value      bigint NOT NULL,
    added_revision   bigint NOT NULL REFERENCES meterd.revision (revision),
    removed_revision bigint REFERENCES meterd.revision (revision),
    PRIMARY KEY (point, t_ms, added_revision)
);
COMMENT ON TABLE meterd.exchange IS 'Exchanges of meters.';
COMMENT ON COLUMN meterd.exchange.point IS 'Number of the point (a register).';
COMMENT ON COLUMN meterd.exchange.t_ms IS 'When the meter was exchanged.';
COMMENT ON COLUMN meterd.exchange.end_value IS 'Last value of the old register, in micro-units.';
COMMENT ON COLUMN meterd.exchange.start_value IS 'First value of the new register, in micro-units.';
COMMENT ON COLUMN meterd.exchange.added_revision IS 'Revision that added the row.';
COMMENT ON COLUMN meterd.exchange.removed_revision IS 'Revision that removed the row; null: it still holds.';

-- The number of a point's name, given when it is first asked for. The insert is a statement of its
-- own, so that the second select sees the row another session has just committed.
CREATE FUNCTION meterd.intern(p_enterprise integer, p_name text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    found_number integer;
BEGIN
    SELECT number INTO found_number FROM meterd.point
     WHERE enterprise = p_enterprise AND name = p_name;
    IF FOUND THEN
        RETURN found_number;
    END IF;
    INSERT INTO meterd.point (enterprise, name) VALUES (p_enterprise, p_name)
    ON CONFLICT (enterprise, name) DO NOTHING
    RETURNING number INTO found_number;
    IF NOT FOUND THEN
        SELECT number INTO STRICT found_number FROM meterd.point
         WHERE enterprise = p_enterprise AND name = p_name;
    END IF;
    RETURN found_number;
END
$$;
COMMENT ON FUNCTION meterd.intern(integer, text) IS 'The number of an enterprise''s point of that name; a new unregistered point when there is none. Idempotent.';
REVOKE ALL ON FUNCTION meterd.intern(integer, text) FROM PUBLIC;

INSERT INTO meterd.schema_version (version, name) VALUES (1, '0001_registry');
