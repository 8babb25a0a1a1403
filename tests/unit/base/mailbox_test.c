#include <pthread.h>
#include <sched.h>

#include "server/base/mailbox.h"
#include "tests/unit/base/suite.h"

START_TEST(a_full_mailbox_says_so)
{
    struct waker w;
    struct mailbox m;
    int a, b, c;

    ck_assert_int_eq(waker_init(&w), ST_OK);
    ck_assert_int_eq(mailbox_init(&m, 2, &w), ST_OK);
    ck_assert(mailbox_is_empty(&m));
    ck_assert_ptr_null(mailbox_take(&m));
    ck_assert(mailbox_post(&m, &a));
    ck_assert(mailbox_post(&m, &b));
    ck_assert(!mailbox_post(&m, &c));
    ck_assert_ptr_eq(mailbox_take(&m), &a);
    ck_assert(mailbox_post(&m, &c));
    ck_assert_ptr_eq(mailbox_take(&m), &b);
    ck_assert_ptr_eq(mailbox_take(&m), &c);
    ck_assert(mailbox_is_empty(&m));
    mailbox_fini(&m);
    waker_fini(&w);
}
END_TEST

#define SENDERS 3
#define MESSAGES (STRESS_COUNT / 20)

static int messages[SENDERS][MESSAGES];

struct sender {
    struct mailbox box;
    int *messages;
};

static void *
send_all(void *context)
{
    struct sender *s = context;

    for (int i = 0; i < MESSAGES; i++) {
        s->messages[i] = i;
        while (!mailbox_post(&s->box, &s->messages[i]))
            sched_yield();
    }
    return NULL;
}

static bool
all_empty(struct sender *senders)
{
    for (int s = 0; s < SENDERS; s++)
        if (!mailbox_is_empty(&senders[s].box))
            return false;
    return true;
}

START_TEST(several_senders_share_one_sleeping_receiver)
{
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    int next[SENDERS] = {0}, taken = 0;
    struct waker w;

    ck_assert_int_eq(waker_init(&w), ST_OK);
    for (int s = 0; s < SENDERS; s++) {
        senders[s].messages = messages[s];
        ck_assert_int_eq(mailbox_init(&senders[s].box, 8, &w), ST_OK);
        ck_assert_int_eq(pthread_create(&threads[s], NULL, send_all, &senders[s]), 0);
    }
    while (taken < SENDERS * MESSAGES) {
        for (int s = 0; s < SENDERS; s++) {
            for (int *m; (m = mailbox_take(&senders[s].box)) != NULL; taken++)
                ck_assert_int_eq(*m, next[s]++);
        }
        waker_prepare(&w);
        if (taken == SENDERS * MESSAGES || !all_empty(senders))
            waker_cancel(&w);
        else
            ck_assert(waker_wait(&w, 5000));
    }
    for (int s = 0; s < SENDERS; s++) {
        pthread_join(threads[s], NULL);
        mailbox_fini(&senders[s].box);
    }
    waker_fini(&w);
}
END_TEST

SUITE("mailbox", a_full_mailbox_says_so, several_senders_share_one_sleeping_receiver)
