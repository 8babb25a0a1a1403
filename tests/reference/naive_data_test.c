/*
 * The reference against real readings: daily and sub-daily sums computed by others' programs from
 * the same files (README.md beside the data). Attributes are chosen so that the plain definitions
 * of those sums hold: any step is plausible, any gap is spread.
 *
 * The readings: $METERD_DATA, else deploy/sample/data; the sums: $METERD_DATA, else
 * tests/data/expected.
 */

#include "tests/reference/naive_parts.h"
#include "tests/reference/ref_csv.h"
#include "tests/reference/ref_readings.h"
#include "tests/reference/ref_registry.h"
#include "tests/reference/ref_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUARTER_MS      (HOUR_MS / 4)
#define METERS_MAX      256
#define FLOOR_ERROR_MAX 2 /* micro-units: expected values are rounded, ours are floors */

static struct ref_registry registry; /* each meter a point of an enterprise of its own */
static struct ref_csv expected;

static const char *
data_path(const char *file, char path[512])
{
    const char *folder = getenv("METERD_DATA");

    if (folder == NULL)
        folder = strncmp(file, "expected_", 9) == 0 ? METERD_EXPECTED_DATA : METERD_SAMPLE_DATA;
    snprintf(path, 512, "%s/%s", folder, file);
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "data not found: %s (set METERD_DATA to its folder)\n", path);
        exit(EXIT_FAILURE);
    }
    return path;
}

static void
add_meter(struct naive_point *p, struct naive_enterprise *e, struct naive_attributes *row)
{
    static const struct naive_area area = {NAIVE_SINCE_EVER, 530100, NAIVE_NO_PARK};
    const char *name = ref_csv_cell(&expected, "meter");
    const char *kind = ref_csv_cell(&expected, "kind");
    bool is_interval = strcmp(kind, "interval") == 0, is_rate = strcmp(kind, "instant") == 0;

    *row = (struct naive_attributes){
        .valid_from = NAIVE_SINCE_EVER,
        .valid_to = NAIVE_FOR_EVER,
        .nominal_ms = 1000 * atoll(ref_csv_cell(&expected, "nominal_interval_s")),
        .modulus = NAIVE_NONE,
        .max_rate = INT64_MAX,
        .reverse = true,
        .num = 1,
        .den = 1,
        .sign = 1,
        .counted = true,
        .spread_max_ms = 1000 * DAY_MS,
        .hold_max_ms = NAIVE_DEFAULT,
    };
    *p = (struct naive_point){.enterprise = ref_names_number(&registry.enterprise_names, name),
                              .kind = is_interval ? NAIVE_INTERVAL
                                      : is_rate   ? NAIVE_RATE
                                                  : NAIVE_REGISTER,
                              .period_ms = row->nominal_ms,
                              .registered = true,
                              .rows = row,
                              .row_count = 1};
    if (ref_names_number(&registry.point_names, name) != p->enterprise)
        abort(); /* A meter twice in meters.csv. */
    *e = (struct naive_enterprise){&area, 1};
}

static void
load_meters(void)
{
    static struct naive_point points[METERS_MAX];
    static struct naive_enterprise enterprises[METERS_MAX];
    static struct naive_attributes rows[METERS_MAX];
    size_t count = 0;
    char path[512];

    if (!ref_csv_open(&expected, data_path("meters.csv", path), true))
        abort();
    for (; count < METERS_MAX && ref_csv_next(&expected); count++)
        add_meter(&points[count], &enterprises[count], &rows[count]);
    ref_csv_close(&expected);
    registry.points = points;
    registry.point_count = count;
    registry.enterprises = enterprises;
    registry.enterprise_count = count;
}

static void
compute(const char *file, int64_t utc_offset_ms, int64_t slot_ms, struct naive_result *result)
{
    struct ref_readings readings = {0};
    struct naive_input in = {
        .deployment = {slot_ms, utc_offset_ms, HOUR_MS, 600000, 400 * DAY_MS},
        .enterprises = registry.enterprises,
        .enterprise_count = registry.enterprise_count,
        .points = registry.points,
        .point_count = registry.point_count,
    };
    char path[512];

    ref_readings_load_data(&readings, &registry, &in.deployment, data_path(file, path), NAIVE_NONE);
    ck_assert_uint_gt(readings.count, 0);
    ck_assert_uint_eq(readings.unregistered + readings.refused, 0);
    in.log = readings.entry;
    in.log_count = readings.count;
    naive_compute(&in, result, NULL);
    free(readings.entry);
}

