/* One thread, one poll. Each turn reads answers, decides what to send, syncs the ledger, and only
 * then sends and counts. */
#include "benchmarks/meterload/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "benchmarks/meterload/link.h"
#include "server/base/address.h"

#define TURN_MS 20 /* the longest sleep: waits and the pace are looked at this often */

struct replay {
    const struct replay_options *options;
    struct plan plan;
    struct load load;
    struct ledger_fate *fates;
    struct link **links;
    struct pollfd *polls;
    unsigned link_count;
    int64_t told_ms;
};

static volatile sig_atomic_t is_stopped;

static void
stop(int number)
{
    (void)number;
    is_stopped = 1;
}

static void
set_door(struct load_door *d, const char *text)
{
    struct address a;

    if (text == NULL)
        return;
    if (address_parse(text, &a) != ST_OK || !a.is_on)
        tool_die(EX_USAGE, "%s: write a numeric address and a port, like 127.0.0.1:8080", text);
    d->text = text;
    d->address = a.sock;
    d->address_size = a.sock_size;
}

static const struct plan *sorted_plan;

static int
compare_gateways(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint32_t nx = sorted_plan->gateways[x].count, ny = sorted_plan->gateways[y].count;

    if (nx != ny)
        return nx > ny ? -1 : 1;
    return (x > y) - (x < y);
}

/* The gateways with most messages first: a gateway is sent for by one connection. */
static void
fill_pool(struct load *l)
{
    uint32_t count = l->plan->fleet.gateway_count;

    l->pool = tool_grow(NULL, count, sizeof *l->pool);
    for (uint32_t i = 0; i < count; i++)
        l->pool[i] = i;
    sorted_plan = l->plan;
    qsort(l->pool, count, sizeof *l->pool, compare_gateways);
}

static void
open_ledger(struct replay *r)
{
    uint32_t count = r->plan.message_count;

    r->fates = tool_grow(NULL, count, sizeof *r->fates);
    for (uint32_t m = 0; m < count; m++)
        r->fates[m] = (struct ledger_fate){.partition = -1};
    if (r->options->ledger == NULL)
        return;
    r->load.ledger = ledger_open(r->options->ledger, &r->plan, &r->options->plan, r->fates);
    for (uint32_t m = 0; m < count; m++) {
        r->load.is_done[m] = r->fates[m].acknowledged > 0;
        if (r->load.is_done[m])
            r->load.done_at_start += r->plan.messages[m].count;
    }
}

static void
start(struct replay *r)
{
    const struct replay_options *o = r->options;
    struct load *l = &r->load;

    plan_make(&r->plan, &o->plan);
    l->plan = &r->plan;
    l->in_flight = o->in_flight;
    l->rate = o->rate;
    set_door(&l->doors[DOOR_HTTP], o->http);
    set_door(&l->doors[DOOR_MQTT], o->mqtt);
    l->is_done = tool_grow(NULL, r->plan.message_count, sizeof *l->is_done);
    l->was_sent = tool_grow(NULL, r->plan.message_count, sizeof *l->was_sent);
    memset(l->is_done, 0, r->plan.message_count * sizeof *l->is_done);
    memset(l->was_sent, 0, r->plan.message_count * sizeof *l->was_sent);
    open_ledger(r);
    fill_pool(l);
    r->link_count = o->connections;
    r->links = tool_grow(NULL, r->link_count, sizeof(struct link *));
    r->polls = tool_grow(NULL, r->link_count, sizeof *r->polls);
    for (unsigned i = 0; i < r->link_count; i++) {
        enum door door = o->mqtt == NULL || (o->http != NULL && i % 2 == 0) ? DOOR_HTTP : DOOR_MQTT;

        r->links[i] = link_new(l, door, i);
    }
    l->began_ms = l->last_answer_ms = l->now_ms = tool_mono_ms();
}

