/* kill -9 at random moments while records are appended: what was answered is there afterwards, byte
 * for byte and at its offset, and the next run goes on behind it. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/log/log_fixture.h"

#define ROUNDS 20
#define UNDER_WAY 50
#define KEPT_BEHIND 200 /* records between the replay offset and the newest answer */
#define OFFSETS_MAX 200000

struct answered {
    uint32_t partition;
    uint32_t number;
    int64_t offset;
};

/* What the answers said: number + 1 by partition and offset, 0 where there was no answer. */
static uint32_t answered[FIXTURE_PARTITIONS][OFFSETS_MAX];
static int64_t newest[FIXTURE_PARTITIONS]; /* offset answered; -1: none */
static uint32_t answer_count;

static void
note(const struct answered *a)
{
    ck_assert_int_lt(a->offset, OFFSETS_MAX);
    ck_assert_uint_eq(answered[a->partition][a->offset], 0); /* no offset twice, ever */
    answered[a->partition][a->offset] = a->number + 1;
    if (a->offset > newest[a->partition])
        newest[a->partition] = a->offset;
    answer_count++;
}

/* The child: appends for ever and writes down each answer it got. No ck_ here: each writes to a
 * file that Check shares with the parent, and a kill would leave half a message in it. */
static void
append_until_killed(int out, uint32_t seed, bool removing)
{
    struct log *l;
    struct log_producer *p;

    if (fixture_try(&l) != ST_OK)
        _exit(1);
    p = log_producer_new(l);
    log_start(l);
    for (uint32_t i = 0; i < UINT32_MAX; i++) {
        uint32_t size = i % 5 == 0 ? 20000 : 64 + (i * 37) % 3000;
        struct log_record *r = record_new(i % 3, seed + i, size);

        if (log_append(p, r) != ST_OK)
            _exit(1);
        if (i < UNDER_WAY)
            continue;
        r = await_answer(p, 20000);
        if (r == NULL || r->result != ST_OK)
            _exit(1);
        struct answered a = {.partition = r->partition, .offset = r->offset};

        memcpy(&a.number, r->bytes + 4, sizeof a.number);
        if (write(out, &a, sizeof a) != sizeof a)
            _exit(1);
        if (removing && r->offset > KEPT_BEHIND)
            log_set_replay_offset(l, r->partition, r->offset - KEPT_BEHIND);
        record_free(r);
    }
}

/* Runs a child for some ms, kills it, and adds what it wrote down to the answers. */
static void
run_and_kill(uint32_t round, bool removing)
{
    struct timespec pause = {.tv_nsec = (5 + rand() % 80) * 1000000L};
    int fds[2], how;
    struct answered a;
    pid_t child;
    FILE *in;

    ck_assert_int_eq(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        close(fds[0]);
        append_until_killed(fds[1], round * 1000000, removing);
    }
    close(fds[1]);
    in = fdopen(fds[0], "r");
    /* The pipe holds 4096 answers; it is read while the child runs, from its first answer on. */
    if (fread(&a, sizeof a, 1, in) == 1)
        note(&a);
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    while (fread(&a, sizeof a, 1, in) == 1)
        note(&a);
    fclose(in);
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how));
}

/* Reads the partition from the offset to the end; every answered record is as it was. */
static void
expect_contents(struct log *l, uint32_t partition, int64_t from)
{
    struct log_consumer *c = consumer_assigned(l);
    int64_t end = log_end_offset(l, partition);

    ck_assert_int_gt(end, newest[partition]);
    ck_assert_int_eq(log_consumer_seek(c, partition, from), ST_OK);
    for (int64_t offset = from; offset < end; offset++) {
        struct log_event e;

        log_consumer_poll(c, 5000, &e);
        ck_assert_int_eq(e.kind, LOG_RECORD);
        ck_assert_int_eq(e.offset, offset);
        if (answered[partition][offset] != 0)
            ck_assert_uint_eq(record_number(e.bytes) + 1, answered[partition][offset]);
    }
    log_consumer_free(c);
}

static void
survive(bool removing)
{
    srand((unsigned)time(NULL));
    memset(newest, 0xff, sizeof newest);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        int64_t before[FIXTURE_PARTITIONS];
        struct log *l;

        memcpy(before, newest, sizeof before);
        run_and_kill(round, removing);
        l = fixture_open();
        for (uint32_t p = 0; p < 3; p++) {
            int64_t first = log_first_offset(l, p);
            int64_t from = round == ROUNDS || before[p] < first ? first : before[p];

            expect_contents(l, p, from);
            ck_assert_int_le(first, newest[p] < KEPT_BEHIND ? 0 : newest[p] - KEPT_BEHIND);
            ck_assert(removing || first == 0);
        }
        log_close(l);
    }
    ck_assert_uint_gt(answer_count, ROUNDS);
}

START_TEST(every_answered_record_survives_kill)
{
    fixture_options.size_bytes = 1024LL * 1024 * 1024;
    survive(false);
}
END_TEST

START_TEST(kill_while_records_are_removed_harms_nothing)
{
    survive(true);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("log_crash");
    TCase *t = tcase_create("log_crash");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, every_answered_record_survives_kill);
    tcase_add_test(t, kill_while_records_are_removed_harms_nothing);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
