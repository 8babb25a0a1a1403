/* The local log when there is no room, or the disk refuses: nothing is lost, nothing is
 * acknowledged that is not durable, and it goes on by itself.
 * The disk's errors are made here: this program's fdatasync and pwrite stand before libc's. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/base/now.h"
#include "tests/unit/log/log_fixture.h"

#define BIG 100000 /* bytes of a record: some 60 fill the log */

static _Atomic bool sync_fails;
static _Atomic bool meta_fails;

int fdatasync(int fd);
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at);

int
fdatasync(int fd)
{
    if (atomic_load(&sync_fails)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* LMDB's two meta pages are the first of the file: writing one is the commit itself. */
ssize_t
pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (atomic_load(&meta_fails) && at < 2 * 4096) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

static bool
becomes_writable(struct log *l, bool wanted)
{
    int64_t until_ms = now_mono_ms() + 10000;

    while (log_is_writable(l) != wanted && now_mono_ms() < until_ms)
        usleep(2000);
    return log_is_writable(l) == wanted;
}

static struct log_record *
append_big(struct log_producer *p, uint32_t number)
{
    struct log_record *r = record_new(0, number, BIG);

    ck_assert_int_eq(log_append(p, r), ST_OK);
    return r;
}

/* Appends to partition 0 until the log says no; how many are durable. The rest is under way. */
static uint32_t
fill_up(struct log *l, struct log_producer *p, uint32_t *appended)
{
    uint32_t durable = 0;
    struct log_record *r;

    for (*appended = 0; log_is_writable(l); (*appended)++) {
        ck_assert_uint_lt(*appended, 1000);
        append_big(p, *appended);
        r = await_answer(p, 100);
        if (r != NULL) {
            ck_assert_int_eq(r->result, ST_OK);
            ck_assert_int_eq(r->offset, durable++);
            record_free(r);
        }
    }
    for (int i = 0; i < 5; i++)
        append_big(p, (*appended)++);
    return durable;
}

START_TEST(full_log_waits_and_goes_on_when_the_replay_offset_moves)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_facts facts;
    uint32_t appended, durable;
    struct log_record *r;

    log_start(l);
    durable = fill_up(l, p, &appended);
    ck_assert_uint_gt(durable, 30);
    while ((r = await_answer(p, 300)) != NULL) {
        ck_assert_int_eq(r->result, ST_OK);
        durable++;
        record_free(r);
    }
    ck_assert_uint_lt(durable, appended); /* Some wait, none failed. */
    ck_assert(!log_is_writable(l));
    log_set_replay_offset(l, 0, durable - 5);
    while (durable < appended) {
        r = await_answer(p, 10000);
        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(r->result, ST_OK);
        ck_assert_int_eq(r->offset, durable++);
        record_free(r);
    }
    ck_assert(becomes_writable(l, true));
    ck_assert_int_gt(log_first_offset(l, 0), 0);
    ck_assert_int_le(log_first_offset(l, 0), durable);
    log_get_facts(l, &facts);
    ck_assert_int_le(facts.used_bytes, facts.size_bytes);
    log_stop(l);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(stop_gives_back_what_has_no_room)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    uint32_t appended, durable;
    struct log_record *r;

    log_start(l);
    durable = fill_up(l, p, &appended);
    log_stop(l);
    for (uint32_t left = appended - durable; left > 0; left--) {
        r = log_producer_take(p);
        ck_assert_ptr_nonnull(r);
        durable += r->result == ST_OK;
        record_free(r);
    }
    ck_assert_ptr_null(log_producer_take(p));
    ck_assert_int_eq(log_end_offset(l, 0), durable);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(steady_load_runs_in_a_small_log_and_offsets_continue)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c;
    int64_t first;

    log_start(l);
    for (uint32_t i = 0; i < 100; i++) {
        append_many(p, 0, i * 20, 20, 5000 + i * 400);
        append_many(p, 1, i * 20, 20, 60);
        log_set_replay_offset(l, 0, i * 20);
        log_set_replay_offset(l, 1, i * 20);
    }
    log_stop(l);
    log_producer_free(p);
    first = log_first_offset(l, 0);
    ck_assert_int_gt(first, 0);
    ck_assert_int_le(first, 99 * 20);
    log_close(l);

    l = fixture_open();
    c = consumer_assigned(l);
    ck_assert_int_eq(log_first_offset(l, 0), first);
    ck_assert_int_eq(log_end_offset(l, 0), 2000);
    ck_assert_int_eq(log_consumer_seek(c, 0, first - 1), ST_NOT_FOUND);
    ck_assert_int_eq(log_consumer_seek(c, 0, first), ST_OK);
    for (int64_t i = first; i < 2000; i++)
        expect_record(c, 0, i, (uint32_t)i);
    expect_nothing(c);
    log_consumer_free(c);
    log_close(l);
}
END_TEST

START_TEST(old_records_go_and_unneeded_ones_only)
{
    struct log *l;
    struct log_producer *p;
    int64_t offset, until_ms = now_mono_ms() + 10000;

    fixture_options.keep_ms = 1;
    l = fixture_open();
    p = log_producer_new(l);
    log_start(l);
    for (uint32_t i = 0; i < 20; i++) {
        ck_assert_int_eq(append_one(p, 0, i, 100, &offset), ST_OK);
        ck_assert_int_eq(append_one(p, 1, i, 100, &offset), ST_OK);
        usleep(2000);
    }
    log_stop(l);
    log_producer_free(p);
    log_close(l);

    l = fixture_open(); /* Retention looks at once after a start. */
    log_set_replay_offset(l, 0, 12);
    log_start(l);
    while (log_first_offset(l, 0) < 12 && now_mono_ms() < until_ms)
        usleep(2000);
    ck_assert_int_eq(log_first_offset(l, 0), 12);
    ck_assert_int_eq(log_first_offset(l, 1), 0);
    ck_assert_int_eq(log_end_offset(l, 0), 20);
    log_stop(l);
    log_close(l);
}
END_TEST

START_TEST(full_disk_waits_and_goes_on)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct rlimit unlimited, limited;
    uint32_t appended, durable;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &unlimited);
    limited = unlimited;
    limited.rlim_cur = 2 * 1024 * 1024;
    log_start(l);
    setrlimit(RLIMIT_FSIZE, &limited);
    durable = fill_up(l, p, &appended);
    ck_assert_uint_lt(durable, 25);
    ck_assert_ptr_null(await_answer(p, 200));
    setrlimit(RLIMIT_FSIZE, &unlimited);
    for (; durable < appended; durable++) {
        struct log_record *r = await_answer(p, 10000);

        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(r->result, ST_OK);
        ck_assert_int_eq(r->offset, durable);
        record_free(r);
    }
    ck_assert(becomes_writable(l, true));
    log_stop(l);
    log_producer_free(p);
    log_close(l);
}
END_TEST

