/* meterctl: the operator's command. Words choose a row of the table, the row's function does the
 * work, its result is the exit code. --config, --json, --help and --version may stand anywhere. */
#include <string.h>
#include <sysexits.h>

#include "server/ctl/ctl.h"

static const struct ctl_command commands[] = {
    {"db", "init", ctl_db_init,
     "[--slot 15min] [--utc-offset +08:00] [--partitions 16] [--past-max 400d]\n"
     "      [--future-max 10min] [--late-after 1h] [--province 530000] [--province-name NAME]",
     "make the schema in an existing, empty database, or compare it"},
    {"db", "migrate", ctl_db_migrate, "", "upgrade the schema to this program's version"},
    {"db", "status", ctl_db_status, "", "compare the schema's version with this program's"},
    {"registry", "import", ctl_registry_import, "DIR [--dry-run] [--force]",
     "check DIR's CSV files as a whole and apply them as one new revision"},
    {"gateway", "token", ctl_gateway_token, "NAME",
     "make a new token for a gateway, print it once"},
    {"status", NULL, ctl_status, "", "partitions, connections, what is degraded and why"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

struct globals {
    const char *config_path;
    bool json, help, version;
};

static void
print_help(void)
{
    printf("usage: meterctl [--config FILE] [--json] COMMAND ...\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct ctl_command *c = &commands[i];

        printf("  %s%s%s %s\n      %s\n", c->group, c->name == NULL ? "" : " ",
               c->name == NULL ? "" : c->name, c->usage, c->does);
    }
    printf("\n  --config FILE  meterd's configuration; default %s\n"
           "  --json         print JSON\n  --help, --version\n\n"
           "Exit codes are those of sysexits.h: 0 done, 64 usage, 65 data or settings do not\n"
           "agree, 69 meterd or database away, 78 configuration.\n",
           CONFIG_PATH_DEFAULT);
}

/* Takes the global options out of argv; returns how many words are left, or -1 after saying what is
 * wrong. */
static int
take_globals(int argc, char **argv, struct globals *g)
{
    int left = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            g->json = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            g->help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            g->version = true;
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            g->config_path = argv[i] + 9;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            g->config_path = argv[++i];
        } else if (strcmp(argv[i], "--config") == 0) {
            ctl_fail(EX_USAGE, "--config", "its value is missing", "name a file");
            return -1;
        } else {
            argv[left++] = argv[i];
        }
    }
    return left;
}

static const struct ctl_command *
find_command(int argc, char **argv)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct ctl_command *c = &commands[i];

        if (argc < 1 || strcmp(argv[0], c->group) != 0)
            continue;
        if (c->name == NULL || (argc > 1 && strcmp(argv[1], c->name) == 0))
            return c;
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    struct globals g = {.config_path = CONFIG_PATH_DEFAULT};
    static struct ctl ctl;
    int left = take_globals(argc, argv, &g);
    const struct ctl_command *c = left < 0 ? NULL : find_command(left, argv);
    int words, code;

    if (left < 0)
        return EX_USAGE;
    if (g.version) {
        printf("meterctl %s\n", METERD_VERSION);
        return 0;
    }
    if (g.help) {
        print_help();
        return 0;
    }
    if (c == NULL)
        return ctl_fail(EX_USAGE, left == 0 ? "no command" : argv[0],
                        left == 0 ? "" : "there is no such command", "see meterctl --help");
    ctl.json = g.json;
    if (config_load(g.config_path, &ctl.config, stderr) > 0)
        return EX_CONFIG;
    words = c->name == NULL ? 1 : 2;
    code = c->run(&ctl, left - words, argv + words);
    if (fflush(stdout) != 0 && code == 0)
        return ctl_fail(EX_IOERR, "standard output", "it cannot be written", "");
    return code;
}
