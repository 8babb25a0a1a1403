/* The options of meterload run. */
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/options.h"
#include "benchmarks/meterload/run.h"

#define DAY_MS INT64_C(86400000)

/* clang-format off */
static struct option run_options[] = {
    {"--gateways", true, "100"}, {"--connections", true, NULL}, {"--batch", true, "100"},
    {"--duration", true, "10"}, {"--rate", true, "0"}, {"--door", true, "mqtt"},
    {"--http", true, "127.0.0.1:8080"}, {"--mqtt", true, "127.0.0.1:1883"},
    {"--in-flight", true, "1"}, {"--shape", true, "values"}, {"--step", true, "900000"},
    {"--days-back", true, "390"}, {"--hold", true, "0"},
};
/* clang-format on */
#define COUNT (unsigned)(sizeof(run_options) / sizeof(run_options[0]))

static uint64_t
number(const char *name, uint64_t low, uint64_t high)
{
    return options_number(run_options, COUNT, name, low, high);
}

static bool
is_second(const char *name, const char *first, const char *second)
{
    const char *text = options_value(run_options, COUNT, name);

    if (strcmp(text, first) != 0 && strcmp(text, second) != 0)
        tool_die(EX_USAGE, "%s %s: %s or %s would be right", name, text, first, second);
    return strcmp(text, second) == 0;
}

int
run_command(char **arguments)
{
    struct run_options o = {0};
    const char *word;

    if (options_read(run_options, COUNT, arguments, &word, 1) > 0)
        tool_die(EX_USAGE, "run: %s: no file is needed", word);
    o.door = is_second("--door", "http", "mqtt") ? DOOR_MQTT : DOOR_HTTP;
    o.address = options_value(run_options, COUNT, o.door == DOOR_MQTT ? "--mqtt" : "--http");
    o.shape = is_second("--shape", "values", "rows") ? SHAPE_ROWS : SHAPE_VALUES;
    o.gateways = o.connections = (uint32_t)number("--gateways", 1, RUN_CONNECTIONS_MAX);
    if (options_value(run_options, COUNT, "--connections") != NULL)
        o.connections = (uint32_t)number("--connections", o.gateways, RUN_CONNECTIONS_MAX);
    if (o.connections % o.gateways != 0)
        tool_die(EX_USAGE, "--connections: a multiple of --gateways would be right");
    o.batch = (uint32_t)number("--batch", 1, RUN_BATCH_MAX);
    o.in_flight = (uint32_t)number("--in-flight", 1,
                                   o.door == DOOR_MQTT ? RUN_IN_FLIGHT_MAX : 1);
    o.duration_s = (uint32_t)number("--duration", 1, 86400);
    o.hold_ms = (uint32_t)number("--hold", 0, 60000);
    o.rate = number("--rate", 0, UINT64_C(1000000000));
    o.step_ms = (int64_t)number("--step", 1000, DAY_MS) / 1000 * 1000;
    /* Whole hours: the same civil minutes on any day. */
    o.start_ms = tool_wall_ms() / 3600000 * 3600000 -
                 (int64_t)number("--days-back", 0, 10000) * DAY_MS;
    return run_load(&o);
}
