/* meterd: arguments, configuration, start, wait for a signal, drain, exit code. */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/base/config.h"
#include "server/base/log_line.h"
#include "server/base/signals.h"
#include "server/pipeline.h"

#define FDS_MAX 128
#define TURN_MS 1000

struct arguments {
    const char *config;
    const char *role;
    bool check, dump;
};

static const char usage[] =
    "usage: meterd [--config FILE] [--role R] [--check-config] [--dump-config]\n"
    "              [--version] [--help]\n"
    "\n"
    "Takes meter readings from gateways, keeps them durably, and writes rollups to\n"
    "PostgreSQL. Runs in the foreground and logs to stderr; SIGTERM drains.\n"
    "\n"
    "  --config FILE   configuration, " CONFIG_PATH_DEFAULT " when not given\n"
    "  --role R        instead of [node] role\n"
    "  --check-config  report all faults of the configuration, exit 78 when there are any\n"
    "  --dump-config   print the whole configuration with defaults, as a valid file\n";

/* Exits for --help, --version and wrong arguments. */
static struct arguments
read_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"role", required_argument, NULL, 'r'},
        {"check-config", no_argument, NULL, 'k'}, {"dump-config", no_argument, NULL, 'd'},
        {"version", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments a = {.config = CONFIG_PATH_DEFAULT};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            a.config = optarg;
            break;
        case 'r':
            a.role = optarg;
            break;
        case 'k':
            a.check = true;
            break;
        case 'd':
            a.dump = true;
            break;
        case 'v':
            puts("meterd " METERD_VERSION);
            exit(EX_OK);
        case 'h':
            fputs(usage, stdout);
            exit(EX_OK);
        default:
            fputs(usage, stderr);
            exit(EX_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "meterd: unexpected argument %s\n%s", argv[optind], usage);
        exit(EX_USAGE);
    }
    return a;
}

/* Until a signal or the pipeline ends it. */
static int
serve(struct pipeline *p)
{
    struct pollfd fds[FDS_MAX];
    int exit_code = EX_OK;

    for (;;) {
        fds[0] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
        int count = 1 + pipeline_fds(p, fds + 1, FDS_MAX - 1);
        if (poll(fds, (nfds_t)count, TURN_MS) < 0)
            continue;
        enum signal_request request = signals_read();
        if (request == SIGNAL_STOP)
            return EX_OK;
        if (request == SIGNAL_RELOAD)
            log_line(LOG_WARN, "event=reload_refused why=\"this version reads its configuration at"
                     " start only; restart it\"");
        if (!pipeline_turn(p, fds + 1, count - 1, &exit_code))
            return exit_code;
    }
}

int
main(int argc, char **argv)
{
    static struct config cfg;
    int exit_code = EX_OK;

    if (signals_init() != ST_OK) {
        fputs("meterd: no file descriptor for signals\n", stderr);
        return EX_OSERR;
    }
    struct arguments a = read_arguments(argc, argv);
    unsigned faults = config_load(a.config, &cfg, stderr);
    if (a.role != NULL)
        faults += config_set_role(&cfg, a.role, stderr);
    if (faults > 0)
        return EX_CONFIG;
    if (a.dump)
        config_print(stdout, &cfg);
    if (a.check || a.dump)
        return EX_OK;

    log_line(LOG_INFO, "event=starting version=" METERD_VERSION " config=%s", a.config);
    struct pipeline *p = pipeline_start(&cfg, &exit_code);
    if (p == NULL)
        return exit_code;
    exit_code = serve(p);
    log_line(LOG_INFO, "event=stopping");
    pipeline_stop(p);
    log_line(LOG_INFO, "event=stopped exit=%d", exit_code);
    return exit_code;
}
