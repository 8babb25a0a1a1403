-- Import, first part: one staging table for each file, filled by COPY. Columns stand in the order of
-- server/ctl/registry_columns.def, after the line; a period is two columns. Times are ms UTC,
-- decimals micro-units. All of it ends with the transaction.

CREATE TEMP TABLE stage_run (now_ms bigint) ON COMMIT DROP;

CREATE TEMP TABLE stage_error (file integer, line integer, what text) ON COMMIT DROP;

-- Rows that could not be read: the file's number, the first key column, of a point also the second.
-- A null key: none of the file's rows could.
CREATE TEMP TABLE stage_broken (file integer, key text, key2 text) ON COMMIT DROP;

CREATE TEMP TABLE stage_prefectures (line integer, code text, name text, name_en text) ON COMMIT DROP;

CREATE TEMP TABLE stage_parks (line integer, park_id text, name text, name_en text,
    prefecture_code text, level text) ON COMMIT DROP;

CREATE TEMP TABLE stage_items (line integer, item text, valid_from bigint, name text, unit text,
    kgce_calorific numeric, kgce_equal numeric) ON COMMIT DROP;

CREATE TEMP TABLE stage_enterprises (line integer, enterprise text, valid_from bigint, name text,
    uscc text, industry text, prefecture_code text, park_id text, valid_to bigint) ON COMMIT DROP;

-- A token is null when its column is not in the file, empty when the gateway is to have none.
CREATE TEMP TABLE stage_gateways (line integer, gateway text, enterprise text, token_sha256 text,
    token2_sha256 text) ON COMMIT DROP;

CREATE TEMP TABLE stage_points (line integer, enterprise text, point text, valid_from bigint,
    kind text, item text, unit text, period_ms bigint, period_months integer, stamp integer,
    nominal_ms bigint, modulus bigint, max_rate bigint, reverse boolean, factor_num bigint,
    factor_den bigint, sign smallint, counted boolean, sentinels bigint[], spread_max_ms bigint,
    hold_max_ms bigint, valid_to bigint) ON COMMIT DROP;

CREATE TEMP TABLE stage_exchanges (line integer, enterprise text, point text, t_ms bigint,
    end_value bigint, start_value bigint) ON COMMIT DROP;
