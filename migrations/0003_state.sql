-- What the rollup remembers: how far each partition is, the readings themselves in segments, the
-- state of each point's fold, and the work that is left (design 4). Times are ms since 1970-01-01
-- UTC, values micro-units.

CREATE TABLE meterd.log_partition (
    topic          text NOT NULL,
    part           integer NOT NULL CHECK (part >= 0),
    owner_epoch    bigint NOT NULL DEFAULT 0,
    commit_seq     bigint NOT NULL DEFAULT 0,
    next_offset    bigint NOT NULL DEFAULT 0,
    replay_offset  bigint NOT NULL DEFAULT 0,
    complete_until timestamptz,
    revision       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, part)
) WITH (fillfactor = 10);
COMMENT ON TABLE meterd.log_partition IS 'How far each partition of the log is counted, and by whom.';
COMMENT ON COLUMN meterd.log_partition.topic IS 'Name of the log.';
COMMENT ON COLUMN meterd.log_partition.part IS 'Partition.';
COMMENT ON COLUMN meterd.log_partition.owner_epoch IS 'Raised by each claim; a commit of an older owner fails.';
COMMENT ON COLUMN meterd.log_partition.commit_seq IS 'Commits so far: the identity of the next one.';
COMMENT ON COLUMN meterd.log_partition.next_offset IS 'First offset that is not counted.';
COMMENT ON COLUMN meterd.log_partition.replay_offset IS 'Least offset of a reading that is not stored yet.';
COMMENT ON COLUMN meterd.log_partition.complete_until IS 'Everything that arrived before is counted.';
COMMENT ON COLUMN meterd.log_partition.revision IS 'Registry revision the owner works with.';

