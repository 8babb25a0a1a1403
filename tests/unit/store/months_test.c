/* The month of a moment, against the C library; SQLSTATEs and their classes; waiting times. */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "server/store/db.h"
#include "server/store/months.h"

START_TEST(month_agrees_with_the_c_library)
{
    for (int64_t day = -200000; day < 200000; day += 1) {
        int64_t second = day * 86400 + (day & 1 ? 86399 : 0);
        time_t t = (time_t)second;
        struct tm tm;

        gmtime_r(&t, &tm);
        ck_assert_int_eq(month_of(second * 1000 + 999), (tm.tm_year + 1900) * 12 + tm.tm_mon);
    }
}
END_TEST

START_TEST(sqlstates_have_classes)
{
    static const struct {
        const char *sqlstate;
        enum db_class class;
    } rows[] = {
        {"MD001", DB_FENCED}, {"", DB_LOST},       {"08006", DB_LOST},  {"57P01", DB_LOST},
        {"57P03", DB_LOST},   {"25006", DB_LOST},  {"40001", DB_RETRY}, {"40P01", DB_RETRY},
        {"55P03", DB_RETRY},  {"57014", DB_RETRY}, {"53100", DB_RETRY}, {"53200", DB_RETRY},
        {"42501", DB_RETRY},  {"58030", DB_RETRY}, {"XX000", DB_RETRY}, {"22003", DB_OURS},
        {"23505", DB_OURS},   {"23514", DB_OURS},  {"42601", DB_OURS},  {"21000", DB_OURS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(db_class_of(rows[i].sqlstate), rows[i].class);
}
END_TEST

START_TEST(back_off_doubles_to_five_seconds)
{
    for (int n = 0; n < 1000; n++) {
        ck_assert_int_ge(db_backoff_ms(0), 50);
        ck_assert_int_le(db_backoff_ms(0), 100);
        ck_assert_int_ge(db_backoff_ms(3), 400);
        ck_assert_int_le(db_backoff_ms(3), 800);
        ck_assert_int_ge(db_backoff_ms(1000000), 2500);
        ck_assert_int_le(db_backoff_ms(1000000), 5000);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("months");
    TCase *c = tcase_create("months");
    SRunner *runner = srunner_create(s);
    int failed;

    tcase_add_test(c, month_agrees_with_the_c_library);
    tcase_add_test(c, sqlstates_have_classes);
    tcase_add_test(c, back_off_doubles_to_five_seconds);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
