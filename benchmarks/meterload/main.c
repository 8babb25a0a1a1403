/* meterload: readings through meterd's front doors, and the proof that they arrived. The first word
 * chooses the command. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/check.h"
#include "benchmarks/meterload/options.h"
#include "benchmarks/meterload/replay.h"
#include "benchmarks/meterload/run.h"
#include "benchmarks/meterload/tool.h"

#define LEDGERS_MAX 16

static const char help[] =
    "usage: meterload replay [OPTIONS] FILE...\n"
    "  Sends the readings of files (columns meter,timestamp_utc,...,value,flag; plain or gzip) and\n"
    "  sends again what is not acknowledged, until everything is.\n"
    "  --registry DIR       points.csv and gateways.csv; default deploy/sample/registry\n"
    "  --tokens FILE        gateway,token; default deploy/sample/tokens.csv\n"
    "  --door http|mqtt|both  default both\n"
    "  --http HOST:PORT     default 127.0.0.1:8080\n"
    "  --mqtt HOST:PORT     default 127.0.0.1:1883\n"
    "  --connections N      default 8; a gateway is sent for by one connection\n"
    "  --in-flight N        messages of a connection not acknowledged yet; default 8\n"
    "  --batch N            readings a message; default 1000\n"
    "  --rate N             readings a second; default 0: as fast as they are accepted\n"
    "  --order file|time|random, --seed S   inside a gateway; default file, 1\n"
    "  --repeats PERCENT    so many messages are sent twice\n"
    "  --corrections PERCENT  so many readings are sent with a wrong value first\n"
    "  --ledger FILE        what was sent and acknowledged, on disk; an existing one is continued\n"
    "  --patience S         give up after so long without an answer; default 300\n"
    "  --progress           print how far it is\n"
    "  Exit codes: 0 all acknowledged, 1 some refused, 69 no answers, 75 stopped.\n"
    "\n"
    "usage: meterload run [OPTIONS]\n"
    "  Sends made-up readings of gateways load-00000 ... (token load-token-00000 ..., points E0000\n"
    "  ...; `benchmarks/run --registry DIR` writes their registry), and prints rate and latencies.\n"
    "  --gateways N         default 100\n"
    "  --connections N      a multiple of the gateways; default as many\n"
    "  --batch N            readings a message, each of another point; default 100\n"
    "  --duration S         default 10\n"
    "  --rate N             readings a second, latency from the scheduled time; default 0: closed\n"
    "  --in-flight N        messages of a connection not acknowledged yet; default 1 (HTTP: 1)\n"
    "  --door http|mqtt     default mqtt; --http, --mqtt HOST:PORT as above\n"
    "  --shape values|rows  of the JSON; default values\n"
    "  --step MS            from message to message of a connection; default 900000\n"
    "  --days-back D        the first message's time; default 390\n"
    "  --hold MS            pause between the last connection and the first message; default 0\n"
    "\n"
    "usage: meterload check [--conninfo CONNINFO] [--wait S] LEDGER...\n"
    "  Holds acknowledged to be part of stored, and stored to be part of sent, reading by reading,\n"
    "  and the value that counts to be the last in the log; tries for S seconds, since readings are\n"
    "  written some time after they are counted (flush_age). Exit codes: 0 it is so, 1 it is not.\n";

/* clang-format off */
static struct option replay_options[] = {
    {"--registry", true, "deploy/sample/registry"}, {"--tokens", true, "deploy/sample/tokens.csv"},
    {"--door", true, "both"}, {"--http", true, "127.0.0.1:8080"}, {"--mqtt", true, "127.0.0.1:1883"},
    {"--connections", true, "8"}, {"--in-flight", true, "8"}, {"--batch", true, "1000"},
    {"--rate", true, "0"}, {"--order", true, "file"}, {"--seed", true, "1"},
    {"--repeats", true, "0"}, {"--corrections", true, "0"}, {"--ledger", true, NULL},
    {"--patience", true, "300"}, {"--progress", false, NULL},
};
static struct option check_options[] = {
    {"--conninfo", true, "dbname=meterd"}, {"--wait", true, "0"},
};
/* clang-format on */
#define COUNT(array) (unsigned)(sizeof(array) / sizeof((array)[0]))

static const char *
value(const char *name)
{
    return options_value(replay_options, COUNT(replay_options), name);
}

static uint64_t
number(const char *name, uint64_t low, uint64_t high)
{
    return options_number(replay_options, COUNT(replay_options), name, low, high);
}

static enum plan_order
read_order(const char *text)
{
    if (strcmp(text, "file") == 0)
        return ORDER_FILE;
    if (strcmp(text, "time") == 0)
        return ORDER_TIME;
    if (strcmp(text, "random") == 0)
        return ORDER_RANDOM;
    tool_die(EX_USAGE, "--order %s: file, time or random would be right", text);
}

static int
replay(char **arguments)
{
    struct replay_options o = {0};
    const char *door;

    o.plan.file_count = options_read(replay_options, COUNT(replay_options), arguments,
                                     o.plan.files, PLAN_FILES_MAX);
    if (o.plan.file_count == 0)
        tool_die(EX_USAGE, "replay: name at least one file of readings");
    door = value("--door");
    if (strcmp(door, "http") != 0 && strcmp(door, "mqtt") != 0 && strcmp(door, "both") != 0)
        tool_die(EX_USAGE, "--door %s: http, mqtt or both would be right", door);
    o.plan.registry_dir = value("--registry");
    o.plan.tokens_path = value("--tokens");
    o.plan.order = read_order(value("--order"));
    o.plan.seed = number("--seed", 0, UINT64_MAX);
    o.plan.batch = (uint32_t)number("--batch", 1, PLAN_BATCH_MAX);
    o.plan.repeats_percent = (uint32_t)number("--repeats", 0, 100);
    o.plan.corrections_percent = (uint32_t)number("--corrections", 0, 100);
    o.http = strcmp(door, "mqtt") == 0 ? NULL : value("--http");
    o.mqtt = strcmp(door, "http") == 0 ? NULL : value("--mqtt");
    o.ledger = value("--ledger");
    o.connections = (unsigned)number("--connections", strcmp(door, "both") == 0 ? 2 : 1,
                                     CONNECTIONS_MAX);
    o.in_flight = (unsigned)number("--in-flight", 1, 1024);
    o.rate = number("--rate", 0, 1000000000);
    o.patience_s = (unsigned)number("--patience", 1, 86400);
    o.has_progress = value("--progress") != NULL;
    return replay_run(&o);
}

static int
check(char **arguments)
{
    const char *ledgers[LEDGERS_MAX];
    unsigned count =
        options_read(check_options, COUNT(check_options), arguments, ledgers, LEDGERS_MAX);

    if (count == 0)
        tool_die(EX_USAGE, "check: name at least one ledger");
    return check_run(ledgers, count,
                     options_value(check_options, COUNT(check_options), "--conninfo"),
                     (unsigned)options_number(check_options, COUNT(check_options), "--wait", 0,
                                              86400));
}

int
main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";

    if (strcmp(command, "replay") == 0)
        return replay(argv + 2);
    if (strcmp(command, "run") == 0)
        return run_command(argv + 2);
    if (strcmp(command, "check") == 0)
        return check(argv + 2);
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        fputs(help, stdout);
        return EX_OK;
    }
    if (strcmp(command, "--version") == 0) {
        puts("meterload " METERD_VERSION);
        return EX_OK;
    }
    fputs(help, stderr);
    return EX_USAGE;
}
