/* Small things every command needs. */
#include "server/ctl/ctl.h"

#include <assert.h>
#include <string.h>
#include <sysexits.h>

int
ctl_fail(int code, const char *what, const char *why, const char *hint)
{
    fprintf(stderr, "meterctl: %s", what);
    if (why[0] != '\0')
        fprintf(stderr, ": %s", why);
    if (hint[0] != '\0')
        fprintf(stderr, ": %s", hint);
    fputc('\n', stderr);
    return code;
}

int
ctl_fail_database(enum status st, const char *why)
{
    if (st == ST_NOT_FOUND)
        return ctl_fail(EX_DATAERR, "the database does not fit", why, "");
    return ctl_fail(EX_UNAVAILABLE, "the database refused", why,
                    "see conninfo in [database] of the configuration");
}

static struct ctl_option *
find_option(struct ctl_option *options, unsigned count, const char *word)
{
    size_t size = strcspn(word, "=");

    for (unsigned i = 0; i < count; i++)
        if (strlen(options[i].name) == size && strncmp(options[i].name, word, size) == 0)
            return &options[i];
    return NULL;
}

/* Takes the value from after '=' or from the next word. */
static int
take_value(struct ctl_option *o, int argc, char **argv, int *at)
{
    const char *equals = strchr(argv[*at], '=');

    o->is_given = true;
    if (!o->has_value)
        return equals == NULL ? 0
                              : ctl_fail(EX_USAGE, o->name, "it has no value", "leave out =...");
    if (equals != NULL) {
        o->value = equals + 1;
        return 0;
    }
    if (*at + 1 == argc)
        return ctl_fail(EX_USAGE, o->name, "its value is missing", "see meterctl --help");
    *at += 1;
    o->value = argv[*at];
    return 0;
}

int
ctl_read_options(struct ctl_option *options, unsigned count, int argc, char **argv,
                 const char **words, unsigned wanted)
{
    unsigned found = 0;

    for (int i = 0; i < argc; i++) {
        struct ctl_option *o;
        int code;

        if (strncmp(argv[i], "--", 2) != 0) {
            if (found == wanted)
                return ctl_fail(EX_USAGE, argv[i], "one word too many", "see meterctl --help");
            words[found++] = argv[i];
            continue;
        }
        o = find_option(options, count, argv[i]);
        if (o == NULL)
            return ctl_fail(EX_USAGE, argv[i], "the command has no such option",
                            "see meterctl --help");
        code = take_value(o, argc, argv, &i);
        if (code != 0)
            return code;
    }
    if (found < wanted)
        return ctl_fail(EX_USAGE, "the command", "a word is missing", "see meterctl --help");
    return 0;
}

void
ctl_print_json_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(to, "\\%c", *p);
        else if (*p < 0x20)
            fprintf(to, "\\u%04x", *p);
        else
            fputc(*p, to);
    }
    fputc('"', to);
}
