/* Both session targets: a conversation fed in pieces that the input chooses. The first byte picks
 * how long the pieces are; now and then the log holds its answers. What must hold: nothing
 * crashes, memory stays in its budget and comes back, time always ends the conversation. */
#ifndef METERD_TESTS_FUZZ_SESSION_FUZZ_H
#define METERD_TESTS_FUZZ_SESSION_FUZZ_H

#include <assert.h>

#include "server/base/pool.h"
#include "tests/support/talk.h"

static inline void
session_fuzz_run(enum door door, const uint8_t *data, size_t size, struct span greeting)
{
    static struct talk t;
    static bool is_started; /* Once: it takes long. */
    size_t step;
    unsigned turn = 0;

    if (size == 0)
        return;
    step = data[0] % 64 + 1;
    if (!is_started)
        talk_start(true);
    is_started = true;
    talk_open(&t, door);
    if (greeting.size > 0 && (data[0] & 0x80) != 0)
        talk_say(&t, greeting);
    for (size_t i = 1; i < size && !t.is_over; i += step) {
        if (data[0] & 0x40)
            fake_log_hold(++turn % 3 == 0);
        talk_say(&t, span_of(data + i, size - i < step ? size - i : step));
        talk_forget(&t);
    }
    fake_log_hold(false);
    for (int i = 0; i < 4; i++)
        talk_advance_ms(1300000);
    assert(t.is_over);
    talk_close(&t);
    talk_turn();
    assert(sessions_is_idle(talk_sessions()));
    assert(buffer_pool_used(sessions_memory(talk_sessions())) == 0);
    fake_log_reset();
}

#endif
