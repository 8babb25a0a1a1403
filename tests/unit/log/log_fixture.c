/* Steps shared by the tests of the local log. */
#include "tests/unit/log/log_fixture.h"

#include <check.h>
#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/base/now.h"

char fixture_path[64];
struct log_local_options fixture_options;

static char parent[48];

void
fixture_setup(void)
{
    strcpy(parent, "/tmp/meterd-log-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(parent));
    snprintf(fixture_path, sizeof fixture_path, "%s/log", parent);
    fixture_options = (struct log_local_options){
        .path = fixture_path,
        .size_bytes = FIXTURE_SIZE,
        .keep_ms = 3600 * 1000,
        .partitions = FIXTURE_PARTITIONS,
        .deployment_uuid = {1, 2, 3},
    };
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void
fixture_teardown(void)
{
    nftw(parent, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

enum status
fixture_try(struct log **out)
{
    char why[256] = "";

    return log_local_open(&fixture_options, out, why);
}

struct log *
fixture_open(void)
{
    struct log *l = NULL;
    char why[256] = "";
    enum status st = log_local_open(&fixture_options, &l, why);

    ck_assert_msg(st == ST_OK, "open: %s", why);
    return l;
}

struct log_record *
record_new(uint32_t partition, uint32_t number, uint32_t size)
{
    struct log_record *r = calloc(1, sizeof *r);

    if (r == NULL || size < 8 || (r->bytes = malloc(size)) == NULL)
        abort();
    r->partition = partition;
    r->size = size;
    memset(r->bytes, (int)(number & 0xff), size);
    memcpy(r->bytes, &partition, 4);
    memcpy(r->bytes + 4, &number, 4);
    return r;
}

void
record_free(struct log_record *r)
{
    free(r->bytes);
    free(r);
}

uint32_t
record_number(struct span bytes)
{
    uint32_t number, wrong = 0;

    ck_assert(bytes.size >= 8);
    memcpy(&number, bytes.at + 4, 4);
    for (size_t i = 8; i < bytes.size; i++)
        wrong += bytes.at[i] != (number & 0xff); /* ck_assert is slow, and there are many bytes. */
    ck_assert_uint_eq(wrong, 0);
    return number;
}

struct log_record *
await_answer(struct log_producer *p, int timeout_ms)
{
    int64_t until_ms = now_mono_ms() + timeout_ms;
    struct log_record *r;

    while ((r = log_producer_take(p)) == NULL) {
        struct pollfd fd = {.fd = log_producer_fd(p), .events = POLLIN};
        int64_t left_ms = until_ms - now_mono_ms();

        if (left_ms <= 0 || poll(&fd, 1, (int)left_ms) == 0)
            return log_producer_take(p);
        log_producer_drain(p);
    }
    return r;
}

enum status
append_one(struct log_producer *p, uint32_t partition, uint32_t number, uint32_t size,
           int64_t *offset)
{
    struct log_record *r = record_new(partition, number, size), *back;
    enum status st = log_append(p, r);

    ck_assert_int_eq(st, ST_OK);
    back = await_answer(p, 20000);
    ck_assert_ptr_eq(back, r);
    st = r->result;
    *offset = r->offset;
    record_free(r);
    return st;
}

static void
take_durable(struct log_producer *p)
{
    struct log_record *r = await_answer(p, 20000);

    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(r->result, ST_OK);
    record_free(r);
}

void
append_many(struct log_producer *p, uint32_t partition, uint32_t from, uint32_t count,
            uint32_t size)
{
    uint32_t under_way = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct log_record *r = record_new(partition, from + i, size);

        if (under_way == 256) {
            take_durable(p);
            under_way--;
        }
        ck_assert_int_eq(log_append(p, r), ST_OK);
        under_way++;
    }
    for (; under_way > 0; under_way--)
        take_durable(p);
}

struct log_consumer *
consumer_assigned(struct log *l)
{
    struct log_consumer *c = log_consumer_new(l);
    struct log_event e;

    for (uint32_t p = 0; p < fixture_options.partitions; p++) {
        log_consumer_poll(c, 0, &e);
        ck_assert_int_eq(e.kind, LOG_ASSIGNED);
        ck_assert_uint_eq(e.partition, p);
    }
    return c;
}

void
expect_record(struct log_consumer *c, uint32_t partition, int64_t offset, uint32_t number)
{
    struct log_event e;

    log_consumer_poll(c, 5000, &e);
    ck_assert_msg(e.kind == LOG_RECORD, "kind %d %s", (int)e.kind, e.why ? e.why : "");
    ck_assert_uint_eq(e.partition, partition);
    ck_assert_int_eq(e.offset, offset);
    ck_assert_uint_eq(record_number(e.bytes), number);
}

void
expect_nothing(struct log_consumer *c)
{
    struct log_event e;

    log_consumer_poll(c, 0, &e);
    ck_assert_int_eq(e.kind, LOG_NOTHING);
}
