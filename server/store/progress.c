/* Two queries. */
#include "server/store/progress.h"

#include <stdio.h>

#include "server/store/registry_query.h"

static enum status
read_rows(PGconn *db, struct progress out[PARTITIONS_MAX], uint32_t *count, char why[WHY_SIZE])
{
    PGresult *r = registry_query(
        db,
        "SELECT partition, next_offset, to_char(complete_until AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), inbox, refold_work, registry_revision"
        " FROM meterd.v_progress ORDER BY partition LIMIT 1024",
        why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    *count = (uint32_t)PQntuples(r);
    for (uint32_t i = 0; i < *count; i++) {
        struct progress *p = &out[i];

        p->partition = (uint32_t)registry_field(r, (int)i, 0);
        p->next_offset = registry_field(r, (int)i, 1);
        snprintf(p->complete_until, sizeof p->complete_until, "%s", PQgetvalue(r, (int)i, 2));
        p->inbox = registry_field(r, (int)i, 3);
        p->refold_work = registry_field(r, (int)i, 4);
        p->registry_revision = registry_field(r, (int)i, 5);
    }
    PQclear(r);
    return ST_OK;
}

enum status
progress_read(const char *conninfo, struct progress out[PARTITIONS_MAX], uint32_t *count,
              int64_t *newest_revision, char why[WHY_SIZE])
{
    PGresult *r = NULL;
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    *count = 0;
    if (st == ST_OK)
        st = registry_check_schema(db, why);
    if (st == ST_OK)
        st = read_rows(db, out, count, why);
    if (st == ST_OK) {
        r = registry_query(db, "SELECT max(revision) FROM meterd.revision", why);
        st = r == NULL ? ST_WORLD_DOWN : ST_OK;
    }
    if (r != NULL)
        *newest_revision = registry_field(r, 0, 0);
    PQclear(r);
    PQfinish(db);
    return st;
}
