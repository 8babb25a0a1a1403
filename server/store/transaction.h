/* What one commit says to the database: plain rows, no SQL. Built by rollup/commit, written by
 * store/writer in one transaction (design 4). Owned by exactly one side at a time: the aggregator
 * fills it, hands the pointer over, and gets it back with its fate. All memory is in growable
 * arrays that keep their capacity from commit to commit.
 *
 * Units: int64 ms UTC, micro-units; days are civil days since 1970-01-01. */
#ifndef METERD_STORE_TRANSACTION_H
#define METERD_STORE_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "server/base/bounds.h"

/* One partition's part. seq and epoch are what the row must stand at (fence). */
struct tx_part {
    uint32_t partition;
    int64_t commit_seq;
    int64_t owner_epoch;
    int64_t next_offset;
    int64_t replay_offset;
    int64_t complete_until_ms;
    int64_t revision;
};

/* Sorted by (owner, item, slot); all-zero rows left out. owner: enterprise or area number. For the
 * day tables slot_ms is the start of the civil day. changed_at_ms is a maximum, the rest adds. */
struct tx_rollup {
    uint32_t owner;
    uint32_t item;
    int64_t slot_ms;
    __int128 quantity;
    __int128 estimated;
    int64_t readings;
    int64_t late;
    int64_t suspect;
    int64_t changed_at_ms;
};

/* Sorted by (enterprise, day). */
struct tx_arrivals {
    uint32_t enterprise;
    int32_t day;
    int64_t received, counted, superseding, repeated, quarantined, late, suspect, unregistered;
};

/* The fold state columns shared by point_state, reading_segment and refold_work. */
struct tx_state {
    bool has_a;
    uint8_t held_count;
    int64_t a_t_ms, a_value;
    int64_t held_t_ms[HELD_MAX], held_value[HELD_MAX];
};

struct tx_point { /* upsert into point_state; sorted by point */
    uint32_t point;
    uint32_t partition;
    int64_t applied_offset;
    int64_t revision;
    int32_t fold_version;
    bool has_last_t; /* false: no reading yet */
    int64_t last_t_ms;
    struct tx_state state;
};

struct tx_segment { /* upsert into reading_segment by (point, first_t); 1..64 readings */
    uint32_t point;
    int32_t count;
    int64_t first_t_ms;
    int64_t last_t_ms;
    struct tx_state before;
    int32_t offset_ms[SEGMENT_READINGS_MAX]; /* t - first_t */
    int64_t value[SEGMENT_READINGS_MAX];
    int64_t received_at_ms[SEGMENT_READINGS_MAX];
    uint8_t quality[SEGMENT_READINGS_MAX];
    bool all_good;
};

struct tx_segment_key { /* delete from reading_segment, before the upserts */
    uint32_t point;
    int64_t first_t_ms;
};

struct tx_inbox { /* insert into reading_inbox */
    uint32_t partition;
    uint32_t point;
    int64_t log_offset;
    int32_t idx; /* place within the record */
    int64_t t_ms, value, received_at_ms;
    uint8_t quality;
};

struct tx_inbox_key { /* delete from reading_inbox */
    uint32_t partition;
    uint32_t point;
    int64_t log_offset;
    int32_t idx;
};

struct tx_superseded {
    uint32_t point;
    int64_t t_ms, value, received_at_ms, replaced_at_ms;
    uint8_t quality;
};

/* Texts point into the transaction's text arena. point_name empty: not known. */
struct tx_quarantine {
    uint32_t enterprise;
    uint32_t gateway; /* 0: unknown */
    int64_t received_at_ms;
    struct span point_name, t_text, value_text, code, detail;
};

#define TX_ARRAY(type)                                                                             \
    struct {                                                                                       \
        struct type *at;                                                                           \
        uint32_t count, capacity;                                                                  \
    }

enum tx_fate {
    TX_PENDING,
    TX_DONE,    /* in the database, once */
    TX_DROPPED, /* fenced: see part_dropped; nothing of it is in the database by us */
};

struct transaction {
    TX_ARRAY(tx_part) parts;
    TX_ARRAY(tx_rollup) enterprise_slots;
    TX_ARRAY(tx_rollup) enterprise_days;
    TX_ARRAY(tx_rollup) area_slots;
    TX_ARRAY(tx_rollup) area_days;
    TX_ARRAY(tx_arrivals) arrivals;
    TX_ARRAY(tx_point) points;
    TX_ARRAY(tx_segment_key) segment_deletes;
    TX_ARRAY(tx_segment) segments;
    TX_ARRAY(tx_inbox_key) inbox_deletes;
    TX_ARRAY(tx_inbox) inbox_inserts;
    TX_ARRAY(tx_superseded) superseded;
    TX_ARRAY(tx_quarantine) quarantine;
    struct {
        uint8_t *at;
        uint32_t size, capacity;
    } text; /* arena of the quarantine's texts; spans are fixed up on growth by using offsets:
             * until tx_seal, span.at holds an offset into the arena */
    uint32_t aggregator; /* who made it */
    enum tx_fate fate;
};

struct transaction *transaction_new(void);
void transaction_free(struct transaction *tx);
/* Empty again, capacity kept. */
void transaction_clear(struct transaction *tx);
/* One more element, zeroed; the array grows by doubling. Aborts when out of memory. */
#define TX_APPEND(array)                                                                           \
    (((array)->count == (array)->capacity)                                                         \
         ? (tx_grow((void **)&(array)->at, &(array)->capacity, sizeof *(array)->at), (void)0)      \
         : (void)0,                                                                                \
     memset(&(array)->at[(array)->count], 0, sizeof *(array)->at),                                 \
     &(array)->at[(array)->count++])
void tx_grow(void **at, uint32_t *capacity, size_t item_size);
/* Copies text into the arena; the span returned becomes valid with transaction_seal. */
struct span transaction_text(struct transaction *tx, struct span text);
/* Sorts what must be sorted and makes the text spans valid. Before hand-over. */
void transaction_seal(struct transaction *tx);
/* Bytes held, for memory bounds. */
uint64_t transaction_bytes(const struct transaction *tx);

#endif
