/* inih finds sections, keys and values; this file feeds it one line at a time, which is how it
 * knows the line of every fault, and reports what inih passes over in silence.
 *
 * Leading blanks are cut off before inih sees a line: it would take an indented line for the
 * continuation of the value above. */
#include "server/base/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/config_option.h"
#include "server/base/config_value.h"
#include "server/base/log_escape.h"

#define FILE_SIZE_MAX (256u * 1024)
#define LINE_SIZE_MAX 4096

struct loader {
    const char *path;
    FILE *errors;
    struct config *config;
    unsigned error_count;
    const char *next; /* The rest of the file. */
    unsigned line;
    bool awaits_key;      /* inih must find a key on this line. */
    bool in_bad_section;  /* Reported once; its keys are not. */
    unsigned seen[OPTION_COUNT]; /* The line of each key; 0: not given. */
};

static void report(struct loader *l, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
report(struct loader *l, unsigned line, const char *format, ...)
{
    va_list arguments;

    l->error_count++;
    fprintf(l->errors, "%s:%u: ", l->path, line);
    va_start(arguments, format);
    vfprintf(l->errors, format, arguments);
    va_end(arguments);
    fputc('\n', l->errors);
}

/* Sections, and keys of a section, as a list for a message. */
static const char *
list_names(const char *section, char *out, size_t capacity)
{
    const char *last = "";
    size_t used = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < OPTION_COUNT && used < capacity; i++) {
        const struct option *o = &options[i];

        if (section == NULL && strcmp(o->section, last) != 0)
            used += (size_t)snprintf(out + used, capacity - used, " [%s]", o->section);
        if (section != NULL && strcmp(o->section, section) == 0)
            used += (size_t)snprintf(out + used, capacity - used, " %s", o->key);
        last = o->section;
    }
    return out;
}

static bool
section_is_known(const char *name, size_t size)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (strlen(options[i].section) == size && memcmp(options[i].section, name, size) == 0)
            return true;
    return false;
}

static void
check_section_line(struct loader *l, const char *line)
{
    const char *end = strchr(line, ']');
    char known[256];
    size_t size;

    l->in_bad_section = true;
    if (end == NULL) {
        report(l, l->line, "%s has no ], [section] would be right", log_text_of(line));
        return;
    }
    size = (size_t)(end - line) - 1;
    if (!section_is_known(line + 1, size)) {
        report(l, l->line, "section [%s] is unknown, one of%s would be right",
               log_text(span_of(line + 1, size)), list_names(NULL, known, sizeof(known)));
        return;
    }
    l->in_bad_section = false;
    end += 1 + strspn(end + 1, " \t");
    if (*end != '\0' && *end != ';' && *end != '#')
        report(l, l->line, "%s follows the section on its line, a line of its own would be right",
               log_text_of(end));
}

/* Looks at a line (without its end) before inih does. False: inih shall not see it. */
static bool
check_line(struct loader *l, const char *line)
{
    l->awaits_key = false;
    if (line[0] == '\0' || line[0] == ';' || line[0] == '#')
        return false;
    if (line[0] == '[') {
        check_section_line(l, line);
        return !l->in_bad_section;
    }
    l->awaits_key = true;
    return true;
}

static void
finish_line(struct loader *l)
{
    if (l->awaits_key && !l->in_bad_section)
        report(l, l->line, "the line has no =, key = value would be right");
    l->awaits_key = false;
}

/* inih's fgets. Lines that it shall not see arrive as empty ones. */
static char *
read_line(char *out, int capacity, void *context)
{
    struct loader *l = context;
    const char *start;
    size_t size;

    finish_line(l);
    if (*l->next == '\0')
        return NULL;
    l->line++;
    start = l->next;
    l->next += strcspn(start, "\n");
    size = (size_t)(l->next - start);
    l->next += *l->next == '\n';
    while (size > 0 && strchr(" \t\r\v\f", start[size - 1]) != NULL)
        size--;
    while (size > 0 && strchr(" \t\v\f", *start) != NULL) {
        start++;
        size--;
    }
    out[0] = '\0';
    if (size + 2 > (size_t)capacity) {
        report(l, l->line, "the line has %zu bytes, at most %d would be right", size,
               capacity - 2);
        size = 0;
    }
    memcpy(out, start, size);
    out[size] = '\0';
    if (!check_line(l, out))
        out[0] = '\0';
    strcat(out, "\n");
    return out;
}

static void
take_key(struct loader *l, unsigned index, const char *value)
{
    char fault[FAULT_SIZE];

    if (l->seen[index] != 0) {
        report(l, l->line, "%s is given again, only line %u would be right", options[index].key,
               l->seen[index]);
        return;
    }
    l->seen[index] = l->line;
    if (option_set(&options[index], value, l->config, fault) != ST_OK)
        report(l, l->line, "%s", fault);
}

