/* /metrics: Prometheus' text format, one HELP and one TYPE a family, before its samples. */
#include "server/ops/metrics_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"

static char *
metrics_text(const struct status_view *v)
{
    static char text[256 * 1024];
    FILE *out = fmemopen(text, sizeof text, "w");

    metrics_write(v, out);
    fclose(out);
    return text;
}

START_TEST(counters_and_gauges_are_there)
{
    char *text;

    counter_add(COUNT_log_appends, 7);
    gauge_set(GAUGE_log_bytes, 4096);
    text = metrics_text(NULL);
    ck_assert_ptr_nonnull(strstr(text, "\n# TYPE meterd_log_appends_total counter\n"
                                       "meterd_log_appends_total 7\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n# TYPE meterd_log_bytes gauge\nmeterd_log_bytes 4096\n"));
    ck_assert_ptr_nonnull(strstr(text, "# HELP meterd_log_bytes "));
    ck_assert_ptr_nonnull(strstr(text, "meterd_build_info{version=\"" METERD_VERSION "\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nprocess_cpu_seconds_total 0."));
}
END_TEST

START_TEST(partitions_are_labelled_and_unknown_numbers_left_out)
{
    const struct status_partition p[2] = {
        {.partition = 0, .end_offset = 5, .inbox = -1},
        {.partition = 1, .end_offset = 6, .inbox = 3},
    };
    const struct status_view v = {.partitions = p, .partition_count = 2, .database_ok = true};
    char *text = metrics_text(&v);

    ck_assert_ptr_nonnull(strstr(text, "\nmeterd_partition_end_offset{partition=\"0\"} 5\n"
                                       "meterd_partition_end_offset{partition=\"1\"} 6\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nmeterd_partition_inbox{partition=\"1\"} 3\n"));
    ck_assert_ptr_null(strstr(text, "meterd_partition_inbox{partition=\"0\"}"));
    ck_assert_ptr_nonnull(strstr(text, "\nmeterd_database_ok 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nmeterd_log_ok 0\n"));
}
END_TEST

/* Each line is a comment of the two kinds, or NAME[{...}] NUMBER of the family named last. */
START_TEST(every_line_is_of_the_format)
{
    const struct status_partition p = {.partition = 3};
    const struct status_view v = {.partitions = &p, .partition_count = 1};
    char family[128] = "", *rest = metrics_text(&v), *line;

    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        if (sscanf(line, "# HELP %127s", family) == 1)
            continue;
        if (strncmp(line, "# TYPE ", 7) == 0) {
            ck_assert_int_eq(strncmp(line + 7, family, strlen(family)), 0);
            continue;
        }
        size_t size = strcspn(line, " {");
        char *end;

        ck_assert_msg(strncmp(line, family, size) == 0 && family[size] == '\0', "%s", line);
        line = strrchr(line, ' ');
        ck_assert_ptr_nonnull(line);
        strtod(line + 1, &end);
        ck_assert(end > line + 1 && *end == '\0');
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("metrics_text");
    TCase *t = tcase_create("metrics_text");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, counters_and_gauges_are_there);
    tcase_add_test(t, partitions_are_labelled_and_unknown_numbers_left_out);
    tcase_add_test(t, every_line_is_of_the_format);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
