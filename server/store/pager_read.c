/* What each kind of question asks in SQL. A question may be asked twice, when the first answer was
 * lost: a second claim only raises the epoch once more, a second intern finds the first's numbers.
 */
#include "server/store/pager_read.h"

#include <assert.h>

#include "server/base/bounds.h"
#include "server/base/directory.h"
#include "server/store/points.h"
#include "server/store/result.h"

#define SQL_MS(column) "(extract(epoch from " column ") * 1000)::int8"

static void
read_points(struct page_request *r, const PGresult *res)
{
    for (int row = 0; row < PQntuples(res); row++)
        points_read_state(res, row, TX_APPEND(&r->points));
}

static void
read_inbox_points(struct page_request *r, const PGresult *res)
{
    for (int row = 0; row < PQntuples(res); row++) {
        struct page_inbox_point *at = TX_APPEND(&r->inbox_points);

        at->point = (uint32_t)result_i32(res, row, 0);
        at->count = (uint32_t)result_i64(res, row, 1, 0);
        at->t_max_ms = result_i64(res, row, 2, 0);
    }
}

static enum db_class
send_claim(struct db *db, struct params *p, const char *topic, uint32_t partition)
{
    enum db_class c;

    params_clear(p);
    params_text(p, span_text(topic));
    params_i32(p, (int32_t)partition);
    /* The claim waits for a commit of the old owner; what is read after it is what it left. */
    if ((c = db_send(db, "begin", NULL)) != DB_OK ||
        (c = db_send(db,
                     "select owner_epoch, commit_seq, next_offset, replay_offset, " SQL_MS(
                         "complete_until") ", revision from meterd.claim($1, $2)",
                     p)) != DB_OK)
        return c;
    params_clear(p);
    params_i32(p, (int32_t)partition);
    if ((c = db_send(db,
                     "select " POINTS_STATE_COLUMNS
                     " from meterd.point_state where part = $1 order by point",
                     p)) != DB_OK ||
        (c = db_send(db,
                     "select point, count(*), max(t) from meterd.reading_inbox"
                     " where part = $1 group by point order by point",
                     p)) != DB_OK)
        return c;
    return db_send(db, "commit", NULL);
}

static enum db_class
read_claim(struct db *db, struct params *p, const char *topic, struct page_request *r)
{
    enum db_class c;
    const PGresult *row;

    r->points.count = 0;
    r->inbox_points.count = 0;
    if ((c = send_claim(db, p, topic, r->partition)) != DB_OK || (c = db_run(db)) != DB_OK)
        return c;
    row = db_result(db, 1);
    r->claim.owner_epoch = result_i64(row, 0, 0, 0);
    r->claim.commit_seq = result_i64(row, 0, 1, 0);
    r->claim.next_offset = result_i64(row, 0, 2, 0);
    r->claim.replay_offset = result_i64(row, 0, 3, 0);
    r->claim.complete_until_ms = result_i64(row, 0, 4, 0);
    r->claim.revision = result_i64(row, 0, 5, 0);
    read_points(r, db_result(db, 2));
    read_inbox_points(r, db_result(db, 3));
    return DB_OK;
}

static enum db_class
read_intern(struct db *db, struct params *p, struct page_request *r)
{
    const struct page_name *names = r->names.at;
    uint32_t n = r->names.count;
    const PGresult *rows;
    enum db_class c;

    params_clear(p);
    params_i32(p, (int32_t)r->enterprise);
    COLUMN_TEXT(p, n, span_of(r->text.at + names[i].text_at, names[i].text_size));
    /* In order of name: two owners that intern the same names do not wait for each other in a
     * circle. */
    c = db_query(db,
                 "select n.nr, meterd.intern($1, n.name) from (select name, nr"
                 " from unnest($2::text[]) with ordinality as u (name, nr) order by name offset 0)"
                 " as n",
                 p);
    if (c != DB_OK)
        return c;
    rows = db_result(db, 0);
    assert((uint32_t)PQntuples(rows) == n);
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t nr = result_i64(rows, row, 0, 0);

        assert(nr >= 1 && nr <= (int64_t)n);
        r->names.at[nr - 1].number = (uint32_t)result_i32(rows, row, 1);
    }
    return DB_OK;
}

