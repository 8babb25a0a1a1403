/* Plays the part of server/net: takes output, closes what is over, calls deadlines. */
#include "tests/support/talk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/directory.h"
#include "server/base/pool.h"
#include "server/base/waker.h"
#include "tests/support/door_world.h"

#define TALKS_MAX 256

static struct config config;
static struct session_shared *shared;
static struct sessions *sessions;
static struct directory *directory;
static struct waker waker;
static struct talk *talks[TALKS_MAX];
static int64_t now_ms;
static bool is_configured;

static void
changed(void *connection)
{
    (void)connection;
}

struct config *
talk_config(void)
{
    if (!is_configured)
        door_world_config(&config);
    is_configured = true;
    return &config;
}

struct sessions *
talk_sessions(void)
{
    return sessions;
}

void
talk_start(bool is_loaded)
{
    enum status st = waker_init(&waker);
    struct session_options o = {.config = talk_config(), .waker = &waker, .changed = changed};

    assert(st == ST_OK);
    fake_log_reset();
    now_ms = 1000000;
    o.shared = shared = session_shared_new(1);
    sessions = sessions_new(&o);
    assert(sessions != NULL);
    sessions_set_now(sessions, now_ms, TALK_WALL_MS);
    if (!is_loaded)
        return;
    st = sessions_set_log(sessions, fake_log());
    assert(st == ST_OK);
    directory = door_world_directory(1, true, 1);
    sessions_set_directory(sessions, directory);
}

void
talk_swap_directory(bool has_token_a, uint32_t unregistered)
{
    struct directory *d = door_world_directory(2, has_token_a, unregistered);

    sessions_set_directory(sessions, d);
    directory_free(directory);
    directory = d;
}

void
talk_stop(void)
{
    fake_log_set_busy(false);
    fake_log_set_writable(true);
    fake_log_hold(false);
    for (unsigned i = 0; i < TALKS_MAX; i++)
        if (talks[i] != NULL)
            talk_close(talks[i]);
    talk_turn();
    talk_turn();
    assert(sessions_is_idle(sessions));
    assert(buffer_pool_used(sessions_memory(sessions)) == 0);
    sessions_free(sessions);
    session_shared_free(shared);
    directory_free(directory);
    directory = NULL;
    waker_fini(&waker);
    is_configured = false;
}

static void
collect(struct talk *t)
{
    struct buffer *out;

    if (t->session == NULL)
        return;
    out = session_output(t->session);
    t->output = realloc(t->output, t->size + out->size + 1);
    assert(t->output != NULL);
    if (out->size > 0)
        memcpy(t->output + t->size, out->at, out->size);
    t->size += out->size;
    t->output[t->size] = '\0';
    buffer_release(out, sessions_memory(sessions));
    session_set_unsent(t->session, 0);
    t->is_over = session_is_over(t->session, &t->is_reset);
    if (!t->is_over && session_due_ms(t->session) <= now_ms)
        session_deadline(t->session);
}

static void
collect_all(void)
{
    for (unsigned i = 0; i < TALKS_MAX; i++)
        if (talks[i] != NULL)
            collect(talks[i]);
}

void
talk_turn(void)
{
    for (int pass = 0; pass < 4; pass++) {
        if (sessions_log_fd(sessions) >= 0)
            sessions_take_answers(sessions);
        sessions_take_mail(sessions);
        sessions_end_turn(sessions);
        collect_all();
    }
}

void
talk_advance_ms(int64_t ms)
{
    now_ms += ms;
    sessions_set_now(sessions, now_ms, TALK_WALL_MS + (now_ms - 1000000) % 86400000);
    sessions_tick(sessions);
    talk_turn();
}

void
talk_open(struct talk *t, enum door door)
{
    unsigned i = 0;

    while (talks[i] != NULL)
        i++;
    assert(i < TALKS_MAX);
    *t = (struct talk){.output = malloc(1)};
    assert(t->output != NULL);
    t->output[0] = '\0';
    t->session = session_open(sessions, door, t);
    assert(t->session != NULL);
    talks[i] = t;
}

void
talk_say(struct talk *t, struct span bytes)
{
    if (!t->is_over && session_may_read(t->session))
        session_feed(t->session, bytes);
    talk_turn();
}

void
talk_say_text(struct talk *t, const char *text)
{
    talk_say(t, span_text(text));
}

void
talk_spell(struct talk *t, struct span bytes)
{
    /* Each byte in memory of its own: reading beyond it is seen by the sanitizer. */
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t *one = malloc(1);

        *one = bytes.at[i];
        talk_say(t, span_of(one, 1));
        free(one);
    }
}

void
talk_forget(struct talk *t)
{
    t->size = 0;
    t->output[0] = '\0';
}

void
talk_close(struct talk *t)
{
    for (unsigned i = 0; i < TALKS_MAX; i++)
        if (talks[i] == t)
            talks[i] = NULL;
    if (t->session != NULL)
        session_close(t->session);
    free(t->output);
    *t = (struct talk){0};
}
