/* A database with a small registry, SQL at hand, a writer whose answers can be waited for, and
 * transactions with something in them. */
#ifndef METERD_TESTS_STORE_FIXTURE_H
#define METERD_TESTS_STORE_FIXTURE_H

#include <check.h>
#include <stdint.h>

#include "server/base/mailbox.h"
#include "server/store/pager.h"
#include "server/store/writer.h"

#define SLOT_MS      900000LL
#define DAY_START_MS 1772294400000LL /* 2026-03-01 00:00 at UTC+8 */
#define TOPIC        "local"

/* A new database with a registry of one park: areas 1 province, 2 prefecture, 3 no park, 4 park;
 * item 1; enterprises 1 and 2. */
void fixture_database(char conninfo[256]);
/* Runs statements; a failure fails the test. */
void fixture_sql(const char *conninfo, const char *sql);
/* The one integer a query gives; -1 when it is null. */
int64_t fixture_i64(const char *conninfo, const char *sql);
/* The one text a query gives, in a static buffer. */
const char *fixture_text(const char *conninfo, const char *sql);

/* Where a thread under test puts what is done. */
struct receiver {
    struct waker waker;
    struct mailbox mailbox;
    struct mailbox *mailboxes[1];
};
void receiver_init(struct receiver *r);
void receiver_fini(struct receiver *r);
/* The next message, or NULL after timeout_ms. */
void *receiver_wait(struct receiver *r, int timeout_ms);

struct writer *fixture_writer(const char *conninfo, struct receiver *r);
struct pager *fixture_pager(const char *conninfo, struct receiver *r);
/* Hands over and waits. */
enum tx_fate fixture_commit(struct writer *w, struct receiver *r, struct transaction *tx);
/* Asks and waits. */
void fixture_ask(struct pager *p, struct receiver *r, struct page_request *q);

/* A transaction with one part; next_offset is seq + 1. */
struct transaction *fixture_transaction(uint32_t partition, int64_t seq, int64_t epoch);
/* Adds quantity to a slot and day of enterprise 1 and area 4, and one arrival. */
void fixture_add(struct transaction *tx, int64_t slot, int64_t quantity);
/* A segment of count readings from first_t_ms on, a minute apart; a pattern made from seed. */
void fixture_add_segment(struct transaction *tx, uint32_t point, int64_t first_t_ms, int32_t count,
                         uint32_t seed);

/* Runs the suite with a cluster. */
int fixture_main(Suite *s);

#endif
