/* All stages together. In the order of the code below: the doors open at once and tell gateways to
 * come back; when the registry is loaded, log and rollup begin behind them; at the end everything
 * stops in the order in which readings pass. */
#include "server/pipeline.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/base/log_line.h"
#include "server/base/now.h"
#include "server/pipeline_parts.h"
#include "server/session/session.h"

#define DRAIN_MS 10000
#define FINAL_COMMIT_MS 10000
#define WRITER_GRACE_MS 2000

/* --- Log and rollup. ------------------------------------------------------------------------------ */

static void
replay_offset_durable(void *ctx, uint32_t partition, int64_t offset)
{
    struct pipeline *p = ctx;
    log_set_replay_offset(p->log, partition, offset);
}

static void
partition_lost(void *ctx, uint32_t partition)
{
    struct pipeline *p = ctx;
    (void)partition;
    atomic_store(&p->lost, true);
    waker_wake(&p->waker);
}

static bool
refuse(struct pipeline *p, int exit_code, const char *what, const char *why)
{
    log_line(LOG_ERROR, "event=%s why=\"%s\"", what, why);
    p->exit_code = exit_code;
    return false;
}

static bool
open_log(struct pipeline *p)
{
    const struct deployment *dep = directory_deployment(p->current);
    char why[256] = "";
    uint8_t uuid[16];
    enum status st = log_open(p->cfg, dep->partitions, dep->uuid, &p->log, why);

    if (st != ST_OK)
        return refuse(p, st == ST_BUSY ? EX_TEMPFAIL : st == ST_WORLD_DOWN ? EX_IOERR : EX_CONFIG,
                      "log_refused", why);
    log_uuid(p->log, uuid);
    st = registry_bind_log(p->cfg->database.conninfo, uuid, why);
    if (st == ST_OK)
        return true;
    log_close(p->log);
    p->log = NULL;
    if (st == ST_CORRUPT)
        return refuse(p, EX_CONFIG, "log_refused", why);
    log_line(LOG_WARN, "event=log_not_bound why=\"%s\"", why); /* Tried again with the next one. */
    p->exit_code = -1;
    return false;
}

static bool
check_keep(struct pipeline *p)
{
    int64_t least_ms = directory_deployment(p->current)->past_max_ms + 35LL * 86400000;

    if ((int64_t)p->cfg->rollup.keep_ms >= least_ms)
        return true;
    char why[160];
    snprintf(why, sizeof why, "[rollup] keep is shorter than the database's past_max + 35d; at least"
             " %lldd would be right", (long long)(least_ms / 86400000));
    return refuse(p, EX_CONFIG, "configuration_refused", why);
}

static void
begin_rollup(struct pipeline *p)
{
    const struct config *cfg = p->cfg;
    struct router_target targets[AGGREGATORS_MAX];
    uint32_t count = (uint32_t)cfg->rollup.aggregators;

    for (uint32_t i = 0; i < count; i++) {
        struct aggregator_options o = {
            .rollup = {.aggregator = i,
                       .memory_bytes = cfg->rollup.memory_bytes / count,
                       .commit_interval_ms = (int64_t)cfg->rollup.commit_interval_ms,
                       .flush_age_ms = (int64_t)cfg->rollup.flush_age_ms},
            .log = p->log,
            .used_directories = &p->used_directories[LOOPS_MAX + i],
            .lost = partition_lost,
            .ctx = p,
        };
        p->aggregators[i] = aggregator_new(&o, p->current);
        p->written[i] = aggregator_writer_done(p->aggregators[i]);
        p->paged[i] = aggregator_pager_done(p->aggregators[i]);
        targets[i] = aggregator_target(p->aggregators[i]);
    }
    struct writer_options w = {cfg->database.conninfo, log_topic(p->log), count, p->written,
                               replay_offset_durable, p};
    struct pager_options g = {cfg->database.conninfo, log_topic(p->log), count, p->paged};
    p->writer = writer_start(&w);
    p->pager = pager_start(&g);
    p->router = router_start(p->log, targets, count);
    if (p->writer == NULL || p->pager == NULL || p->router == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++)
        aggregator_start(p->aggregators[i], p->writer, p->pager, p->router);
    p->aggregator_count = count;
}

