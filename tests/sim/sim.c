/* The steps of the simulator: each does what one thread of the real process does between two looks
 * of the others. */
#include "tests/sim/sim.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FINISH_ROUNDS_MAX 20000

void
sim_trace(const struct sim *s, const char *format, ...)
{
    va_list arguments;

    if (s->options.trace == NULL)
        return;
    va_start(arguments, format);
    vfprintf(s->options.trace, format, arguments);
    va_end(arguments);
}

/* --- Ports. --------------------------------------------------------------------------------- */

static bool
port_ask(void *ctx, struct page_request *r)
{
    struct sim *s = ctx;

    if (s->question_count == PAGER_REQUESTS_MAX ||
        sim_chance(&s->random, s->options.refuse_percent))
        return false;
    sim_trace(s, "  asks %d, partition %u point %u from %lld\n", (int)r->kind, r->partition,
              r->point, (long long)r->from_t_ms);
    s->questions[s->question_count++] = (struct sim_question){.request = r};
    return true;
}

static void
trace_transaction(const struct sim *s, const struct transaction *tx)
{
    for (uint32_t i = 0; i < tx->parts.count; i++)
        sim_trace(s, "  commits partition %u seq %lld next %lld replay %lld\n",
                  tx->parts.at[i].partition, (long long)tx->parts.at[i].commit_seq,
                  (long long)tx->parts.at[i].next_offset,
                  (long long)tx->parts.at[i].replay_offset);
    for (uint32_t i = 0; i < tx->points.count; i++)
        sim_trace(s, "    writes point %u\n", tx->points.at[i].point);
    for (uint32_t i = 0; i < tx->segments.count; i++)
        sim_trace(s, "    segment of %u from %lld, %d readings\n", tx->segments.at[i].point,
                  (long long)tx->segments.at[i].first_t_ms, tx->segments.at[i].count);
    for (uint32_t i = 0; i < tx->inbox_inserts.count; i++)
        sim_trace(s, "    inbox + point %u at %lld.%d\n", tx->inbox_inserts.at[i].point,
                  (long long)tx->inbox_inserts.at[i].log_offset, tx->inbox_inserts.at[i].idx);
    for (uint32_t i = 0; i < tx->inbox_deletes.count; i++)
        sim_trace(s, "    inbox - point %u at %lld.%d\n", tx->inbox_deletes.at[i].point,
                  (long long)tx->inbox_deletes.at[i].log_offset, tx->inbox_deletes.at[i].idx);
}

static void
port_submit(void *ctx, struct transaction *tx)
{
    struct sim *s = ctx;

    assert(s->tx == NULL);
    s->tx = tx;
    s->tx_applied = false;
    trace_transaction(s, tx);
}

static void
port_seek(void *ctx, uint32_t partition, int64_t offset)
{
    struct sim *s = ctx;

    assert(offset >= 0 && offset <= s->partitions[partition].end);
    s->partitions[partition].position = offset;
    s->partitions[partition].sought = true;
    sim_trace(s, "  seeks partition %u offset %lld\n", partition, (long long)offset);
}

static void
port_lost(void *ctx, uint32_t partition)
{
    (void)ctx;
    (void)partition;
    assert(!"a partition was lost, but there is no other owner");
}

static int64_t
port_log_end(void *ctx, uint32_t partition)
{
    const struct sim *s = ctx;
    return s->partitions[partition].end;
}

/* --- Where registrations were adopted. ------------------------------------------------------ */

/* The reading that is folded next. */
static struct sim_place
place_now(const struct sim *s, uint32_t partition)
{
    const struct record_walk *w = &s->rollup->walk;
    const struct partition_state *ps = s->rollup->partitions[partition];
    struct sim_place place = {.offset = ps->next_offset};

    if (w->active && w->partition == partition)
        place.idx = w->idx;
    return place;
}

/* A registration counts from where the rollup adopts it; what was adopted without being committed
 * is adopted again after a crash. */
