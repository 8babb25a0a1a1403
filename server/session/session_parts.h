/* What the files of server/session share about a conversation. Not for other folders. */
#ifndef METERD_SESSION_SESSION_PARTS_H
#define METERD_SESSION_SESSION_PARTS_H

#include <llhttp/llhttp.h>

#include "proto/mqtt_packet.h"
#include "server/ingest/ack.h"
#include "server/ingest/batcher.h"
#include "server/ingest/intake.h"
#include "server/ingest/quota.h"
#include "server/session/auth.h"
#include "server/session/session.h"
#include "server/session/takeover.h"

struct pool;
struct table;

enum session_state {
#define TO(name) 0
#define STATE(name, targets) SESSION_##name,
#include "server/session/session_states.def"
#undef STATE
#undef TO
    SESSION_STATE_COUNT
};

/* Why a session takes nothing at the moment, and so who lets it go on. */
enum stall {
    STALL_NONE,
    STALL_LOG,    /* no room for a message: the end of a turn, in order of arrival */
    STALL_ANSWER, /* earlier answers must leave first, or too many are waited for: the answer */
    STALL_UNSENT, /* the peer does not read its answers: session_set_unsent */
};

enum http_phase {
    PHASE_HEAD,   /* reading a request's head, or idle */
    PHASE_BODY,   /* reading its body */
    PHASE_SUBMIT, /* the request is whole and waits to be taken or refused */
};

struct http {
    llhttp_t parser;
    struct buffer body;
    struct span in_place; /* the body, where it was read; only during one call */
    uint64_t length;      /* of a body with Content-Length */
    uint32_t body_size;   /* bytes that have come */
    uint32_t overhead;    /* bytes of chunk extensions and trailers */
    uint32_t head_seen;   /* bytes of an unfinished head already searched */
    uint8_t phase;
    uint8_t route;
    uint8_t refusal;      /* enum status: what is wrong with the request; ST_OK: nothing yet */
    bool keep_alive;
    bool is_skipped;      /* refused already: its body is only read over */
    bool is_trailing;     /* behind the last chunk */
    const char *error_text; /* static */
    uint32_t error_offset;
};

struct mqtt {
    uint32_t need; /* bytes that must be there before it is worth looking */
    uint32_t client_packet_max;
    uint32_t keep_alive_ms;
    uint8_t level;
    bool problem_info;
    uint64_t client; /* hash of gateway and client id; 0: has none to be taken over */
    uint64_t number;
};

/* A message and its answer, from when it is taken until the answer is in the output. */
struct reply {
    struct waiter waiter; /* first: what comes back is a struct waiter * */
    struct session *session; /* NULL: the connection is gone */
    struct reply *next;
    const char *detail;      /* static; of a refused MQTT message */
    uint16_t packet_id;
    uint8_t qos;
    uint8_t reason;
    bool is_old_http;        /* HTTP/1.0 */
    bool keep_alive;         /* HTTP: the connection stays afterwards */
};

enum session_queue { QUEUE_NONE, QUEUE_READY, QUEUE_STALLED };

struct session {
    struct sessions *all;
    void *connection;
    struct session *previous; /* among all */
    struct session *next;
    struct session *queue_previous;
    struct session *queue_next;
    uint8_t door;
    uint8_t state;
    uint8_t stall;
    uint8_t queue;
    bool is_reset;        /* close at once */
    bool is_input_ended;
    bool is_leaving;      /* goes when its answers are out (drain) */
    uint16_t in_flight;   /* replies in the list below */
    uint32_t in_done;     /* bytes at the front of in that are dealt with */
    uint32_t unsent;      /* bytes the connection has taken and not sent */
    uint32_t long_unsent; /* bytes of long answers since the output was last empty */
    int64_t since_ms;     /* what the deadline counts from */
    int64_t stalled_at_ms;
    struct buffer in;     /* bytes that do not make a whole yet, or have to wait */
    struct buffer out;
    struct reply *first;  /* messages under way, in their order */
    struct reply *last;
    struct reply *taking; /* got for the message that is being taken, not in the list yet */
    struct identity who;
    union {
        struct http http;
        struct mqtt mqtt;
    };
};

