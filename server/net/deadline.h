/* Absolute deadlines of many connections: a wheel of coarse slots. Setting one is constant time,
 * and in the usual case that it only moves later, touches nothing but the deadline itself. One
 * passes up to two slots late, never early. Thread: the loop that owns the wheel. */
#ifndef METERD_NET_DEADLINE_H
#define METERD_NET_DEADLINE_H

#include <stdint.h>

#define DEADLINE_SLOT_MS 256
#define DEADLINE_SLOTS 512
#define DEADLINE_NEVER INT64_MAX

/* Embedded; all zero: not set. */
struct deadline {
    struct deadline *next;
    struct deadline **link; /* what points here; NULL: in no slot */
    int64_t due_ms;
    int64_t tick; /* of the slot it is in: not after due_ms */
};

struct deadline_wheel {
    int64_t tick; /* the next slot to be looked at */
    struct deadline *slots[DEADLINE_SLOTS];
};

void deadline_wheel_init(struct deadline_wheel *w, int64_t now_ms);
/* due_ms: monotonic, or DEADLINE_NEVER. */
void deadline_set(struct deadline_wheel *w, struct deadline *d, int64_t due_ms);
void deadline_cancel(struct deadline *d);
/* One that has passed; it is no longer set. NULL: no more of them at now_ms. */
struct deadline *deadline_pop(struct deadline_wheel *w, int64_t now_ms);

#endif