static void
tell_progress(struct replay *r, bool is_last)
{
    const struct load *l = &r->load;
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    int64_t ms = l->now_ms - l->began_ms;
    uint64_t done = l->done_at_start + l->totals.readings, all = r->plan.sent_once;

    if (!r->options->has_progress || (!is_last && l->now_ms - r->told_ms < (is_terminal ? 500 : 3000)))
        return;
    r->told_ms = l->now_ms;
    fprintf(stderr,
            "%s%" PRIu64 " of %" PRIu64 " readings acknowledged (%" PRIu64
            " %%), %" PRIu64 " a second, %" PRIu64 " messages sent again%s",
            is_terminal ? "\r\033[K" : "", done, all, all == 0 ? 100 : done * 100 / all,
            ms == 0 ? 0 : l->totals.readings * 1000 / (uint64_t)ms, l->totals.resent,
            is_terminal && !is_last ? "" : "\n");
}

/* True while there is something to do. */
static bool
turn(struct replay *r)
{
    bool has_work = false;

    for (unsigned i = 0; i < r->link_count; i++)
        r->polls[i] = link_poll(r->links[i]);
    if (poll(r->polls, r->link_count, TURN_MS) < 0 && errno != EINTR)
        tool_die(EX_OSERR, "poll: %s", strerror(errno));
    r->load.now_ms = tool_mono_ms();
    for (unsigned i = 0; i < r->link_count; i++)
        link_ready(r->links[i], r->polls[i].revents);
    for (unsigned i = 0; i < r->link_count; i++)
        link_prepare(r->links[i]);
    if (r->load.ledger != NULL)
        ledger_sync(r->load.ledger);
    for (unsigned i = 0; i < r->link_count; i++) {
        link_flush(r->links[i]);
        has_work = has_work || !link_is_done(r->links[i]);
    }
    tell_progress(r, !has_work);
    return has_work;
}

static void
print_totals(const struct replay *r)
{
    const struct load_totals *t = &r->load.totals;
    int64_t ms = tool_mono_ms() - r->load.began_ms;
    int64_t shown_ms = ms == 0 ? 1 : ms;

    printf("readings %" PRIu64 "\nmessages %" PRIu64 "\nseconds %" PRId64 ".%03" PRId64
           "\nreadings a second %" PRIu64 "\nresent %" PRIu64 "\nrefused %" PRIu64
           "\nquarantined readings %" PRIu64 "\nlost connections %" PRIu64 "\n",
           t->readings, t->messages, ms / 1000, ms % 1000,
           t->readings * 1000 / (uint64_t)shown_ms, t->resent, t->refused, t->quarantined,
           t->lost_connections);
    if (r->load.done_at_start > 0)
        printf("acknowledged before, by the ledger %" PRIu64 "\n", r->load.done_at_start);
    if (t->refused > 0)
        printf("first refusal: %s\n", t->first_refusal);
    fflush(stdout);
}

static void
finish(struct replay *r)
{
    if (r->load.ledger != NULL)
        ledger_close(r->load.ledger);
    for (unsigned i = 0; i < r->link_count; i++)
        link_free(r->links[i]);
    free(r->links);
    free(r->polls);
    free(r->fates);
    free(r->load.pool);
    free(r->load.is_done);
    free(r->load.was_sent);
    plan_free(&r->plan);
}

int
replay_run(const struct replay_options *o)
{
    struct replay r = {.options = o};
    int64_t patience_ms = (int64_t)o->patience_s * 1000;
    int code = EX_OK;

    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    start(&r);
    while (turn(&r) && code == EX_OK) {
        if (is_stopped)
            code = EX_TEMPFAIL;
        /* With a pace there may be nothing to answer for a while. */
        if (r.load.now_ms - r.load.last_answer_ms > patience_ms && load_may_send(&r.load))
            code = EX_UNAVAILABLE;
    }
    print_totals(&r);
    if (code == EX_TEMPFAIL)
        fprintf(stderr, "meterload: stopped before everything was acknowledged\n");
    if (code == EX_UNAVAILABLE)
        fprintf(stderr, "meterload: no answer for %u s: is meterd running? see its log\n",
                o->patience_s);
    if (code == EX_OK && r.load.totals.refused > 0)
        code = 1;
    finish(&r);
    return code;
}
