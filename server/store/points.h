/* Point states, segments, inbox, superseded and refused readings as rows: out in statements queued
 * on a connection, in from results. Owner: the thread of the connection. p is scratch. */
#ifndef METERD_STORE_POINTS_H
#define METERD_STORE_POINTS_H

#include <stdint.h>

#include "server/store/db.h"
#include "server/store/params.h"
#include "server/store/transaction.h"

enum db_class points_send_states(struct db *db, struct params *p, const struct tx_point *rows,
                                 uint32_t count) MUST_USE;
enum db_class points_send_segment_deletes(struct db *db, struct params *p,
                                          const struct tx_segment_key *rows,
                                          uint32_t count) MUST_USE;
enum db_class points_send_segments(struct db *db, struct params *p, const struct tx_segment *rows,
                                   uint32_t count) MUST_USE;
enum db_class points_send_inbox_deletes(struct db *db, struct params *p,
                                        const struct tx_inbox_key *rows, uint32_t count) MUST_USE;
enum db_class points_send_inbox(struct db *db, struct params *p, const struct tx_inbox *rows,
                                uint32_t count) MUST_USE;
enum db_class points_send_superseded(struct db *db, struct params *p,
                                     const struct tx_superseded *rows, uint32_t count) MUST_USE;
enum db_class points_send_quarantine(struct db *db, struct params *p,
                                     const struct tx_quarantine *rows, uint32_t count) MUST_USE;

/* Columns to select, in the order the readers below expect. */
#define POINTS_STATE_COLUMNS                                                                       \
    "point, part, applied_offset, revision, fold_version, last_t, a_t, a_v, held_t, held_v"
#define POINTS_SEGMENT_COLUMNS                                                                     \
    "point, first_t, last_t, offset_ms, value, received, quality, a_t, a_v, held_t, held_v"
#define POINTS_INBOX_COLUMNS "part, point, log_offset, idx, t, value, quality, received"

void points_read_state(const PGresult *res, int row, struct tx_point *out);
void points_read_segment(const PGresult *res, int row, struct tx_segment *out);
void points_read_inbox(const PGresult *res, int row, struct tx_inbox *out);

#endif
