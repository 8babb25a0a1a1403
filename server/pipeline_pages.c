/* The pages of the admin door: what main knows of its stages, written by ops/. */
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/base/now.h"
#include "server/ops/health.h"
#include "server/ops/metrics_text.h"
#include "server/pipeline_parts.h"

#define DEGRADED_MAX 8

static bool
database_ok(const struct pipeline *p)
{
    return registry_database_ok(p->registry) &&
           (p->writer == NULL || (writer_database_ok(p->writer) && pager_database_ok(p->pager)));
}

static bool
log_ok(const struct pipeline *p)
{
    return p->log != NULL && log_is_writable(p->log);
}

static unsigned
write_live(void *ctx, FILE *out)
{
    (void)ctx;
    return health_write_live(out);
}

static unsigned
write_ready(void *ctx, FILE *out)
{
    const struct pipeline *p = ctx;
    struct health_facts f = {
        .registry_loaded = p->current != NULL,
        .log_ok = log_ok(p),
        .database_ok = database_ok(p),
        .draining = p->draining,
    };
    return health_write_ready(&f, out);
}

static uint32_t
fill_partitions(struct pipeline *p, struct status_partition *out)
{
    struct rollup_partition_view *views = calloc(PARTITIONS_MAX, sizeof *views);
    uint32_t total = 0;

    if (views == NULL)
        abort();
    for (uint32_t i = 0; i < p->aggregator_count; i++) {
        uint32_t count = aggregator_view(p->aggregators[i], views, PARTITIONS_MAX - total);
        for (uint32_t k = 0; k < count; k++) {
            const struct rollup_partition_view *v = &views[k];
            int64_t end = log_end_offset(p->log, v->partition);
            out[total++] = (struct status_partition){
                .partition = v->partition,
                .first_offset = -1,
                .end_offset = end,
                .next_offset = v->next_offset,
                .replay_offset = v->replay_offset,
                .lag_records = end - v->next_offset,
                .owner_epoch = v->live ? v->owner_epoch : -1,
                .inbox = (int64_t)v->inbox,
                .refold_work = 0,
                .complete_until_ms = v->complete_until_ms,
                .oldest_unwritten_ms = -1,
            };
        }
    }
    free(views);
    return total;
}

static uint32_t
fill_degraded(const struct pipeline *p, const char **out)
{
    uint32_t count = 0;

    if (p->current == NULL)
        out[count++] = "the registry is not loaded: gateways are told to come back later";
    if (!database_ok(p))
        out[count++] = "the database does not answer: readings are acknowledged, rollups wait";
    if (p->log != NULL && !log_is_writable(p->log))
        out[count++] = "the log cannot be written: nothing is acknowledged";
    if (p->draining)
        out[count++] = "meterd is stopping";
    return count;
}

static void
fill_view(struct pipeline *p, struct status_view *v, struct status_partition *partitions,
          const char **degraded)
{
    int64_t gauges[GAUGE_COUNT];

    gauges_sum(gauges);
    *v = (struct status_view){
        .partitions = partitions,
        .partition_count = fill_partitions(p, partitions),
        .revision = p->current != NULL ? directory_revision(p->current) : -1,
        .http_connections = gauges[GAUGE_http_connections],
        .mqtt_connections = gauges[GAUGE_mqtt_connections],
        .log_used_bytes = gauges[GAUGE_log_bytes],
        .log_size_bytes = (int64_t)p->cfg->log.size_bytes,
        .uptime_ms = now_mono_ms() - p->started_ms,
        .database_ok = database_ok(p),
        .log_ok = log_ok(p),
        .draining = p->draining,
        .degraded = degraded,
        .degraded_count = fill_degraded(p, degraded),
    };
}

static unsigned
write_view(struct pipeline *p, FILE *out, void (*write)(const struct status_view *, FILE *))
{
    struct status_partition *partitions = calloc(PARTITIONS_MAX, sizeof *partitions);
    const char *degraded[DEGRADED_MAX];
    struct status_view v;

    if (partitions == NULL)
        abort();
    fill_view(p, &v, partitions, degraded);
    write(&v, out);
    free(partitions);
    return 200;
}

static unsigned
write_metrics(void *ctx, FILE *out)
{
    return write_view(ctx, out, metrics_write);
}

static unsigned
write_status(void *ctx, FILE *out)
{
    return write_view(ctx, out, status_write_json);
}

enum status
pages_open(struct pipeline *p, char why[WHY_SIZE])
{
    static struct admin_page pages[4];

    pages[0] = (struct admin_page){"/livez", "application/json", write_live, p};
    pages[1] = (struct admin_page){"/readyz", "application/json", write_ready, p};
    pages[2] = (struct admin_page){"/metrics", METRICS_CONTENT_TYPE, write_metrics, p};
    pages[3] = (struct admin_page){"/status", "application/json", write_status, p};
    return admin_open(&p->cfg->admin.listen, pages, 4, &p->admin, why);
}