/* Rows are in order: halve until one is left. */
static struct naive_counts
counts_at(const struct naive_rows *rows, int area, int64_t start)
{
    size_t low = 0, high = rows->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct naive_row *r = &rows->row[middle];

        if (r->area == area && r->start == start)
            return r->counts;
        if (r->area < area || (r->area == area && r->start < start))
            low = middle + 1;
        else
            high = middle;
    }
    return (struct naive_counts){0};
}

/* false when the cell is blank. */
static bool
expected_micro(const char *column, int64_t *micro)
{
    const char *text = ref_csv_cell(&expected, column);
    bool rounded;

    if (*text == '\0')
        return false;
    ck_assert_msg(ref_parse_decimal(text, micro, &rounded), "%s", text);
    return true;
}

static void
check_near(__int128 ours, int64_t theirs, int64_t tolerance, const char *when)
{
    int64_t difference = (int64_t)ours - theirs;

    ck_assert_msg(difference <= tolerance && -difference <= tolerance, "%s %s: %lld, expected %lld",
                  ref_csv_cell(&expected, "meter"), when, (long long)ours, (long long)theirs);
}

/* Compares the lines of one file and one clock; returns how many columns were compared. */
static int
check_days(const char *lines, const char *file, const char *column, int64_t utc_offset_ms,
           const struct naive_rows *days)
{
    const char *tz = utc_offset_ms == 0 ? "UTC" : "Asia/Shanghai";
    int64_t start, theirs, tolerance = *column == 's' ? 0 : FLOOR_ERROR_MAX;
    int compared = 0;
    char path[512];

    ck_assert(ref_csv_open(&expected, data_path(lines, path), true));
    while (ref_csv_next(&expected)) {
        const char *day = ref_csv_cell(&expected, "day");
        struct naive_counts ours;
        int point = ref_names_find(&registry.point_names, ref_csv_cell(&expected, "meter"));

        if (strcmp(ref_csv_cell(&expected, "file"), file) != 0 ||
            strcmp(ref_csv_cell(&expected, "tz"), tz) != 0)
            continue;
        ck_assert(ref_parse_time(day, utc_offset_ms, &start));
        ours = counts_at(days, point, start);
        ck_assert_int_eq(ours.readings, atoll(ref_csv_cell(&expected, "n")));
        if (!expected_micro(column, &theirs))
            continue;
        check_near(ours.quantity, theirs, tolerance, day);
        compared++;
    }
    ref_csv_close(&expected);
    return compared;
}

static int
check_slots(const char *lines, const char *file, const char *column, int64_t slot_ms,
            const struct naive_rows *slots)
{
    int64_t start, theirs, tolerance = *column == 's' ? 0 : FLOOR_ERROR_MAX;
    int compared = 0;
    char path[512];

    ck_assert(ref_csv_open(&expected, data_path(lines, path), true));
    while (ref_csv_next(&expected)) {
        const char *when = ref_csv_cell(&expected, "bucket_start_utc");
        int point = ref_names_find(&registry.point_names, ref_csv_cell(&expected, "meter"));

        if (strcmp(ref_csv_cell(&expected, "file"), file) != 0 ||
            atoll(ref_csv_cell(&expected, "width_s")) * 1000 != slot_ms ||
            !expected_micro(column, &theirs))
            continue;
        ck_assert(ref_parse_time(when, 0, &start));
        check_near(counts_at(slots, point, start).quantity, theirs, tolerance, when);
        compared++;
    }
    ref_csv_close(&expected);
    return compared;
}

