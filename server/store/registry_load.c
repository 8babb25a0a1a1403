/* Each table is read by one query, sorted by number; dated rows are merged with their owners in one
 * pass. Everything is read in one snapshot, so that a directory is exactly one revision. */
#include "server/store/registry_load.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_OF_ONE_MAX 4096 /* dated rows of one enterprise or point */
#define SENTINELS_MAX 64

static const char deployment_sql[] =
    "SELECT slot_ms, utc_offset_ms, future_max_ms, past_max_ms, late_after_ms, partitions,"
    " province_area, fold_version, uuid FROM meterd.deployment";

static const char item_sql[] =
    "SELECT n.number, n.item, i.unit FROM meterd.item_now i JOIN meterd.item n USING (number)";

static const char area_sql[] = "SELECT number, code FROM meterd.area";

static const char enterprise_sql[] =
    "SELECT number, name, part, changed_revision FROM meterd.enterprise ORDER BY number";

/* An enterprise all of whose rows are withdrawn keeps the areas of the first: its amounts must
 * belong somewhere. */
static const char enterprise_area_sql[] =
    "SELECT enterprise, valid_from_ms, coalesce(k.area, f.no_park_area), f.area"
    " FROM (SELECT *, bool_or(valid_to_ms > valid_from_ms) OVER (PARTITION BY enterprise) AS any,"
    "              row_number() OVER (PARTITION BY enterprise ORDER BY valid_from_ms) AS place"
    "         FROM meterd.enterprise_attr WHERE removed_revision IS NULL) a"
    " JOIN meterd.prefecture f ON f.code = a.prefecture_code"
    " LEFT JOIN meterd.park k ON k.park_id = a.park_id"
    " WHERE CASE WHEN a.any THEN valid_to_ms > valid_from_ms ELSE place = 1 END"
    " ORDER BY enterprise, valid_from_ms";

static const char gateway_sql[] =
    "SELECT number, enterprise, name, encode(token_sha256, 'hex'), encode(token2_sha256, 'hex')"
    " FROM meterd.gateway";

static const char point_sql[] =
    "SELECT p.number, p.enterprise, p.name, p.kind, p.unit, p.period_ms, p.period_months, p.stamp,"
    " p.changed_revision, r.revision"
    " FROM meterd.point p"
    " LEFT JOIN (SELECT point, min(added_revision) AS revision FROM meterd.point_attr"
    "             GROUP BY point) r ON r.point = p.number"
    " ORDER BY p.number";

static const char attr_sql[] =
    "SELECT point, valid_from_ms, valid_to_ms, item, nominal_ms, modulus, max_rate, reverse,"
    " factor_num, factor_den, sign, counted, sentinels, spread_max_ms, hold_max_ms"
    " FROM meterd.point_attr WHERE removed_revision IS NULL ORDER BY point, valid_from_ms";

static const char exchange_sql[] =
    "SELECT point, t_ms, end_value, start_value FROM meterd.exchange"
    " WHERE removed_revision IS NULL ORDER BY point, t_ms";

static unsigned
hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* Hex digits, other characters passed over, until `size` bytes are there. */
static bool
read_hex(const char *text, uint8_t *out, size_t size)
{
    size_t digits = 0;

    for (; *text != '\0' && digits < 2 * size; text++) {
        if (*text == '-')
            continue;
        if (digits % 2 == 0)
            out[digits / 2] = 0;
        out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | hex_digit(*text));
        digits++;
    }
    return digits == 2 * size;
}

enum status
registry_load_deployment(PGconn *db, struct deployment *out, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db, deployment_sql, why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    if (PQntuples(r) != 1) {
        snprintf(why, WHY_SIZE, "the schema is not complete: no row in meterd.deployment");
        PQclear(r);
        return ST_NOT_FOUND;
    }
    *out = (struct deployment){
        .slot_ms = registry_field(r, 0, 0),
        .utc_offset_ms = registry_field(r, 0, 1),
        .future_max_ms = registry_field(r, 0, 2),
        .past_max_ms = registry_field(r, 0, 3),
        .late_after_ms = registry_field(r, 0, 4),
        .partitions = (uint32_t)registry_field(r, 0, 5),
        .province_area = (uint32_t)registry_field(r, 0, 6),
        .fold_version = (int32_t)registry_field(r, 0, 7),
    };
    (void)read_hex(PQgetvalue(r, 0, 8), out->uuid, sizeof out->uuid);
    PQclear(r);
    return ST_OK;
}