CREATE TABLE meterd.point_state (
    point          integer PRIMARY KEY,
    part           integer NOT NULL,
    applied_offset bigint NOT NULL,
    revision       bigint NOT NULL,
    fold_version   integer NOT NULL,
    last_t         bigint,
    a_t            bigint,
    a_v            bigint,
    held_t         bigint[] NOT NULL DEFAULT '{}',
    held_v         bigint[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
CREATE INDEX point_state_part ON meterd.point_state (part);
COMMENT ON TABLE meterd.point_state IS 'The fold of a point after its last stored reading.';
COMMENT ON COLUMN meterd.point_state.point IS 'Number of the point.';
COMMENT ON COLUMN meterd.point_state.part IS 'Partition of the log.';
COMMENT ON COLUMN meterd.point_state.applied_offset IS 'Readings of the point below this offset are stored.';
COMMENT ON COLUMN meterd.point_state.revision IS 'Registry revision of its amounts.';
COMMENT ON COLUMN meterd.point_state.fold_version IS 'Version of the fold of its amounts.';
COMMENT ON COLUMN meterd.point_state.last_t IS 'Time of its last reading; null: none yet.';
COMMENT ON COLUMN meterd.point_state.a_t IS 'Time of the last accepted (rate: usable) reading; null: none.';
COMMENT ON COLUMN meterd.point_state.a_v IS 'Value of the last accepted (rate: usable) reading.';
COMMENT ON COLUMN meterd.point_state.held_t IS 'Times of the held readings.';
COMMENT ON COLUMN meterd.point_state.held_v IS 'Values of the held readings.';

CREATE TABLE meterd.reading_segment (
    point     integer NOT NULL,
    first_t   bigint NOT NULL,
    last_t    bigint NOT NULL,
    offset_ms integer[] NOT NULL,
    value     bigint[] NOT NULL,
    received  bigint[] NOT NULL,
    quality   smallint[],
    a_t       bigint,
    a_v       bigint,
    held_t    bigint[] NOT NULL DEFAULT '{}',
    held_v    bigint[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (point, first_t)
) PARTITION BY RANGE (first_t);
COMMENT ON TABLE meterd.reading_segment IS 'The readings of a point, up to 64 and 24 days a row, with the state of the fold before them. Partitioned by UTC month of first_t.';
COMMENT ON COLUMN meterd.reading_segment.point IS 'Number of the point.';
COMMENT ON COLUMN meterd.reading_segment.first_t IS 'Time of the first reading.';
COMMENT ON COLUMN meterd.reading_segment.last_t IS 'Time of the last reading.';
COMMENT ON COLUMN meterd.reading_segment.offset_ms IS 'Times of the readings, less first_t.';
COMMENT ON COLUMN meterd.reading_segment.value IS 'Values of the readings.';
COMMENT ON COLUMN meterd.reading_segment.received IS 'Times of arrival of the readings.';
COMMENT ON COLUMN meterd.reading_segment.quality IS 'Qualities of the readings, + 16 rounded, + 32 time of arrival; null: all good.';
COMMENT ON COLUMN meterd.reading_segment.a_t IS 'Before the first reading: time of the last accepted (rate: usable) reading.';
COMMENT ON COLUMN meterd.reading_segment.a_v IS 'Before the first reading: value of the last accepted (rate: usable) reading.';
COMMENT ON COLUMN meterd.reading_segment.held_t IS 'Before the first reading: times of the held readings.';
COMMENT ON COLUMN meterd.reading_segment.held_v IS 'Before the first reading: values of the held readings.';

CREATE TABLE meterd.reading_inbox (
    part       integer NOT NULL,
    point      integer NOT NULL,
    log_offset bigint NOT NULL,
    idx        integer NOT NULL,
    t          bigint NOT NULL,
    value      bigint NOT NULL,
    quality    smallint NOT NULL,
    received   bigint NOT NULL,
    PRIMARY KEY (part, point, log_offset, idx)
);
COMMENT ON TABLE meterd.reading_inbox IS 'Late readings that wait to be folded.';
COMMENT ON COLUMN meterd.reading_inbox.part IS 'Partition of the log.';
COMMENT ON COLUMN meterd.reading_inbox.point IS 'Number of the point.';
COMMENT ON COLUMN meterd.reading_inbox.log_offset IS 'Offset of its record.';
COMMENT ON COLUMN meterd.reading_inbox.idx IS 'Its place in the record.';
COMMENT ON COLUMN meterd.reading_inbox.t IS 'Its time.';
COMMENT ON COLUMN meterd.reading_inbox.value IS 'Its value.';
COMMENT ON COLUMN meterd.reading_inbox.quality IS 'Its quality and flags.';
COMMENT ON COLUMN meterd.reading_inbox.received IS 'Its time of arrival.';

CREATE TABLE meterd.refold_work (
    part   integer NOT NULL,
    point  integer NOT NULL,
    from_t bigint NOT NULL,
    a_t    bigint,
    a_v    bigint,
    held_t bigint[] NOT NULL DEFAULT '{}',
    held_v bigint[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (part, point)
);
COMMENT ON TABLE meterd.refold_work IS 'Refolds that are not finished: where to go on, with which state.';
COMMENT ON COLUMN meterd.refold_work.part IS 'Partition of the log.';
COMMENT ON COLUMN meterd.refold_work.point IS 'Number of the point.';
COMMENT ON COLUMN meterd.refold_work.from_t IS 'Readings from here on are still to be folded again.';
COMMENT ON COLUMN meterd.refold_work.a_t IS 'Carried state: time of the last accepted (rate: usable) reading.';
COMMENT ON COLUMN meterd.refold_work.a_v IS 'Carried state: value of the last accepted (rate: usable) reading.';
COMMENT ON COLUMN meterd.refold_work.held_t IS 'Carried state: times of the held readings.';
COMMENT ON COLUMN meterd.refold_work.held_v IS 'Carried state: values of the held readings.';

CREATE TABLE meterd.reading_superseded (
    point    integer NOT NULL,
    t        bigint NOT NULL,
    value    bigint NOT NULL,
    quality  smallint NOT NULL,
    received bigint NOT NULL,
    replaced bigint NOT NULL
);
CREATE INDEX reading_superseded_point_t ON meterd.reading_superseded (point, t);
COMMENT ON TABLE meterd.reading_superseded IS 'Readings that a later, different one took the place of.';
COMMENT ON COLUMN meterd.reading_superseded.point IS 'Number of the point.';
COMMENT ON COLUMN meterd.reading_superseded.t IS 'Its time.';
COMMENT ON COLUMN meterd.reading_superseded.value IS 'Its value.';
COMMENT ON COLUMN meterd.reading_superseded.quality IS 'Its quality and flags.';
COMMENT ON COLUMN meterd.reading_superseded.received IS 'Its time of arrival.';
COMMENT ON COLUMN meterd.reading_superseded.replaced IS 'Time of arrival of the reading that replaced it.';

CREATE TABLE meterd.quarantine (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enterprise   integer NOT NULL,
    gateway      integer,
    received_at  timestamptz NOT NULL,
    point        text NOT NULL DEFAULT '',
    t_text       text NOT NULL DEFAULT '',
    value_text   text NOT NULL DEFAULT '',
    code         text NOT NULL,
    detail       text NOT NULL DEFAULT '',
    dismissed_at timestamptz
);
CREATE INDEX quarantine_enterprise_id ON meterd.quarantine (enterprise, id);
COMMENT ON TABLE meterd.quarantine IS 'Readings that were refused, with the reason.';
COMMENT ON COLUMN meterd.quarantine.id IS 'Number of the row.';
COMMENT ON COLUMN meterd.quarantine.enterprise IS 'Number of the enterprise.';
COMMENT ON COLUMN meterd.quarantine.gateway IS 'Number of the gateway; null: unknown.';
COMMENT ON COLUMN meterd.quarantine.received_at IS 'Time of arrival.';
COMMENT ON COLUMN meterd.quarantine.point IS 'Name of the point as it was sent; empty: not known.';
COMMENT ON COLUMN meterd.quarantine.t_text IS 'Time as it was sent.';
COMMENT ON COLUMN meterd.quarantine.value_text IS 'Value as it was sent.';
COMMENT ON COLUMN meterd.quarantine.code IS 'Why: bad_time, future, too_old, bad_value, too_many_names, malformed, bad_topic, foreign_point, too_large.';
COMMENT ON COLUMN meterd.quarantine.detail IS 'What exactly was wrong.';
COMMENT ON COLUMN meterd.quarantine.dismissed_at IS 'When an operator dismissed it; null: not dismissed.';

-- The fence: the first statement of every commit, once a partition. It raises unless the row stands
-- at exactly this commit of this owner, so that neither a repeated nor a foreign commit adds
-- anything.
CREATE FUNCTION meterd.advance(p_topic text, p_part integer, p_seq bigint, p_next bigint,
                               p_replay bigint, p_complete timestamptz, p_revision bigint,
                               p_epoch bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE meterd.log_partition
       SET commit_seq = p_seq + 1, next_offset = p_next, replay_offset = p_replay,
           complete_until = p_complete, revision = p_revision
     WHERE topic = p_topic AND part = p_part AND commit_seq = p_seq AND owner_epoch = p_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'fenced or repeated' USING ERRCODE = 'MD001';
    END IF;
END
$$;
COMMENT ON FUNCTION meterd.advance(text, integer, bigint, bigint, bigint, timestamptz, bigint, bigint) IS 'Moves a partition on by one commit, or raises MD001 when it is not at this commit of this owner.';
REVOKE ALL ON FUNCTION meterd.advance(text, integer, bigint, bigint, bigint, timestamptz, bigint, bigint) FROM PUBLIC;

CREATE FUNCTION meterd.claim(p_topic text, p_part integer) RETURNS meterd.log_partition
LANGUAGE sql AS $$
    INSERT INTO meterd.log_partition AS l (topic, part, owner_epoch) VALUES (p_topic, p_part, 1)
    ON CONFLICT (topic, part) DO UPDATE SET owner_epoch = l.owner_epoch + 1
    RETURNING l.*
$$;
COMMENT ON FUNCTION meterd.claim(text, integer) IS 'Makes the caller the owner of a partition: raises its epoch and returns its row.';
REVOKE ALL ON FUNCTION meterd.claim(text, integer) FROM PUBLIC;

-- A partition is made as a table and then attached: that takes no lock on the parent that waits for
-- readers or writers. There is no default partition, whose rows an attach would have to scan.
CREATE FUNCTION meterd.ensure_month(p_table text, p_month date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    first_day date := date_trunc('month', p_month)::date;
    next_month date := (date_trunc('month', p_month) + interval '1 month')::date;
    child text := p_table || to_char(first_day, '_YYYY_MM');
    fill integer := CASE p_table WHEN 'reading_segment' THEN 80 ELSE 50 END;
    low text;
    high text;
BEGIN
    IF p_table = 'reading_segment' THEN
        low := ((first_day - date '1970-01-01')::bigint * 86400000)::text;
        high := ((next_month - date '1970-01-01')::bigint * 86400000)::text;
    ELSIF p_table IN ('rollup_enterprise_slot', 'rollup_area_slot') THEN
        low := first_day || ' 00:00:00+00';
        high := next_month || ' 00:00:00+00';
    ELSE
        RAISE EXCEPTION 'table % has no months', p_table USING ERRCODE = '22023';
    END IF;
    IF to_regclass('meterd.' || quote_ident(child)) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('meterd.' || child, 0));
    -- Asked of the catalog itself: what to_regclass remembers is not renewed by an advisory lock.
    IF EXISTS (SELECT FROM pg_class
                WHERE relname = child AND relnamespace = 'meterd'::regnamespace) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE meterd.%I (LIKE meterd.%I INCLUDING ALL) WITH (fillfactor = %s)',
                   child, p_table, fill);
    EXECUTE format('COMMENT ON TABLE meterd.%I IS %L', child,
                   'A month of ' || p_table || '.');
    EXECUTE format('ALTER TABLE meterd.%I ATTACH PARTITION meterd.%I FOR VALUES FROM (%L) TO (%L)',
                   p_table, child, low, high);
    RETURN true;
END
$$;
COMMENT ON FUNCTION meterd.ensure_month(text, date) IS 'Makes the partition of rollup_enterprise_slot, rollup_area_slot or reading_segment for the UTC month of that day. True when it was made now. Idempotent.';
REVOKE ALL ON FUNCTION meterd.ensure_month(text, date) FROM PUBLIC;

INSERT INTO meterd.schema_version (version, name) VALUES (3, '0003_state');
