/* The thread: libuv's callbacks note what has happened, the end of the turn (before and after libuv
 * sleeps) draws the consequences once: sessions go on, records leave, connections write. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/base/now.h"
#include "server/net/loop_parts.h"

#define TICK_MS 250
#define PASSES_MAX 16        /* of a turn's end; what is left comes with the next turn */
#define STOP_GRACE_MS 5000   /* after a drain: for the log's last answers */

void
loop_look_at_clock(struct net_loop *l)
{
    if (l->is_now_known)
        return;
    l->is_now_known = true;
    l->now_ms = now_mono_ms();
    sessions_set_now(l->sessions, l->now_ms, now_wall_ms());
}

/* --- the end of a turn ------------------------------------------------------------------------ */

static void
on_age(uv_timer_t *timer)
{
    struct net_loop *l = timer->data;

    loop_look_at_clock(l);
    l->age_due_ms = INT64_MAX; /* The end of this turn seals what is due. */
}

/* Wakes the loop when the oldest open record has to leave. */
static void
set_age_timer(struct net_loop *l)
{
    int64_t due_ms = sessions_due_ms(l->sessions);

    if (due_ms == l->age_due_ms)
        return;
    l->age_due_ms = due_ms;
    if (due_ms == INT64_MAX) {
        uv_timer_stop(&l->age);
        return;
    }
    uv_timer_start(&l->age, on_age, due_ms > l->now_ms ? (uint64_t)(due_ms - l->now_ms) : 0, 0);
}

static void
flush_dirty(struct net_loop *l)
{
    struct conn *c = l->dirty;

    l->dirty = NULL;
    while (c != NULL) {
        struct conn *next = c->next_dirty;

        c->is_dirty = false;
        conn_flush(c);
        c = next;
    }
}

static void
end_turn(struct net_loop *l)
{
    loop_look_at_clock(l);
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        sessions_end_turn(l->sessions);
        if (l->dirty == NULL)
            break;
        flush_dirty(l);
    }
    set_age_timer(l);
}

static void
on_check(uv_check_t *check)
{
    end_turn(check->data);
}

static void
on_prepare(uv_prepare_t *prepare)
{
    struct net_loop *l = prepare->data;

    end_turn(l);
    l->is_now_known = false; /* libuv sleeps next. */
}

/* --- start and stop on the thread ------------------------------------------------------------- */

static void
close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void
stop(struct net_loop *l)
{
    l->is_stopping = true;
    close_handle((uv_handle_t *)&l->tick);
    close_handle((uv_handle_t *)&l->age);
    close_handle((uv_handle_t *)&l->wake);
    close_handle((uv_handle_t *)&l->check);
    close_handle((uv_handle_t *)&l->prepare);
    if (l->has_log)
        close_handle((uv_handle_t *)&l->log);
}

static void
drain(struct net_loop *l)
{
    l->is_draining = true;
    l->drain_until_ms = l->now_ms + atomic_load(&l->drain_ms);
    for (unsigned i = 0; i < DOOR_COUNT; i++)
        listener_close(&l->listeners[i]);
    sessions_drain(l->sessions);
}

static void
go_on_draining(struct net_loop *l)
{
    struct conn *c;
    struct conn *next;

    if (l->now_ms >= l->drain_until_ms)
        for (c = l->conns; c != NULL; c = next) {
            next = c->next;
            conn_close(c);
        }
    if (l->conns == NULL && !l->is_stopping &&
        (sessions_is_idle(l->sessions) || l->now_ms >= l->drain_until_ms + STOP_GRACE_MS))
        stop(l);
}

/* --- timers and mail -------------------------------------------------------------------------- */

static void
on_tick(uv_timer_t *timer)
{
    struct net_loop *l = timer->data;
    struct deadline *d;

    loop_look_at_clock(l);
    while ((d = deadline_pop(&l->wheel, l->now_ms)) != NULL)
        conn_deadline((struct conn *)((char *)d - offsetof(struct conn, deadline)));
    sessions_tick(l->sessions);
    /* Who could not read for want of memory may be able to by now. */
    if (l->starved_count > 0)
        for (struct conn *c = l->conns; c != NULL; c = c->next)
            if (c->is_starved)
                conn_changed(c);
    if (l->is_draining)
        go_on_draining(l);
}

static void
on_log(uv_poll_t *poll, int status, int events)
{
    struct net_loop *l = poll->data;

    (void)status;
    (void)events;
    loop_look_at_clock(l);
    sessions_take_answers(l->sessions);
}

static void
take_directory(struct net_loop *l, const struct directory *d)
{
    const struct directory *before = l->directory;
    int e;

    if (!l->has_log) {
        if (sessions_set_log(l->sessions, l->begin_log) != ST_OK)
            abort(); /* Start only: the configured memory is not there. */
        e = uv_poll_init(&l->uv, &l->log, sessions_log_fd(l->sessions));
        assert(e == 0);
        l->log.data = l;
        e = uv_poll_start(&l->log, UV_READABLE, on_log);
        assert(e == 0);
        l->has_log = true;
    }
    sessions_set_directory(l->sessions, d);
    l->directory = d;
    if (before == NULL)
        return;
    /* Pointers only lose their const on the way back to whoever made them. */
    if (!mailbox_post(l->o.used_directories, (void *)(uintptr_t)before))
        abort(); /* Two are never under way. */
}

