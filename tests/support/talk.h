/* A conversation without a socket: feeds a session, collects what it says. Time stands where the
 * test puts it; the log is fake_log. One set of sessions at a time. */
#ifndef METERD_TESTS_SUPPORT_TALK_H
#define METERD_TESTS_SUPPORT_TALK_H

#include <stdbool.h>

#include "server/base/config.h"
#include "server/session/session.h"
#include "tests/support/fake_log.h"

#define TALK_WALL_MS INT64_C(1772323200000) /* 2026-03-01T00:00:00Z */

struct talk {
    struct session *session;
    bool is_over; /* the connection would be closed by now */
    bool is_reset;
    size_t size;
    uint8_t *output; /* ended by NUL */
};

/* Sessions with the registry of door_world; without is_loaded: no log and no directory. */
void talk_start(bool is_loaded);
void talk_stop(void);
struct config *talk_config(void); /* change it before talk_start */
struct sessions *talk_sessions(void);
/* Another revision; without token-a when has_token_a is false. */
void talk_swap_directory(bool has_token_a, uint32_t unregistered);

void talk_open(struct talk *t, enum door door);
/* Everything at once, and the end of the turn. */
void talk_say(struct talk *t, struct span bytes);
void talk_say_text(struct talk *t, const char *text);
/* One byte, one turn. */
void talk_spell(struct talk *t, struct span bytes);
/* A turn of the loop ends: answers come in, records leave. */
void talk_turn(void);
void talk_advance_ms(int64_t ms);
/* Takes what it has said so far away from t->output. */
void talk_forget(struct talk *t);
void talk_close(struct talk *t);

#endif
