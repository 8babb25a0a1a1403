/* meterctl db: the schema's beginning, upgrade and version. The settings of a deployment are given
 * once here and are the database's from then on. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/ctl/ctl.h"
#include "server/ctl/registry_cells.h"
#include "server/store/schema.h"
#include "server/store/schema_init.h"

#define DAY_MS INT64_C(86400000)
#define PAST_MAX_MS_MAX (36500 * DAY_MS)
#define PARTITIONS_COUNT_MAX PARTITIONS_MAX

enum { SLOT, UTC_OFFSET, PARTITIONS, PAST_MAX, FUTURE_MAX, LATE_AFTER, PROVINCE, PROVINCE_NAME,
       OPTION_COUNT_OF_INIT };

static bool
read_duration(const struct ctl_option *o, int64_t max_ms, int64_t *ms)
{
    if (registry_duration_read(span_text(o->value), max_ms, ms) == ST_OK)
        return true;
    ctl_fail(EX_USAGE, o->name, "it is not a duration in its bounds",
             "write it as 15min, 1h or 400d");
    return false;
}

static bool
read_slot(const struct ctl_option *o, int64_t *ms)
{
    if (!read_duration(o, DAY_MS, ms))
        return false;
    if (DAY_MS % *ms == 0 && *ms >= 1000)
        return true;
    ctl_fail(EX_USAGE, o->name, "a slot does not divide a day", "write 5min, 15min, 30min or 1h");
    return false;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "+08:00" */
static bool
read_offset(const struct ctl_option *o, int64_t *ms)
{
    const char *t = o->value;
    int64_t minutes;

    if (strlen(t) == 6 && (t[0] == '+' || t[0] == '-') && is_digit(t[1]) && is_digit(t[2]) &&
        t[3] == ':' && t[4] >= '0' && t[4] <= '5' && is_digit(t[5])) {
        minutes = ((t[1] - '0') * 10 + (t[2] - '0')) * 60 + (t[4] - '0') * 10 + (t[5] - '0');
        *ms = (t[0] == '-' ? -minutes : minutes) * 60000;
        if (minutes <= 18 * 60)
            return true;
    }
    ctl_fail(EX_USAGE, o->name, "it is not an offset from UTC", "write it as +08:00");
    return false;
}

static bool
read_partitions(const struct ctl_option *o, uint32_t *out)
{
    char *end;
    long n = strtol(o->value, &end, 10);

    *out = (uint32_t)n;
    if (is_digit(o->value[0]) && *end == '\0' && n >= 1 && n <= PARTITIONS_COUNT_MAX)
        return true;
    ctl_fail(EX_USAGE, o->name, "it is not a number from 1 to 1024", "16 is enough for a province");
    return false;
}

static bool
read_text(const struct ctl_option *o, enum registry_cell cell, const char **out)
{
    struct registry_value value;
    const char *right;

    *out = o->value;
    if (o->value[0] != '\0' &&
        registry_cell_read(cell, span_text(o->value), 0, &value, &right) == ST_OK)
        return true;
    ctl_fail(EX_USAGE, o->name, "it is not usable text", "write UTF-8 without control characters");
    return false;
}

static bool
read_wish(const struct ctl_option *o, struct schema_wish *wish)
{
    struct deployment *d = &wish->deployment;

    return read_slot(&o[SLOT], &d->slot_ms) && read_offset(&o[UTC_OFFSET], &d->utc_offset_ms) &&
           read_partitions(&o[PARTITIONS], &d->partitions) &&
           read_duration(&o[PAST_MAX], PAST_MAX_MS_MAX, &d->past_max_ms) &&
           read_duration(&o[FUTURE_MAX], DAY_MS, &d->future_max_ms) &&
           read_duration(&o[LATE_AFTER], 400 * DAY_MS, &d->late_after_ms) &&
           read_text(&o[PROVINCE], CELL_CODE, &wish->province_code) &&
           read_text(&o[PROVINCE_NAME], CELL_TEXT, &wish->province_name);
}

static void
print_init(const struct ctl *ctl, const struct schema_found *found)
{
    if (ctl->json)
        printf("{\"created\":%s,\"version\":%d,\"reader\":%s}\n", found->is_new ? "true" : "false",
               SCHEMA_VERSION, found->has_reader ? "true" : "false");
    else
        printf(found->is_new ? "schema meterd made, version %d\n"
                             : "schema meterd is there and agrees, version %d\n",
               SCHEMA_VERSION);
}

int
ctl_db_init(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_option options[OPTION_COUNT_OF_INIT] = {
        [SLOT] = {"--slot", true, "15min", false},
        [UTC_OFFSET] = {"--utc-offset", true, "+08:00", false},
        [PARTITIONS] = {"--partitions", true, "16", false},
        [PAST_MAX] = {"--past-max", true, "400d", false},
        [FUTURE_MAX] = {"--future-max", true, "10min", false},
        [LATE_AFTER] = {"--late-after", true, "1h", false},
        [PROVINCE] = {"--province", true, "530000", false},
        [PROVINCE_NAME] = {"--province-name", true, "云南省", false},
    };
    struct schema_wish wish = {0};
    struct schema_found found;
    char why[WHY_SIZE];
    enum status st;
    int code = ctl_read_options(options, OPTION_COUNT_OF_INIT, argc, argv, NULL, 0);

    if (code != 0)
        return code;
    if (!read_wish(options, &wish))
        return EX_USAGE;
    st = schema_init(ctl->config.database.conninfo, &wish, &found, why);
    if (st != ST_OK)
        return ctl_fail_database(st, why);
    if (!found.has_reader)
        fprintf(stderr,
                "meterctl: notice: role meterd_reader is missing (%s): have it made, then run "
                "meterctl db init again\n",
                found.reader_why);
    if (found.differing > 0)
        return ctl_fail(EX_DATAERR, "the database was made with other settings", found.differences,
                        "they never change: use these, or another database");
    print_init(ctl, &found);
    return 0;
}

static int
print_version(const struct ctl *ctl, int64_t version)
{
    if (ctl->json)
        printf("{\"version\":%lld,\"wanted\":%d}\n", (long long)version, SCHEMA_VERSION);
    else
        printf("schema version %lld, this program works with %d\n", (long long)version,
               SCHEMA_VERSION);
    return version == SCHEMA_VERSION ? 0 : EX_DATAERR;
}

int
ctl_db_migrate(struct ctl *ctl, int argc, char **argv)
{
    char why[WHY_SIZE];
    int64_t version;
    enum status st;
    int code = ctl_read_options(NULL, 0, argc, argv, NULL, 0);

    if (code != 0)
        return code;
    st = schema_migrate(ctl->config.database.conninfo, &version, why);
    if (st != ST_OK)
        return ctl_fail_database(st, why);
    return print_version(ctl, version);
}

int
ctl_db_status(struct ctl *ctl, int argc, char **argv)
{
    char why[WHY_SIZE];
    int64_t version;
    enum status st;
    int code = ctl_read_options(NULL, 0, argc, argv, NULL, 0);

    if (code != 0)
        return code;
    st = schema_version(ctl->config.database.conninfo, &version, why);
    if (st != ST_OK)
        return ctl_fail_database(st, why);
    if (version == 0)
        return ctl_fail(EX_DATAERR, "the database", "it has no schema meterd",
                        "make it with meterctl db init");
    return print_version(ctl, version);
}
