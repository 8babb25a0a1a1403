#include <pthread.h>
#include <time.h>

#include "server/base/now.h"
#include "tests/unit/base/suite.h"

static void *
never_backwards(void *context)
{
    int64_t last = 0;

    for (int i = 0; i < 100000; i++) {
        int64_t now = now_wall_ms();

        *(int *)context += now < last;
        last = now;
    }
    return NULL;
}

START_TEST(the_wall_clock_never_goes_backwards)
{
    int a = 0, b = 0;
    pthread_t other;

    ck_assert_int_eq(pthread_create(&other, NULL, never_backwards, &a), 0);
    never_backwards(&b);
    pthread_join(other, NULL);
    ck_assert_int_eq(a + b, 0);
}
END_TEST

START_TEST(the_clocks_agree_with_the_system)
{
    int64_t mono = now_mono_ms();

    ck_assert_int_le(now_wall_ms() - (int64_t)time(NULL) * 1000, 2000);
    ck_assert_int_ge(now_wall_ms() - (int64_t)time(NULL) * 1000, -2000);
    ck_assert_int_le(now_mono_us() / 1000 - mono, 2000);
    ck_assert_int_ge(now_mono_us() / 1000 - mono, 0);
}
END_TEST

SUITE("now", the_wall_clock_never_goes_backwards, the_clocks_agree_with_the_system)
