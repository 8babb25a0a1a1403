/* meterctl registry import: check a directory of CSV files as a whole, apply it as one new revision
 * or not at all. */
#include <stdlib.h>
#include <sysexits.h>

#include "server/base/now.h"
#include "server/ctl/ctl.h"
#include "server/ctl/registry_check.h"
#include "server/ctl/registry_files.h"
#include "server/store/registry.h"

static const char *const act_words[ACT_COUNT] = {"add", "change", "remove"};

struct teller {
    struct registry_errors *errors;
    bool json;
    uint32_t count; /* changes told */
};

static void
tell_wrong(void *ctx, enum registry_file file, uint32_t line, const char *what)
{
    struct teller *t = ctx;

    registry_errors_add(t->errors, registry_file_name(file), line, "%s", what);
}

static void
tell_change(void *ctx, enum registry_file file, uint32_t line, enum registry_act act,
            const char *what)
{
    struct teller *t = ctx;

    if (t->json) {
        printf("%s{\"file\":\"%s\",\"line\":%u,\"act\":\"%s\",\"what\":",
               t->count++ == 0 ? "{\"changes\":[" : ",\n", registry_file_name(file), line,
               act_words[act]);
        ctl_print_json_text(stdout, what);
        putchar('}');
    } else {
        printf("%s:%u: %s %s\n", registry_file_name(file), line, act_words[act], what);
    }
}

static void
print_json_result(const struct registry_import_options *o, const struct registry_import_result *r,
                  const struct teller *t)
{
    printf("%s", t->count > 0 ? "],\n" : o->dry_run ? "{\"changes\":[],\n" : "{");
    printf("\"revision\":%lld,\"changed\":%s,\"applied\":%s,\"needs_force\":%s",
           (long long)r->revision, r->is_changed ? "true" : "false",
           r->is_changed && !o->dry_run ? "true" : "false", r->needs_force ? "true" : "false");
    for (uint32_t f = 0; f < REGISTRY_FILE_COUNT; f++)
        printf(",\"%s\":{\"add\":%llu,\"change\":%llu,\"remove\":%llu}",
               registry_file_name((enum registry_file)f), (unsigned long long)r->rows[f][ACT_ADD],
               (unsigned long long)r->rows[f][ACT_CHANGE],
               (unsigned long long)r->rows[f][ACT_REMOVE]);
    printf("}\n");
}

static void
print_text_result(const struct registry_import_options *o, const struct registry_import_result *r)
{
    for (uint32_t f = 0; f < REGISTRY_FILE_COUNT; f++)
        if (r->rows[f][ACT_ADD] + r->rows[f][ACT_CHANGE] + r->rows[f][ACT_REMOVE] > 0)
            printf("%s: %llu added, %llu changed, %llu removed\n",
                   registry_file_name((enum registry_file)f),
                   (unsigned long long)r->rows[f][ACT_ADD],
                   (unsigned long long)r->rows[f][ACT_CHANGE],
                   (unsigned long long)r->rows[f][ACT_REMOVE]);
    if (!r->is_changed)
        printf("nothing changes: revision %lld is what the files say\n", (long long)r->revision);
    else if (o->dry_run)
        printf("dry run: nothing was changed; revision is %lld\n", (long long)r->revision);
    else
        printf("revision %lld\n", (long long)r->revision);
    if (r->needs_force)
        printf("%llu of %llu points counted now would no longer be: the import needs --force\n",
               (unsigned long long)r->lost, (unsigned long long)r->counted);
}

static int
refuse(const char *dir, struct registry_errors *errors)
{
    char why[64];

    registry_errors_print(errors, dir, stderr);
    snprintf(why, sizeof why, "%llu errors", (unsigned long long)(errors->count + errors->more));
    return ctl_fail(EX_DATAERR, dir, why, "nothing was changed");
}

static int
refuse_loss(const struct registry_import_result *r)
{
    char why[128];

    snprintf(why, sizeof why, "%llu of %llu points counted now would no longer be",
             (unsigned long long)r->lost, (unsigned long long)r->counted);
    return ctl_fail(EX_DATAERR, "more than 1 % of the points", why,
                    "nothing was changed; say --force if that is meant");
}

static int
apply(const struct ctl *ctl, const char *dir, struct registry_rows *files,
      struct registry_import_options *o, struct registry_errors *errors)
{
    struct teller teller = {.errors = errors, .json = ctl->json};
    struct registry_import_sink sink = {tell_wrong, tell_change, &teller};
    struct registry_import_result result;
    char why[WHY_SIZE];
    enum status st;

    /* With errors too: what is wrong with the other rows is told together with them. */
    o->check_only = errors->count > 0;
    st = registry_import(ctl->config.database.conninfo, files, o, &sink, &result, why);
    if (errors->count > 0)
        return refuse(dir, errors);
    if (st == ST_MALFORMED)
        return refuse_loss(&result);
    if (st != ST_OK)
        return ctl_fail_database(st, why);
    if (ctl->json)
        print_json_result(o, &result, &teller);
    else
        print_text_result(o, &result);
    return 0;
}

static int
import(const struct ctl *ctl, const char *dir, struct registry_import_options *o)
{
    struct registry_rows files[REGISTRY_ROWS_COUNT] = {{0}};
    struct registry_errors errors = {0};
    struct registry_check check = {.errors = &errors, .now_ms = o->now_ms};
    struct deployment deployment;
    char why[WHY_SIZE];
    int code;
    enum status st = registry_read_deployment(ctl->config.database.conninfo, &deployment, why);

    if (st != ST_OK)
        return ctl_fail_database(st, why);
    check.utc_offset_ms = deployment.utc_offset_ms;
    st = registry_check_directory(&check, dir, files, why);
    if (st != ST_OK)
        code = ctl_fail(EX_NOINPUT, "registry", why, "name the directory that holds them");
    else
        code = apply(ctl, dir, files, o, &errors);
    for (uint32_t f = 0; f < REGISTRY_ROWS_COUNT; f++)
        registry_rows_fini(&files[f]);
    registry_errors_fini(&errors);
    return code;
}

int
ctl_registry_import(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_option options[] = {{"--dry-run", false, NULL, false},
                                   {"--force", false, NULL, false}};
    const char *dir;
    struct registry_import_options o = {.now_ms = now_wall_ms()};
    int code = ctl_read_options(options, 2, argc, argv, &dir, 1);

    if (code != 0)
        return code;
    o.dry_run = options[0].is_given;
    o.force = options[1].is_given;
    return import(ctl, dir, &o);
}