static enum db_class
read_segments_from(struct db *db, struct params *p, struct page_request *r, int64_t first_t_ms,
                   bool *more)
{
    const PGresult *rows;
    enum db_class c;

    params_clear(p);
    params_i32(p, (int32_t)r->point);
    params_i64(p, first_t_ms);
    params_i32(p, PAGER_SEGMENTS_READ_MAX);
    if ((c = db_send(db,
                     "select " POINTS_SEGMENT_COLUMNS " from meterd.reading_segment"
                     " where point = $1 and first_t >= $2 order by first_t limit $3",
                     p)) != DB_OK ||
        (c = db_run(db)) != DB_OK)
        return c;
    rows = db_result(db, 0);
    for (int row = 0; row < PQntuples(rows); row++)
        points_read_segment(rows, row, TX_APPEND(&r->segments));
    *more = PQntuples(rows) == PAGER_SEGMENTS_READ_MAX;
    return DB_OK;
}

static enum db_class
read_first_segment(struct db *db, struct params *p, const struct page_request *r,
                   int64_t *first_t_ms)
{
    enum db_class c;

    params_clear(p);
    params_i32(p, (int32_t)r->point);
    params_i64(p, r->from_t_ms);
    if ((c = db_query(db,
                      "select max(first_t) from meterd.reading_segment"
                      " where point = $1 and first_t <= $2",
                      p)) != DB_OK)
        return c;
    *first_t_ms = result_i64(db_result(db, 0), 0, 0, TIME_MIN);
    return DB_OK;
}

/* In pieces, so that no answer is large; nobody changes the point meanwhile, because its owner is
 * the one who asks. */
static enum db_class
read_readings(struct db *db, struct params *p, struct page_request *r)
{
    int64_t from_ms = TIME_MIN;
    bool more = true;
    enum db_class c = DB_OK;

    r->segments.count = 0;
    if (r->from_t_ms != TIME_MIN)
        c = read_first_segment(db, p, r, &from_ms);
    while (c == DB_OK && more) {
        c = read_segments_from(db, p, r, from_ms, &more);
        if (r->segments.count > 0)
            from_ms = r->segments.at[r->segments.count - 1].first_t_ms + 1;
    }
    return c;
}

static enum db_class
read_inbox(struct db *db, struct params *p, struct page_request *r)
{
    const PGresult *rows;
    enum db_class c;

    r->inbox.count = 0;
    params_clear(p);
    params_i32(p, (int32_t)r->partition);
    params_i32(p, (int32_t)r->point);
    c = db_query(db,
                 "select " POINTS_INBOX_COLUMNS " from meterd.reading_inbox"
                 " where part = $1 and point = $2 order by log_offset, idx",
                 p);
    if (c != DB_OK)
        return c;
    rows = db_result(db, 0);
    for (int row = 0; row < PQntuples(rows); row++)
        points_read_inbox(rows, row, TX_APPEND(&r->inbox));
    return DB_OK;
}

enum db_class
pager_read(struct db *db, struct params *p, const char *topic, struct page_request *r)
{
    enum db_class c = db_open(db);

    if (c != DB_OK)
        return c;
    switch (r->kind) {
    case PAGE_CLAIM:
        return read_claim(db, p, topic, r);
    case PAGE_INTERN:
        return read_intern(db, p, r);
    case PAGE_READINGS:
        return read_readings(db, p, r);
    case PAGE_INBOX:
        return read_inbox(db, p, r);
    case PAGE_REVISION:
        c = db_query(db, "select coalesce(max(revision), 0) from meterd.revision", NULL);
        if (c == DB_OK)
            r->revision = result_i64(db_result(db, 0), 0, 0, 0);
        return c;
    }
    assert(false);
    return DB_OURS;
}