enum status
registry_load_mark(PGconn *db, struct registry_mark *out, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db,
                                 "SELECT r.revision,"
                                 " floor(extract(epoch FROM r.imported_at) * 1000),"
                                 " (SELECT max(number) FROM meterd.point)"
                                 " FROM (SELECT max(revision) AS newest FROM meterd.revision) n"
                                 " LEFT JOIN meterd.revision r ON r.revision = n.newest",
                                 why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    out->revision = registry_field(r, 0, 0);
    out->imported_at_ms = registry_field(r, 0, 1);
    out->point_max = registry_field(r, 0, 2);
    PQclear(r);
    return ST_OK;
}

static void
add_items_and_areas(struct directory_builder *b, const PGresult *items, const PGresult *areas)
{
    for (int i = 0; i < PQntuples(items); i++)
        directory_add_item(b, (uint32_t)registry_field(items, i, 0),
                           registry_field_text(items, i, 1), registry_field_text(items, i, 2));
    for (int i = 0; i < PQntuples(areas); i++)
        directory_add_area(b, (uint32_t)registry_field(areas, i, 0),
                           registry_field_text(areas, i, 1));
}

/* Rows of `owner` in a result sorted by its first column, from *at on: how many, at most
 * ROWS_OF_ONE_MAX; *at is moved past them. */
static uint32_t
rows_of(const PGresult *r, int *at, int64_t owner)
{
    int first;

    while (*at < PQntuples(r) && registry_field(r, *at, 0) < owner)
        *at += 1;
    first = *at;
    while (*at < PQntuples(r) && *at - first < ROWS_OF_ONE_MAX &&
           registry_field(r, *at, 0) == owner)
        *at += 1;
    return (uint32_t)(*at - first);
}

static void
add_enterprises(struct directory_builder *b, const PGresult *r, const PGresult *areas)
{
    static _Thread_local struct area_row rows[ROWS_OF_ONE_MAX];
    int at = 0;

    for (int i = 0; i < PQntuples(r); i++) {
        struct enterprise e = {
            .number = (uint32_t)registry_field(r, i, 0),
            .name = registry_field_text(r, i, 1),
            .partition = (uint32_t)registry_field(r, i, 2),
            .changed_revision = registry_field(r, i, 3),
        };
        uint32_t count = rows_of(areas, &at, e.number);
        int first = at - (int)count;

        for (uint32_t k = 0; k < count; k++)
            rows[k] = (struct area_row){
                registry_field(areas, first + (int)k, 1),
                (uint32_t)registry_field(areas, first + (int)k, 2),
                (uint32_t)registry_field(areas, first + (int)k, 3),
            };
        directory_add_enterprise(b, &e, rows, count);
    }
}

static void
add_gateways(struct directory_builder *b, const PGresult *r)
{
    for (int i = 0; i < PQntuples(r); i++) {
        struct gateway g = {
            .number = (uint32_t)registry_field(r, i, 0),
            .enterprise = (uint32_t)registry_field(r, i, 1),
            .name = registry_field_text(r, i, 2),
        };

        for (int k = 0; k < 2; k++)
            g.has_token[k] = read_hex(PQgetvalue(r, i, 3 + k), g.token_sha256[k], 32);
        directory_add_gateway(b, &g);
    }
}

/* "{1,-2}" */
static uint32_t
read_sentinels(const char *text, int64_t out[SENTINELS_MAX])
{
    uint32_t count = 0;

    while (*text != '\0' && count < SENTINELS_MAX) {
        char *end;

        text++; /* the brace or comma */
        out[count] = strtoll(text, &end, 10);
        if (end == text)
            break;
        count++;
        text = end;
    }
    return count;
}

static struct attr_row
attr_row_of(const PGresult *r, int i, int64_t sentinels[SENTINELS_MAX])
{
    return (struct attr_row){
        .valid_from_ms = registry_field(r, i, 1),
        .valid_to_ms = registry_field(r, i, 2),
        .attrs = {.item = (uint32_t)registry_field(r, i, 3),
                  .nominal_ms = registry_field(r, i, 4),
                  .modulus = registry_field(r, i, 5),
                  .max_rate = registry_field_or(r, i, 6, -1),
                  .reverse = registry_field_is_true(r, i, 7),
                  .factor_num = registry_field(r, i, 8),
                  .factor_den = registry_field(r, i, 9),
                  .sign = (int8_t)registry_field(r, i, 10),
                  .counted = registry_field_is_true(r, i, 11),
                  .sentinel_count = read_sentinels(PQgetvalue(r, i, 12), sentinels),
                  .sentinels = sentinels,
                  .spread_max_ms = registry_field(r, i, 13),
                  .hold_max_ms = registry_field(r, i, 14)},
    };
}

static enum point_kind
kind_of(const char *word)
{
    return word[0] == '\0'   ? POINT_UNREGISTERED
           : word[0] == 'i'  ? POINT_INTERVAL
           : word[1] == 'a'  ? POINT_RATE
                             : POINT_REGISTER;
}

