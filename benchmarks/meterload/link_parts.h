/* What the files of a connection share: link.c connects and sends, link_answers.c reads. */
#ifndef METERD_BENCHMARKS_METERLOAD_LINK_PARTS_H
#define METERD_BENCHMARKS_METERLOAD_LINK_PARTS_H

#include "benchmarks/meterload/link.h"

#define BACKOFF_MS_MIN 50

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_OPEN };

struct under_way {
    uint32_t message;
    uint16_t packet_id;
};

struct link {
    struct load *load;
    enum door door;
    uint32_t number;
    enum link_state state;
    int fd;
    uint32_t gateway;  /* FLEET_NONE: none */
    uint32_t next;     /* message of its that was never sent */
    struct under_way window[IN_FLIGHT_MAX];
    unsigned window_count, window_max;
    uint32_t again[IN_FLIGHT_MAX]; /* to be sent once more, ascending */
    unsigned again_count;
    uint16_t packet_id;
    int64_t wait_until_ms, heard_ms, sent_ms;
    int64_t backoff_ms;
    struct bytes in, out, body;
};

/* Puts a message back in line. */
void link_put_again(struct link *l, uint32_t message);
/* The connection is over: what was under way is to be sent again, after a wait. */
void link_lose(struct link *l);
void link_read_answers(struct link *l);

#endif