static void
look_at_points(struct sim *s, bool claiming)
{
    for (int i = 0; i < (int)s->c->input.point_count; i++) {
        struct sim_point *p = &s->points[i];
        uint32_t partition = sim_partition_of(s, s->c->points[i].enterprise);
        char name[16];

        if (p->number == 0)
            p->number = memory_store_number(
                s->store, (uint32_t)s->c->points[i].enterprise + 1, sim_point_name(i, name));
        const struct point_memory *m = p->number != 0 ? point_find(s->rollup, p->number) : NULL;
        if (m == NULL)
            continue;
        if (m->registered && !p->was_registered && !claiming) {
            p->adopted = true;
            p->adopted_at = p->known ? place_now(s, partition) : (struct sim_place){0};
            sim_trace(s, "  point %d adopted at %lld.%d\n", i, (long long)p->adopted_at.offset,
                      p->adopted_at.idx);
        }
        p->known = true;
        p->was_registered = m->registered;
    }
}

/* --- Life. ---------------------------------------------------------------------------------- */

static void
start_rollup(struct sim *s)
{
    struct rollup_ports ports = {s, port_ask, port_submit, port_seek, port_lost, port_log_end};

    s->dir = sim_directory(s, s->revision, true);
    s->rollup = rollup_new(&s->options.rollup, &ports, s->dir);
    for (uint32_t i = 0; i < s->options.partitions; i++) {
        s->partitions[i].sought = false;
        rollup_assign(s->rollup, i);
    }
    for (int i = 0; i < (int)s->c->input.point_count; i++)
        s->points[i].known = s->points[i].was_registered = false;
}

static void
stop_rollup(struct sim *s)
{
    for (uint32_t i = 0; i < s->question_count; i++)
        page_request_free(s->questions[i].request);
    s->question_count = 0;
    transaction_free(s->tx);
    s->tx = NULL;
    rollup_free(s->rollup);
    directory_free((struct directory *)(uintptr_t)s->dir);
    s->dir = NULL;
}

void
sim_init(struct sim *s, struct case_data *c, const struct sim_options *o)
{
    memset(s, 0, sizeof *s);
    s->options = *o;
    s->random.state = o->seed;
    s->c = c;
    s->store = memory_store_new();
    s->revision = 1;
    for (int i = 0; i < (int)c->input.point_count; i++) {
        char name[16];
        if (!c->points[i].registered)
            continue;
        s->points[i].revision = 1;
        s->points[i].number = memory_store_intern(
            s->store, (uint32_t)c->points[i].enterprise + 1, sim_point_name(i, name));
    }
    start_rollup(s);
}

void
sim_fini(struct sim *s)
{
    stop_rollup(s);
    for (uint32_t p = 0; p < SIM_PARTITIONS_MAX; p++)
        for (int64_t i = 0; i < s->partitions[p].end; i++)
            free(s->partitions[p].records[i].bytes);
    memory_store_free(s->store);
}

void
sim_crash(struct sim *s, bool apply)
{
    if (apply)
        sim_apply(s);
    sim_trace(s, "crash\n");
    s->crashes++;
    stop_rollup(s);
    start_rollup(s);
}

/* --- Steps. --------------------------------------------------------------------------------- */

bool
sim_deliver(struct sim *s, uint32_t partition)
{
    struct sim_partition *p = &s->partitions[partition];
    const struct record_walk *w = &s->rollup->walk;

    if (!p->sought || p->position >= p->end || (w->active && w->partition != partition) ||
        (!w->active && rollup_wants_rest(s->rollup)))
        return false;
    const struct sim_record *record = &p->records[p->position];
    sim_trace(s, "deliver partition %u offset %lld\n", partition, (long long)p->position);
    enum status st = rollup_record(s->rollup, partition, p->position,
                                   span_of(record->bytes, record->size));
    look_at_points(s, false);
    if (st == ST_OK)
        p->position++;
    return st == ST_OK;
}