static struct point
point_of(const PGresult *r, int i)
{
    struct point p = {
        .number = (uint32_t)registry_field(r, i, 0),
        .enterprise = (uint32_t)registry_field(r, i, 1),
        .name = registry_field_text(r, i, 2),
        .kind = kind_of(PQgetvalue(r, i, 3)),
        .unit = registry_field_text(r, i, 4),
        .period = {registry_field(r, i, 5), (int32_t)registry_field(r, i, 6)},
        .stamp_end = PQgetvalue(r, i, 7)[0] == 'e',
        .changed_revision = registry_field(r, i, 8),
        .registered_revision = registry_field(r, i, 9),
    };

    return p;
}

static void
add_points(struct directory_builder *b, const PGresult *r, const PGresult *attrs,
           const PGresult *events)
{
    struct attr_row *rows = calloc(ROWS_OF_ONE_MAX, sizeof *rows);
    int64_t(*sentinels)[SENTINELS_MAX] = calloc(ROWS_OF_ONE_MAX, sizeof *sentinels);
    struct exchange *exchanges = calloc(ROWS_OF_ONE_MAX, sizeof *exchanges);
    int attr_at = 0, event_at = 0;

    if (rows == NULL || sentinels == NULL || exchanges == NULL)
        abort();
    for (int i = 0; i < PQntuples(r); i++) {
        struct point p = point_of(r, i);
        uint32_t row_count = rows_of(attrs, &attr_at, p.number);

        p.exchange_count = rows_of(events, &event_at, p.number);
        for (uint32_t k = 0; k < row_count; k++)
            rows[k] = attr_row_of(attrs, attr_at - (int)(row_count - k), sentinels[k]);
        for (uint32_t k = 0; k < p.exchange_count; k++) {
            int at = event_at - (int)(p.exchange_count - k);

            exchanges[k] =
                (struct exchange){registry_field(events, at, 1), registry_field(events, at, 2),
                                  registry_field(events, at, 3)};
        }
        p.exchanges = exchanges;
        /* A period nobody uses (register, rate) is the nominal interval. */
        if (row_count > 0 && p.period.ms == 0 && p.period.months == 0)
            p.period.ms = rows[0].attrs.nominal_ms;
        directory_add_point(b, &p, rows, row_count);
    }
    free(rows);
    free(sentinels);
    free(exchanges);
}

enum table {
    ITEMS,
    AREAS,
    ENTERPRISES,
    ENTERPRISE_AREAS,
    GATEWAYS,
    POINTS,
    ATTRS,
    EXCHANGES,
    COUNT
};

static enum status
read_tables(PGconn *db, PGresult *tables[COUNT], char why[WHY_SIZE])
{
    static const char *const sql[COUNT] = {
        [ITEMS] = item_sql,
        [AREAS] = area_sql,
        [ENTERPRISES] = enterprise_sql,
        [ENTERPRISE_AREAS] = enterprise_area_sql,
        [GATEWAYS] = gateway_sql,
        [POINTS] = point_sql,
        [ATTRS] = attr_sql,
        [EXCHANGES] = exchange_sql,
    };

    for (int i = 0; i < COUNT; i++) {
        tables[i] = registry_query(db, sql[i], why);
        if (tables[i] == NULL)
            return ST_WORLD_DOWN;
    }
    return ST_OK;
}

static struct directory *
build(PGresult *tables[COUNT], const struct registry_mark *mark, const struct deployment *dep)
{
    struct directory_builder *b = directory_builder_new(mark->revision, dep);

    directory_set_imported_at(b, mark->imported_at_ms);
    add_items_and_areas(b, tables[ITEMS], tables[AREAS]);
    add_enterprises(b, tables[ENTERPRISES], tables[ENTERPRISE_AREAS]);
    add_gateways(b, tables[GATEWAYS]);
    add_points(b, tables[POINTS], tables[ATTRS], tables[EXCHANGES]);
    return directory_build(b);
}

enum status
registry_load_directory(PGconn *db, struct directory **out, struct registry_mark *mark,
                        char why[WHY_SIZE])
{
    PGresult *tables[COUNT] = {NULL};
    char ignored[WHY_SIZE];
    struct deployment dep;
    enum status st;

    *out = NULL;
    st = registry_execute(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", why);
    if (st == ST_OK)
        st = registry_load_deployment(db, &dep, why);
    if (st == ST_OK)
        st = registry_load_mark(db, mark, why);
    if (st == ST_OK)
        st = read_tables(db, tables, why);
    if (st == ST_OK)
        *out = build(tables, mark, &dep);
    for (int i = 0; i < COUNT; i++)
        PQclear(tables[i]);
    /* Whatever comes of it: the snapshot was read whole, so what was built is right. */
    (void)!registry_execute(db, st == ST_OK ? "COMMIT" : "ROLLBACK", ignored);
    return st;
}
