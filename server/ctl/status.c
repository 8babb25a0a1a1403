/* meterctl status: what the database says about each partition, and what the running meterd says
 * about itself. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/ctl/admin_client.h"
#include "server/ctl/ctl.h"
#include "server/store/progress.h"

struct view {
    struct progress rows[PARTITIONS_MAX];
    uint32_t count;
    int64_t newest_revision;
    enum status database;
    char database_why[WHY_SIZE];
    char *answer; /* of meterd; NULL: away */
    char answer_why[WHY_SIZE];
};

static void
print_table(const struct view *v)
{
    printf("%9s %14s %-24s %8s %8s %9s\n", "partition", "next offset", "complete until", "inbox",
           "refolds", "revision");
    for (uint32_t i = 0; i < v->count; i++) {
        const struct progress *p = &v->rows[i];

        printf("%9u %14lld %-24s %8lld %8lld %9lld\n", p->partition, (long long)p->next_offset,
               p->complete_until[0] == '\0' ? "-" : p->complete_until, (long long)p->inbox,
               (long long)p->refold_work, (long long)p->registry_revision);
    }
    printf("registry revision %lld\n", (long long)v->newest_revision);
}

/* JSON made readable: a line for each member, without the marks. Strings are left alone. */
static void
print_lines(const char *json)
{
    bool is_text = false;
    int depth = 0;

    for (const char *p = json; *p != '\0'; p++) {
        bool is_quote = *p == '"' && (p == json || p[-1] != '\\');

        is_text ^= is_quote;
        if (is_text || is_quote) {
            if (!is_quote)
                putchar(*p);
        } else if (*p == '{' || *p == '[') {
            depth++;
            printf("\n%*s", 2 * (depth - 1), "");
        } else if (*p == '}' || *p == ']') {
            depth--;
        } else if (*p == ',') {
            printf("\n%*s", 2 * (depth > 0 ? depth - 1 : 0), "");
        } else if (*p == ':') {
            printf(": ");
        } else if (*p != '\n' && *p != ' ') {
            putchar(*p);
        }
    }
    putchar('\n');
}

static void
print_text(const struct view *v)
{
    if (v->database == ST_OK)
        print_table(v);
    if (v->answer != NULL) {
        printf("meterd:");
        print_lines(v->answer);
    }
}

static void
print_json(const struct view *v)
{
    size_t size = v->answer == NULL ? 0 : strlen(v->answer);

    while (size > 0 && v->answer[size - 1] == '\n')
        size--;
    printf("{\"partitions\":[");
    for (uint32_t i = 0; i < v->count; i++) {
        const struct progress *p = &v->rows[i];

        printf("%s{\"partition\":%u,\"next_offset\":%lld,\"complete_until\":", i > 0 ? "," : "",
               p->partition, (long long)p->next_offset);
        if (p->complete_until[0] == '\0')
            printf("null");
        else
            ctl_print_json_text(stdout, p->complete_until);
        printf(",\"inbox\":%lld,\"refold_work\":%lld,\"registry_revision\":%lld}",
               (long long)p->inbox, (long long)p->refold_work, (long long)p->registry_revision);
    }
    printf("],\"registry_revision\":%lld,\"meterd\":%.*s}\n", (long long)v->newest_revision,
           size == 0 ? 4 : (int)size, size == 0 ? "null" : v->answer);
}

int
ctl_status(struct ctl *ctl, int argc, char **argv)
{
    struct view *v;
    int code = ctl_read_options(NULL, 0, argc, argv, NULL, 0);

    if (code != 0)
        return code;
    v = calloc(1, sizeof *v);
    if (v == NULL)
        abort();
    v->database = progress_read(ctl->config.database.conninfo, v->rows, &v->count,
                                &v->newest_revision, v->database_why);
    if (admin_get(&ctl->config.admin.listen, "/status", &v->answer, v->answer_why) != ST_OK)
        code = ctl_fail(EX_UNAVAILABLE, "meterd is away", v->answer_why,
                        "see [admin] listen of the configuration");
    if (v->database != ST_OK)
        code = ctl_fail_database(v->database, v->database_why);
    if (ctl->json)
        print_json(v);
    else
        print_text(v);
    free(v->answer);
    free(v);
    return code;
}