bool
pipeline_begin(struct pipeline *p)
{
    if (!check_keep(p) || !open_log(p))
        return false;
    log_start(p->log);
    begin_rollup(p);
    for (uint32_t i = 0; i < p->loop_count; i++)
        net_loop_begin(p->loops[i], p->log, p->current);
    log_line(LOG_INFO, "event=ready revision=%lld", (long long)directory_revision(p->current));
    return true;
}

/* --- Start. ---------------------------------------------------------------------------------------- */

static bool
open_doors(struct pipeline *p)
{
    uint32_t count = (uint32_t)p->cfg->ingest.loops;

    p->shared = session_shared_new(count);
    if (p->shared == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        struct net_loop_options o = {
            .config = p->cfg,
            .shared = p->shared,
            .index = i,
            .used_directories = &p->used_directories[i],
            .first = i > 0 ? p->loops[0] : NULL,
        };
        char why[WHY_SIZE] = "";
        p->loops[i] = net_loop_start(&o, why);
        if (p->loops[i] == NULL)
            return refuse(p, EX_UNAVAILABLE, "door_refused", why);
        p->loop_count++;
    }
    return true;
}

static void
close_doors(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->loop_count; i++)
        net_loop_drain(p->loops[i], DRAIN_MS);
    for (uint32_t i = 0; i < p->loop_count; i++)
        net_loop_join(p->loops[i]);
}

struct pipeline *
pipeline_start(const struct config *cfg, int *exit_code)
{
    struct pipeline *p = calloc(1, sizeof *p);
    char why[WHY_SIZE] = "";

    if (p == NULL || waker_init(&p->waker) != ST_OK)
        abort();
    p->cfg = cfg;
    p->started_ms = now_mono_ms();
    directories_init(p);
    if (!open_doors(p)) {
        *exit_code = p->exit_code;
        close_doors(p);
        return NULL; /* The process ends. */
    }
    if (pages_open(p, why) != ST_OK) {
        refuse(p, EX_UNAVAILABLE, "door_refused", why);
        *exit_code = p->exit_code;
        close_doors(p);
        return NULL;
    }
    struct address admin = admin_address(p->admin);
    char text[ADDRESS_TEXT_SIZE];
    if (admin.is_on)
        log_line(LOG_INFO, "event=listening door=admin address=%s", address_text(&admin, text));
    p->registry = registry_start(cfg->database.conninfo, &p->new_directories);
    waker_prepare(&p->waker);
    return p;
}

/* --- Running. -------------------------------------------------------------------------------------- */

int
pipeline_fds(struct pipeline *p, struct pollfd *out, int max)
{
    out[0] = (struct pollfd){.fd = waker_fd(&p->waker), .events = POLLIN};
    return 1 + admin_fds(p->admin, out + 1, max - 1);
}

bool
pipeline_turn(struct pipeline *p, const struct pollfd *fds, int count, int *exit_code)
{
    waker_drain(&p->waker);
    admin_handle(p->admin, fds, count, now_mono_ms());
    directories_turn(p);
    waker_prepare(&p->waker);
    directories_turn(p); /* What came before the waker was armed. */
    if (atomic_load(&p->lost)) {
        log_line(LOG_ERROR, "event=owner_changed why=\"another meterd, or an older copy of the"
                 " database: a restart claims again\"");
        p->exit_code = EX_TEMPFAIL;
    }
    if (p->exit_code > 0) {
        *exit_code = p->exit_code;
        return false;
    }
    return true;
}

/* --- Stop. ----------------------------------------------------------------------------------------- */

static void
stop_rollup(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->aggregator_count; i++)
        aggregator_stop(p->aggregators[i], atomic_load(&p->lost) ? 0 : FINAL_COMMIT_MS);
    router_stop(p->router);
    pager_stop(p->pager);
    writer_stop(p->writer, WRITER_GRACE_MS);
    for (uint32_t i = 0; i < p->aggregator_count; i++)
        aggregator_free(p->aggregators[i]);
}

void
pipeline_stop(struct pipeline *p)
{
    p->draining = true;
    close_doors(p);
    if (p->log != NULL) {
        stop_rollup(p);
        log_stop(p->log);
        log_close(p->log);
    }
    registry_stop(p->registry);
    admin_close(p->admin);
    session_shared_free(p->shared);
    directories_turn(p);
    directories_fini(p);
    waker_fini(&p->waker);
    free(p);
}
