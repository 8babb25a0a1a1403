/* The pager: a thread with one PostgreSQL connection that answers aggregators' questions: claims,
 * numbers of new names, segments, inbox rows. Requests are retried until the database answers; a
 * request and its answer are one struct that travels there and back, owned by one side at a time. */
#ifndef METERD_STORE_PAGER_H
#define METERD_STORE_PAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/base/mailbox.h"
#include "server/store/transaction.h"

struct pager;

enum page_kind {
    PAGE_CLAIM,    /* in: partition. out: claim, points, inbox_points */
    PAGE_INTERN,   /* in: enterprise, names. out: numbers, in the same order */
    PAGE_READINGS, /* in: point, from_t_ms. out: segments in order of first_t, from the last one with
                    * first_t <= from_t_ms (from the very first when there is none such) to the end;
                    * TIME_MIN: all. So: out empty, or out[0].first_t > from_t_ms: nothing is before */
    PAGE_INBOX,    /* in: partition, point. out: inbox rows in log order */
    PAGE_REVISION, /* out: newest revision */
};

struct page_claim {
    int64_t owner_epoch, commit_seq, next_offset, replay_offset, complete_until_ms, revision;
};

struct page_inbox_point { /* a point with rows in the inbox */
    uint32_t point;
    uint32_t count;
    int64_t t_max_ms;
};

struct page_request {
    enum page_kind kind;
    uint32_t aggregator;
    uint32_t partition;
    uint32_t point;
    uint32_t enterprise;
    int64_t from_t_ms;
    int64_t revision;
    struct page_claim claim;
    TX_ARRAY(tx_point) points;
    TX_ARRAY(page_inbox_point) inbox_points;
    TX_ARRAY(tx_segment) segments;
    TX_ARRAY(tx_inbox) inbox;
    TX_ARRAY(page_name) names;
    struct {
        uint8_t *at;
        uint32_t size, capacity;
    } text; /* names' bytes */
    void *owner; /* the asker's own */
};

struct page_name {
    uint32_t text_at, text_size; /* in: place in text */
    uint32_t number;             /* out */
};

struct page_request *page_request_new(enum page_kind kind);
void page_request_free(struct page_request *r);
/* Adds a name to ask for; its bytes are copied. */
void page_request_add_name(struct page_request *r, struct span name);

struct pager_options {
    const char *conninfo;
    const char *topic;
    uint32_t aggregators;
    struct mailbox **done; /* per aggregator */
};

struct pager *pager_start(const struct pager_options *o);
/* Thread: that aggregator's. False: too many questions under way (PAGER_REQUESTS_MAX), ask later. */
bool pager_ask(struct pager *p, struct page_request *r) MUST_USE;
bool pager_database_ok(const struct pager *p);
/* At once; questions not answered yet are freed. */
void pager_stop(struct pager *p);

#endif
