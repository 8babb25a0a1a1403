/* /readyz: ready only when all is well; every reason is named. */
#include "server/ops/health.h"

#include <check.h>
#include <stdlib.h>

static unsigned code;

static const char *
ready_text(struct health_facts f)
{
    static char text[512];
    FILE *out = fmemopen(text, sizeof text, "w");

    code = health_write_ready(&f, out);
    fclose(out);
    return text;
}

START_TEST(all_well_is_ready)
{
    struct health_facts f = {.registry_loaded = true, .log_ok = true, .database_ok = true};

    ck_assert(health_is_ready(&f));
    ck_assert_str_eq(ready_text(f), "{\"ready\":true,\"why\":[]}\n");
    ck_assert_uint_eq(code, 200);
}
END_TEST

START_TEST(every_reason_is_named)
{
    struct health_facts f = {.draining = true};

    ck_assert_str_eq(ready_text(f),
                     "{\"ready\":false,\"why\":[\"registry is not loaded\","
                     "\"log takes no records\",\"database does not answer\",\"stopping\"]}\n");
    ck_assert_uint_eq(code, 503);
}
END_TEST

START_TEST(one_fault_is_enough)
{
    struct health_facts f = {.registry_loaded = true, .log_ok = true};

    ck_assert(!health_is_ready(&f));
    ck_assert_str_eq(ready_text(f), "{\"ready\":false,\"why\":[\"database does not answer\"]}\n");
    ck_assert_uint_eq(code, 503);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("health");
    TCase *t = tcase_create("health");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, all_well_is_ready);
    tcase_add_test(t, every_reason_is_named);
    tcase_add_test(t, one_fault_is_enough);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
