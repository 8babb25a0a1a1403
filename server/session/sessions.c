/* What the conversations of one loop share, and what happens to all of them at once: a new
 * directory, answers from the log, the end. */
#include "server/session/session_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/pool.h"
#include "server/base/table.h"

/* Of a loop's memory, the share that records may take. */
#define RECORD_SHARE 4
#define BEHIND_MS_MAX 10000

struct session_shared *
session_shared_new(uint32_t loops)
{
    struct session_shared *shared = calloc(1, sizeof *shared);

    if (shared == NULL)
        return NULL;
    shared->quota = quota_new();
    shared->takeovers = takeover_board_new(loops);
    if (shared->quota == NULL || shared->takeovers == NULL) {
        session_shared_free(shared);
        return NULL;
    }
    return shared;
}

void
session_shared_free(struct session_shared *shared)
{
    if (shared == NULL)
        return;
    quota_free(shared->quota);
    takeover_board_free(shared->takeovers);
    free(shared);
}

struct sessions *
sessions_new(const struct session_options *o)
{
    struct sessions *all = calloc(1, sizeof *all);
    const struct config *c = o->config;
    size_t memory = c->ingest.memory_bytes / c->ingest.loops;

    if (all == NULL)
        return NULL;
    all->o = *o;
    all->memory = buffer_pool_new(memory - memory / RECORD_SHARE);
    all->replies = pool_new(sizeof(struct reply), REPLIES_MAX);
    all->auth = auth_new();
    all->clients = table_new((uint32_t)c->mqtt.max_connections + 1);
    if (all->memory == NULL || all->replies == NULL || all->auth == NULL || all->clients == NULL) {
        sessions_free(all);
        return NULL;
    }
    takeover_board_join(o->shared->takeovers, o->loop, o->waker);
    return all;
}

void
sessions_free(struct sessions *all)
{
    if (all == NULL)
        return;
    assert(all->first == NULL && sessions_is_idle(all));
    intake_free(all->intake);
    batcher_free(all->batcher);
    table_free(all->clients);
    auth_free(all->auth);
    pool_free(all->replies);
    buffer_pool_free(all->memory);
    free(all);
}

enum status
sessions_set_log(struct sessions *all, struct log *log)
{
    const struct config *c = all->o.config;
    struct batcher_options b = {
        .log = log,
        .partitions = PARTITIONS_MAX,
        .record_size = c->ingest.record_size_bytes,
        .record_age_ms = (int64_t)c->ingest.record_age_ms,
        .memory = c->ingest.memory_bytes / c->ingest.loops / RECORD_SHARE,
        .answered = reply_answered,
        .context = all,
    };
    struct intake_options in = {.memory = all->memory, .quota = all->o.shared->quota};

    assert(all->batcher == NULL);
    all->batcher = batcher_new(&b);
    in.batcher = all->batcher;
    if (all->batcher == NULL || (all->intake = intake_new(&in)) == NULL)
        return ST_WORLD_DOWN;
    return ST_OK;
}

int
sessions_log_fd(const struct sessions *all)
{
    return all->batcher == NULL ? -1 : batcher_fd(all->batcher);
}

bool
sessions_can_store(const struct sessions *all)
{
    return all->batcher != NULL && all->directory != NULL && batcher_is_writable(all->batcher);
}

void
sessions_set_directory(struct sessions *all, const struct directory *d)
{
    struct session *s;
    struct session *next;

    assert(all->batcher != NULL && d != NULL);
    all->directory = d;
    intake_set_directory(all->intake, d);
    for (s = all->first; s != NULL; s = next) {
        next = s->next;
        if (s->who.gateway == 0 || auth_is_valid(d, &s->who))
            continue;
        counter_add(COUNT_auth_refused, 1);
        if (s->door == DOOR_MQTT)
            mqtt_disconnect(s, ST_NOT_AUTHORISED);
        else
            session_end(s);
        all->o.changed(s->connection);
    }
}

void
sessions_set_now(struct sessions *all, int64_t mono_ms, int64_t wall_ms)
{
    all->now_ms = mono_ms;
    all->wall_ms = wall_ms;
}

void
sessions_take_answers(struct sessions *all)
{
    batcher_take_answers(all->batcher);
}

void
sessions_take_mail(struct sessions *all)
{
    struct takeover t;

    while (takeover_take(all->o.shared->takeovers, all->o.loop, &t))
        mqtt_take_over(all, &t);
}

int64_t
sessions_due_ms(const struct sessions *all)
{
    return all->batcher == NULL ? INT64_MAX : batcher_due_ms(all->batcher);
}

void
sessions_tick(struct sessions *all)
{
    gauge_set(GAUGE_ingest_memory_bytes, (int64_t)buffer_pool_used(all->memory));
    /* The log takes nothing for long: those who wait are told, and send again later. */
    if (all->batcher != NULL && batcher_behind_ms(all->batcher, all->now_ms) > BEHIND_MS_MAX)
        batcher_give_up(all->batcher);
}

void
sessions_drain(struct sessions *all)
{
    struct session *s;
    struct session *next;

    all->is_draining = true;
    for (s = all->first; s != NULL; s = next) {
        next = s->next;
        session_leave(s);
    }
}

bool
sessions_is_idle(const struct sessions *all)
{
    return all->batcher == NULL || batcher_is_idle(all->batcher);
}

struct buffer_pool *
sessions_memory(struct sessions *all)
{
    return all->memory;
}
