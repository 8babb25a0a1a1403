/* /status: the JSON that meterctl reads. */
#include "server/ops/status_view.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char text[4096];

static const char *
string_text(const char *s)
{
    FILE *out = fmemopen(text, sizeof text, "w");

    json_write_string(s, out);
    fclose(out);
    return text;
}

START_TEST(strings_are_escaped)
{
    ck_assert_str_eq(string_text(""), "\"\"");
    ck_assert_str_eq(string_text("a\"b\\c"), "\"a\\\"b\\\\c\"");
    ck_assert_str_eq(string_text("line\nfeed\x01\x7f"), "\"line\\u000afeed\\u0001\\u007f\"");
    ck_assert_str_eq(string_text("昆明"), "\"昆明\"");
    ck_assert_str_eq(string_text("x\xffy"), "\"x\\ufffdy\"");
    ck_assert_str_eq(string_text("\xe6\x98"), "\"\\ufffd\\ufffd\"");
}
END_TEST

START_TEST(view_is_written_whole)
{
    const struct status_partition partitions[2] = {
        {
            .partition = 0, .first_offset = 2, .end_offset = 10, .next_offset = 9,
            .replay_offset = 3, .lag_records = 1, .owner_epoch = 4, .inbox = 5, .refold_work = 6,
            .complete_until_ms = 1767225600250, .oldest_unwritten_ms = 0,
        },
        {
            .partition = 1, .first_offset = -1, .end_offset = -1, .next_offset = -1,
            .replay_offset = -1, .lag_records = -1, .owner_epoch = -1, .inbox = -1,
            .refold_work = -1, .complete_until_ms = -1, .oldest_unwritten_ms = -1,
        },
    };
    const char *const degraded[] = {"the \"disk\" is full"};
    const struct status_view v = {
        .partitions = partitions, .partition_count = 2, .revision = 7, .http_connections = 1,
        .mqtt_connections = 2, .log_used_bytes = 100, .log_size_bytes = 200, .uptime_ms = 5,
        .database_ok = true, .log_ok = false, .degraded = degraded, .degraded_count = 1,
    };
    FILE *out = fmemopen(text, sizeof text, "w");

    status_write_json(&v, out);
    fclose(out);
    ck_assert_str_eq(
        text,
        "{\"version\":\"" METERD_VERSION "\",\"log_ok\":false,\"database_ok\":true,"
        "\"draining\":false,\"uptime_ms\":5,\"revision\":7,"
        "\"connections\":{\"total\":3,\"http\":1,\"mqtt\":2},"
        "\"log\":{\"ok\":false,\"used_bytes\":100,\"size_bytes\":200},"
        "\"degraded\":[\"the \\\"disk\\\" is full\"],\"partitions\":[\n"
        "{\"partition\":0,\"first_offset\":2,\"next_offset\":9,\"replay_offset\":3,"
        "\"end_offset\":10,\"lag_records\":1,\"owner_epoch\":4,\"inbox\":5,\"refold_work\":6,"
        "\"complete_until_ms\":1767225600250,\"complete_until\":\"2026-01-01T00:00:00.250Z\","
        "\"oldest_unwritten\":\"1970-01-01T00:00:00Z\"},\n"
        "{\"partition\":1,\"first_offset\":null,\"next_offset\":null,\"replay_offset\":null,"
        "\"end_offset\":null,\"lag_records\":null,\"owner_epoch\":null,\"inbox\":null,"
        "\"refold_work\":null,\"complete_until_ms\":null,\"complete_until\":null,"
        "\"oldest_unwritten\":null}]}\n");
}
END_TEST

START_TEST(nothing_known_is_still_json)
{
    const struct status_view v = {.revision = -1};
    FILE *out = fmemopen(text, sizeof text, "w");

    status_write_json(&v, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "\"revision\":null"));
    ck_assert_ptr_nonnull(strstr(text, "\"degraded\":[],\"partitions\":[]}\n"));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("status_view");
    TCase *t = tcase_create("status_view");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, strings_are_escaped);
    tcase_add_test(t, view_is_written_whole);
    tcase_add_test(t, nothing_known_is_still_json);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
