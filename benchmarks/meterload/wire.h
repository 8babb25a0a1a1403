/* The two front doors from a gateway's side: requests written, answers read. Pure but for memory. */
#ifndef METERD_BENCHMARKS_METERLOAD_WIRE_H
#define METERD_BENCHMARKS_METERLOAD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "benchmarks/meterload/tool.h"

enum door { DOOR_HTTP, DOOR_MQTT };

#define RECEIPTS_SIZE 256
#define WHY_SIZE 200

enum answer_kind {
    ANSWER_NONE,    /* nothing that matters */
    ANSWER_READY,   /* MQTT: the connection is accepted */
    ANSWER_STORED,  /* a message is durable */
    ANSWER_LATER,   /* a message, or the connection, is to be tried again */
    ANSWER_REFUSED, /* never: sending again would not help */
};

struct answer {
    enum answer_kind kind;
    bool is_last;        /* the connection ends here */
    uint16_t packet_id;  /* MQTT; HTTP answers come in the order of their requests */
    unsigned code;       /* HTTP status, or MQTT reason */
    unsigned wait_ms;    /* with ANSWER_LATER: the peer asks for this much patience */
    unsigned in_flight;  /* with ANSWER_READY: the most messages under way */
    unsigned quarantined;
    char receipts[RECEIPTS_SIZE]; /* PARTITION:OFFSET, separated by commas */
    char why[WHY_SIZE];
};

/* Reads one answer from the front of in. Returns the bytes it took; 0: more are needed; -1: these
 * are no answer of the protocol. */
ptrdiff_t http_read_answer(struct span in, struct answer *out);
ptrdiff_t mqtt_read_answer(struct span in, struct answer *out);

/* A POST /v1/readings of body. */
void http_write_request(struct bytes *out, const char *host, const char *token, struct span body);
/* MQTT 5: CONNECT with a clean start, PUBLISH with QoS 1 to meterd/v1/readings, PINGREQ,
 * DISCONNECT. */
void mqtt_write_connect(struct bytes *out, const char *client_id, const char *user,
                        const char *password);
void mqtt_write_publish(struct bytes *out, uint16_t packet_id, struct span payload);
void mqtt_write_ping(struct bytes *out);
void mqtt_write_disconnect(struct bytes *out);

#endif