/* Sums over all time: exact, for registers the last value less the first. */
static int
check_totals(const char *file, const struct naive_rows *days)
{
    int compared = 0;
    int64_t theirs;
    char path[512];

    ck_assert(ref_csv_open(&expected, data_path("expected_totals.csv", path), true));
    while (ref_csv_next(&expected)) {
        int point = ref_names_find(&registry.point_names, ref_csv_cell(&expected, "meter"));
        bool is_interval = strcmp(ref_csv_cell(&expected, "kind"), "interval") == 0;
        __int128 sum = 0, readings = 0;

        if (strcmp(ref_csv_cell(&expected, "file"), file) != 0 ||
            !expected_micro(is_interval ? "sum" : "net", &theirs))
            continue;
        for (size_t i = 0; i < days->count; i++) {
            sum += days->row[i].area == point ? days->row[i].counts.quantity : 0;
            readings += days->row[i].area == point ? days->row[i].counts.readings : 0;
        }
        check_near(sum, theirs, 0, "total");
        ck_assert_int_eq((int64_t)readings, atoll(ref_csv_cell(&expected, "n_distinct_ts")));
        compared++;
    }
    ref_csv_close(&expected);
    return compared;
}

static void
check_file(const char *file, bool is_register, int64_t utc_offset_ms, int64_t slot_ms)
{
    struct naive_result result;
    const char *daily =
        is_register ? "expected_register_daily.csv.gz" : "expected_interval_daily.csv.gz";
    const char *column = is_register ? "boundary" : "sum";

    compute(file, utc_offset_ms, slot_ms, &result);
    ck_assert_int_gt(
        check_days(daily, file, column, utc_offset_ms, &result.days[NAIVE_BY_ENTERPRISE]), 0);
    ck_assert_int_gt(check_totals(file, &result.days[NAIVE_BY_ENTERPRISE]), 0);
    naive_result_fini(&result);
}

static void
check_file_subday(const char *file, bool is_register, int64_t slot_ms)
{
    struct naive_result result;
    const char *lines =
        is_register ? "expected_register_subday.csv.gz" : "expected_interval_subday.csv.gz";

    compute(file, 0, slot_ms, &result);
    ck_assert_int_gt(check_slots(lines, file, is_register ? "boundary" : "sum", slot_ms,
                                 &result.slots[NAIVE_BY_ENTERPRISE]),
                     0);
    naive_result_fini(&result);
}

static const struct {
    const char *file;
    bool is_register;
} files[] = {
    {"bdg2_solar_interval_hourly_2016.csv.gz", false}, {"steel_interval_15min.csv.gz", false},
    {"ucam_interval_hourly_2019.csv.gz", false},       {"daiad_water_register.csv.gz", true},
    {"ampds2_gas_water_register_1min.csv.gz", true},   {"ampds2_electricity_1min.csv.gz", true},
};

START_TEST(days_of_shanghai_agree_in_quarter_hour_slots)
{
    check_file(files[_i].file, files[_i].is_register, 8 * HOUR_MS, QUARTER_MS);
}
END_TEST

START_TEST(days_of_utc_agree_in_hour_slots)
{
    check_file(files[_i].file, files[_i].is_register, 0, HOUR_MS);
}
END_TEST

START_TEST(hours_and_quarters_agree)
{
    check_file_subday("steel_interval_15min.csv.gz", false, HOUR_MS);
    check_file_subday("ampds2_gas_water_register_1min.csv.gz", true, HOUR_MS);
    check_file_subday("ampds2_gas_water_register_1min.csv.gz", true, QUARTER_MS);
}
END_TEST

START_TEST(integral_of_power_agrees_with_the_publisher)
{
    struct naive_result result;
    int point = ref_names_find(&registry.point_names, "ampds2-B1E-P");
    __int128 sum = 0;

    compute("ampds2_electricity_1min.csv.gz", 0, HOUR_MS, &result);
    for (size_t i = 0; i < result.days[NAIVE_BY_ENTERPRISE].count; i++) {
        const struct naive_row *r = &result.days[NAIVE_BY_ENTERPRISE].row[i];

        sum += r->area == point ? r->counts.quantity : 0;
    }
    ck_assert_int_ge((int64_t)sum, 453450000); /* 453.5 Wh, printed with one decimal. */
    ck_assert_int_le((int64_t)sum, 453550000);
    naive_result_fini(&result);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("naive_data");
    TCase *c = tcase_create("naive_data");
    SRunner *r;
    int failed;

    load_meters();
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, days_of_shanghai_agree_in_quarter_hour_slots, 0, 6);
    tcase_add_loop_test(c, days_of_utc_agree_in_hour_slots, 0, 6);
    tcase_add_test(c, hours_and_quarters_agree);
    tcase_add_test(c, integral_of_power_agrees_with_the_publisher);
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