static void
take_mail(struct net_loop *l)
{
    const struct directory *d;

    while ((d = mailbox_take(&l->directories)) != NULL)
        take_directory(l, d);
    sessions_take_mail(l->sessions);
    if (atomic_load(&l->drain_ms) != 0 && !l->is_draining)
        drain(l);
}

static void
on_wake(uv_poll_t *poll, int status, int events)
{
    struct net_loop *l = poll->data;

    (void)status;
    (void)events;
    loop_look_at_clock(l);
    waker_drain(&l->waker);
    take_mail(l);
    waker_prepare(&l->waker);
    take_mail(l); /* What came before the waker was armed again. */
}

static enum status
run(void *context)
{
    struct net_loop *l = context;

    /* Mail may have come before the waker was armed. */
    waker_prepare(&l->waker);
    loop_look_at_clock(l);
    take_mail(l);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    return ST_OK;
}

/* --- main thread ------------------------------------------------------------------------------ */

static void
init_handles(struct net_loop *l)
{
    int e = uv_loop_init(&l->uv);

    e |= uv_timer_init(&l->uv, &l->tick);
    e |= uv_timer_init(&l->uv, &l->age);
    e |= uv_check_init(&l->uv, &l->check);
    e |= uv_prepare_init(&l->uv, &l->prepare);
    e |= uv_poll_init(&l->uv, &l->wake, waker_fd(&l->waker));
    l->tick.data = l->age.data = l->check.data = l->prepare.data = l->wake.data = l;
    e |= uv_timer_start(&l->tick, on_tick, TICK_MS, TICK_MS);
    e |= uv_check_start(&l->check, on_check);
    e |= uv_prepare_start(&l->prepare, on_prepare);
    e |= uv_poll_start(&l->wake, UV_READABLE, on_wake);
    if (e != 0)
        abort(); /* Start only: the system has no descriptors left. */
}

static enum status
open_doors(struct net_loop *l, char why[WHY_SIZE])
{
    const struct config *c = l->o.config;
    const struct net_loop *first = l->o.first;
    const struct address *http = first != NULL ? &first->listeners[DOOR_HTTP].address
                                               : &c->http.listen;
    const struct address *mqtt = first != NULL ? &first->listeners[DOOR_MQTT].address
                                               : &c->mqtt.listen;
    enum status st = listener_open(&l->listeners[DOOR_HTTP], l, DOOR_HTTP, http, why);

    if (st == ST_OK)
        st = listener_open(&l->listeners[DOOR_MQTT], l, DOOR_MQTT, mqtt, why);
    listener_bound_doors(l);
    return st;
}

static void
free_loop(struct net_loop *l)
{
    int e = uv_loop_close(&l->uv);

    assert(e == 0);
    if (sessions_is_idle(l->sessions))
        sessions_free(l->sessions);
    else
        log_line(LOG_WARN, "event=log_unanswered loop=%u", l->o.index);
    mailbox_fini(&l->directories);
    waker_fini(&l->waker);
    free(l->read_buffer);
    free(l);
}

struct net_loop *
net_loop_start(const struct net_loop_options *o, char why[WHY_SIZE])
{
    struct net_loop *l = calloc(1, sizeof *l);
    struct session_options so = {
        .config = o->config, .shared = o->shared, .loop = o->index, .changed = conn_changed};
    char name[THREAD_NAME_SIZE];

    if (l == NULL || (l->read_buffer = malloc(READ_SIZE_MAX)) == NULL ||
        waker_init(&l->waker) != ST_OK ||
        mailbox_init(&l->directories, 4, &l->waker) != ST_OK)
        abort(); /* Start only. */
    l->o = *o;
    so.waker = &l->waker;
    l->sessions = sessions_new(&so);
    if (l->sessions == NULL)
        abort();
    l->memory = sessions_memory(l->sessions);
    l->age_due_ms = INT64_MAX;
    deadline_wheel_init(&l->wheel, now_mono_ms());
    if (o->index == 0)
        listener_raise_limits(o->config);
    init_handles(l);
    (void)snprintf(name, sizeof name, "ingest-%u", o->index);
    if (open_doors(l, why) == ST_OK) {
        if (thread_start(&l->thread, name, run, l) == ST_OK)
            return l;
        (void)snprintf(why, WHY_SIZE, "no thread for ingest loop %u", o->index);
    }
    for (unsigned i = 0; i < DOOR_COUNT; i++)
        listener_close(&l->listeners[i]);
    stop(l);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    free_loop(l);
    return NULL;
}

void
net_loop_begin(struct net_loop *l, struct log *log, const struct directory *d)
{
    l->begin_log = log; /* Visible to the loop with the directory: the mailbox orders them. */
    net_loop_post_directory(l, d);
}

void
net_loop_post_directory(struct net_loop *l, const struct directory *d)
{
    if (!mailbox_post(&l->directories, (void *)(uintptr_t)d))
        abort(); /* Two are never under way. */
}

void
net_loop_drain(struct net_loop *l, int64_t drain_ms)
{
    atomic_store(&l->drain_ms, drain_ms > 0 ? drain_ms : 1);
    waker_wake(&l->waker);
}

void
net_loop_join(struct net_loop *l)
{
    if (l == NULL)
        return;
    thread_join(&l->thread);
    free_loop(l);
}

struct address
net_loop_http_address(const struct net_loop *l)
{
    return l->listeners[DOOR_HTTP].address;
}

struct address
net_loop_mqtt_address(const struct net_loop *l)
{
    return l->listeners[DOOR_MQTT].address;
}
