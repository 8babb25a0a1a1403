/* The two clocks. Only code that has no time as a parameter may ask: the outer loops do, and hand
 * the answer on, so that a test can stand at any moment. Any thread. */
#ifndef METERD_BASE_NOW_H
#define METERD_BASE_NOW_H

#include <stdint.h>

/* CLOCK_MONOTONIC: for ages and deadlines; unaffected by setting the system's clock. */
int64_t now_mono_ms(void);
int64_t now_mono_us(void);

/* UTC, ms since 1970, never less than an earlier answer to any thread of this process: after the
 * system's clock is set back it stands still until it is caught up. */
int64_t now_wall_ms(void);

#endif