/* --- The disk refuses. --- */

static void
refuse_and_heal(_Atomic bool *fault)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c = consumer_assigned(l);
    int64_t offset, end;

    log_start(l);
    append_many(p, 0, 0, 10, 1000);
    atomic_store(fault, true);
    ck_assert_int_eq(append_one(p, 0, 10, 1000, &offset), ST_WORLD_DOWN);
    ck_assert_int_eq(append_one(p, 0, 11, 1000, &offset), ST_WORLD_DOWN);
    ck_assert(!log_is_writable(l));
    atomic_store(fault, false);
    ck_assert(becomes_writable(l, true)); /* Nobody has to append for that. */
    end = log_end_offset(l, 0);
    ck_assert_int_ge(end, 10);
    ck_assert_int_eq(append_one(p, 0, 77, 1000, &offset), ST_OK);
    ck_assert_int_eq(offset, end);
    ck_assert_int_eq(log_consumer_seek(c, 0, 0), ST_OK);
    for (uint32_t i = 0; i < 10; i++)
        expect_record(c, 0, i, i);
    ck_assert_int_eq(log_consumer_seek(c, 0, end), ST_OK);
    expect_record(c, 0, end, 77);
    log_stop(l);
    log_consumer_free(c);
    log_producer_free(p);
    log_close(l);
}

START_TEST(sync_error_gives_records_back_and_heals)
{
    refuse_and_heal(&sync_fails);
}
END_TEST

START_TEST(meta_page_error_gives_records_back_and_heals)
{
    refuse_and_heal(&meta_fails);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("log_full");
    TCase *t = tcase_create("log_full");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, full_log_waits_and_goes_on_when_the_replay_offset_moves);
    tcase_add_test(t, stop_gives_back_what_has_no_room);
    tcase_add_test(t, steady_load_runs_in_a_small_log_and_offsets_continue);
    tcase_add_test(t, old_records_go_and_unneeded_ones_only);
    tcase_add_test(t, full_disk_waits_and_goes_on);
    tcase_add_test(t, sync_error_gives_records_back_and_heals);
    tcase_add_test(t, meta_page_error_gives_records_back_and_heals);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