struct session_list {
    struct session *first;
    struct session *last;
};

struct sessions {
    struct session_options o;
    struct batcher *batcher; /* NULL: there is no log yet */
    struct intake *intake;
    struct buffer_pool *memory;
    struct pool *replies;
    struct auth *auth;
    struct table *clients; /* MQTT sessions by client */
    const struct directory *directory;
    struct session *first;
    struct session_list ready;
    struct session_list stalled;
    int64_t now_ms;
    int64_t wall_ms;
    int64_t date_s; /* of date_text */
    uint32_t replies_used;
    bool is_draining;
    char date_text[32]; /* RFC 9110, 5.6.7 */
};

struct session_shared {
    struct quota *quota;
    struct takeover_board *takeovers;
};

/* --- session.c -------------------------------------------------------------------------------- */

void session_move(struct session *s, enum session_state next);
/* Takes messages at this moment. */
static inline bool
session_is_taking(const struct session *s)
{
    return s->state == SESSION_OPEN || s->state == SESSION_GREETING;
}
/* Stops taking; who lets it go on depends on why. */
void session_stall(struct session *s, enum stall why);
/* Answers under way still leave, then the connection ends. */
void session_end(struct session *s);
/* Only what is in the output leaves; answers under way are forgotten. */
void session_abandon(struct session *s);
/* Nothing more leaves. */
void session_reset(struct session *s);
/* Adds to the output; with no memory left the session is reset. */
void session_put(struct session *s, struct span bytes);
/* Answers have left the list: whoever waited for that goes on at the end of the turn. */
void session_answers_left(struct session *s);
/* Its turn has come to leave (drain): when nothing of it is under way, it ends. */
void session_leave(struct session *s);
/* Log and directory are there and the log takes records. */
bool sessions_can_store(const struct sessions *all);

/* --- reply.c ---------------------------------------------------------------------------------- */

/* The reply for the message being taken, got at the first call; NULL: none is left, or the session
 * has too many under way: it is stalled. */
struct reply *reply_begin(struct session *s);
/* The message is not taken after all, or no further; nothing happens when there is none. */
void reply_cancel(struct session *s);
/* The message is taken: the reply waits its turn. */
void reply_commit(struct session *s);
/* waiter_answered of the batcher. */
void reply_answered(void *context, struct waiter *w);
/* The session is gone: its replies belong to nobody. */
void reply_orphan_all(struct session *s);
void reply_free(struct sessions *all, struct reply *r);

/* --- session_http.c, session_mqtt.c ----------------------------------------------------------- */

/* Deals with the bytes; how many it needs no more. is_stable: they stay where they are as long as
 * the session is stalled. */
size_t http_take(struct session *s, struct span bytes, bool is_stable);
size_t mqtt_take(struct session *s, struct span bytes, bool is_stable);
void http_open(struct session *s);
void mqtt_open(struct session *s);
void http_close(struct session *s);
void mqtt_close(struct session *s);
/* Writes the answer of a message that is done. */
void http_answer(struct session *s, struct reply *r);
void mqtt_answer(struct session *s, struct reply *r);
int64_t http_due_ms(const struct session *s);
int64_t mqtt_due_ms(const struct session *s);
void http_deadline(struct session *s);
void mqtt_deadline(struct session *s);
/* Nothing of a request is there and none is under way. */
bool http_is_idle(const struct session *s);
/* MQTT: a first packet, of type CONNECT. */
enum status mqtt_take_connect(struct session *s, const struct mqtt_frame *f) MUST_USE;
/* It can no longer be taken over. */
void mqtt_forget_client(struct session *s);
/* Version 5 is told why; then the connection ends. */
void mqtt_disconnect(struct session *s, enum status why);
/* Another loop has seen that client again. */
void mqtt_take_over(struct sessions *all, const struct takeover *t);

#endif