/* inih's handler; 1: go on, all faults are to be found. */
static int
on_key(void *context, const char *section, const char *key, const char *value)
{
    struct loader *l = context;
    char known[256];

    l->awaits_key = false;
    if (l->in_bad_section)
        return 1;
    if (section[0] == '\0') {
        report(l, l->line, "key %s stands before any section, one of%s above it would be right",
               log_text_of(key), list_names(NULL, known, sizeof(known)));
        return 1;
    }
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options[i].section, section) != 0 || strcmp(options[i].key, key) != 0)
            continue;
        take_key(l, i, value);
        return 1;
    }
    report(l, l->line, "key %s of [%s] is unknown, one of%s would be right", log_text_of(key),
           section, list_names(section, known, sizeof(known)));
    return 1;
}

/* Checks of several keys together; only once each of them is right by itself. */
static void
check_together(struct loader *l)
{
    const struct config *c = l->config;
    uint64_t largest = c->http.body_max_bytes > c->mqtt.packet_max_bytes
                           ? c->http.body_max_bytes
                           : c->mqtt.packet_max_bytes;
    uint64_t needed = c->ingest.loops * 2 * largest;
    unsigned line = l->seen[OPTION_ingest_memory];
    char have[CONFIG_VALUE_TEXT_SIZE], need[CONFIG_VALUE_TEXT_SIZE];

    if (c->ingest.memory_bytes >= needed)
        return;
    if (line == 0)
        line = l->seen[OPTION_ingest_loops];
    report(l, line,
           "[ingest] memory = %s is too little for two of the largest messages in each loop, at "
           "least %s would be right",
           config_size_text(c->ingest.memory_bytes, have), config_size_text(needed, need));
}

/* The file's text, NUL-terminated and to be freed; NULL: reported. */
static char *
read_file(struct loader *l)
{
    FILE *f = fopen(l->path, "re");
    char *text = NULL;
    size_t size = 0;
    bool failed = f == NULL;

    if (f != NULL) {
        text = malloc(FILE_SIZE_MAX + 1);
        errno = ENOMEM;
        if (text != NULL)
            size = fread(text, 1, FILE_SIZE_MAX, f);
        failed = text == NULL || ferror(f) != 0;
    }
    if (failed)
        report(l, 0, "the file cannot be read (%s), --config FILE with a readable file would be "
               "right", strerror(errno));
    else if (size == FILE_SIZE_MAX)
        report(l, 0, "the file is too long, less than %u bytes would be right", FILE_SIZE_MAX);
    else if (memchr(text, '\0', size) != NULL)
        report(l, 0, "the file has a zero byte, text would be right");
    if (f != NULL)
        fclose(f);
    if (l->error_count > 0) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

void
config_default(struct config *out)
{
    char fault[FAULT_SIZE];

    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        enum status st = option_set(&options[i], options[i].initial, out, fault);

        assert(st == ST_OK);
    }
}

unsigned
config_load(const char *path, struct config *out, FILE *errors)
{
    struct loader l = {.path = path, .errors = errors, .config = out};
    char *text;

    config_default(out);
    text = read_file(&l);
    if (text == NULL)
        return l.error_count;
    l.next = text;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) /* A byte order mark. */
        l.next += 3;
    ini_use_stack = false;
    ini_initial_alloc = LINE_SIZE_MAX;
    ini_max_line = LINE_SIZE_MAX;
    if (ini_parse_stream(read_line, &l, on_key, &l) == -2)
        report(&l, 0, "there is no memory to read the file, more would be right");
    finish_line(&l);
    free(text);
    if (l.error_count == 0)
        check_together(&l);
    return l.error_count;
}

unsigned
config_set_role(struct config *c, const char *role, FILE *errors)
{
    struct loader l = {.path = "--role", .errors = errors, .config = c};
    char fault[FAULT_SIZE];

    if (option_set(&options[OPTION_node_role], role, c, fault) != ST_OK)
        report(&l, 0, "%s", fault);
    return l.error_count;
}

void
config_print(FILE *out, const struct config *c)
{
    const char *section = "";

    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];

        if (o->kind == KIND_RESERVED)
            continue;
        if (strcmp(o->section, section) != 0)
            fprintf(out, "%s[%s]\n", section[0] == '\0' ? "" : "\n", o->section);
        section = o->section;
        fprintf(out, "%s = ", o->key);
        option_print(out, o, c);
        fputc('\n', out);
    }
}