bool
sim_answer(struct sim *s)
{
    for (uint32_t i = 0; i < s->question_count; i++) {
        if (s->questions[i].answered)
            continue;
        sim_trace(s, "answer\n");
        memory_store_answer(s->store, s->questions[i].request, s->revision);
        s->questions[i].answered = true;
        return true;
    }
    return false;
}

bool
sim_deliver_answer(struct sim *s)
{
    if (s->question_count == 0 || !s->questions[0].answered)
        return false;
    struct page_request *r = s->questions[0].request;
    bool claiming = r->kind == PAGE_CLAIM;

    s->question_count--;
    memmove(s->questions, s->questions + 1, s->question_count * sizeof *s->questions);
    sim_trace(s, "deliver answer %d, point %u, %u segments, %u inbox rows\n", (int)r->kind,
              r->point, r->segments.count, r->inbox.count);
    rollup_answer(s->rollup, r);
    look_at_points(s, claiming);
    return true;
}

bool
sim_apply(struct sim *s)
{
    if (s->tx == NULL || s->tx_applied)
        return false;
    sim_trace(s, "apply commit\n");
    bool done = memory_store_commit(s->store, s->tx);
    assert(done);
    s->tx_applied = true;
    return true;
}

bool
sim_deliver_fate(struct sim *s)
{
    struct transaction *tx = s->tx;

    if (tx == NULL || !s->tx_applied)
        return false;
    sim_trace(s, "deliver fate\n");
    s->tx = NULL;
    tx->fate = TX_DONE;
    rollup_committed(s->rollup, tx);
    look_at_points(s, false);
    return true;
}

bool
sim_swap(struct sim *s, int64_t revision, bool with_names)
{
    if (revision < directory_revision(s->dir))
        return false;
    const struct directory *old = s->dir;

    sim_trace(s, "directory of revision %lld\n", (long long)revision);
    s->dir = sim_directory(s, revision, with_names);
    rollup_take_directory(s->rollup, s->dir);
    directory_free((struct directory *)(uintptr_t)old);
    look_at_points(s, false);
    return true;
}

void
sim_tick(struct sim *s, int64_t after_ms)
{
    s->mono_ms += after_ms;
    sim_trace(s, "tick at %lld\n", (long long)s->mono_ms);
    rollup_tick(s->rollup, s->mono_ms, s->c->log[0].received_at + s->mono_ms);
    look_at_points(s, false);
}

void
sim_flush(struct sim *s, int64_t after_ms)
{
    s->mono_ms += after_ms;
    sim_trace(s, "flush at %lld\n", (long long)s->mono_ms);
    rollup_flush(s->rollup, s->mono_ms, s->c->log[0].received_at + s->mono_ms);
    look_at_points(s, false);
}

static bool
is_quiet(const struct sim *s)
{
    for (uint32_t i = 0; i < s->options.partitions; i++)
        if (!s->partitions[i].sought || s->partitions[i].position < s->partitions[i].end)
            return false;
    return s->question_count == 0 && s->tx == NULL &&
           s->rollup->jobs_count == 0 && s->rollup->jobs_active == 0 &&
           rollup_is_flushed(s->rollup) && directory_revision(s->dir) == s->revision;
}

bool
sim_settle(struct sim *s)
{
    if (directory_revision(s->dir) < s->revision)
        sim_swap(s, s->revision, true);
    for (int round = 0; round < FINISH_ROUNDS_MAX && !is_quiet(s); round++) {
        for (uint32_t i = 0; i < s->options.partitions; i++)
            while (sim_deliver(s, i))
                ;
        while (sim_answer(s) || sim_deliver_answer(s))
            ;
        sim_tick(s, 1);
        if (s->tx == NULL)
            sim_flush(s, 1);
        sim_apply(s);
        sim_deliver_fate(s);
    }
    return is_quiet(s);
}

bool
sim_finish(struct sim *s)
{
    while (sim_append(s))
        ;
    return sim_settle(s);
}
