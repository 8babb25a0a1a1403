/* Lines to fields, hex to bytes, statuses to names. Uses Check's assertions: these files are part
 * of the tests. */
#include "tests/support/vector_file.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void
vector_file_open(struct vector_file *v, const char *path)
{
    *v = (struct vector_file){.path = path, .file = fopen(path, "r")};
    ck_assert_msg(v->file != NULL, "cannot open %s", path);
}

static char *
trim(char *s)
{
    size_t size;

    while (isspace((unsigned char)*s))
        s++;
    for (size = strlen(s); size > 0 && isspace((unsigned char)s[size - 1]); size--)
        s[size - 1] = 0;
    return s;
}

static unsigned
split(struct vector_file *v)
{
    char *rest = v->text;
    unsigned n = 0;

    while (rest != NULL && n < VECTOR_FIELDS_MAX) {
        char *bar = strchr(rest, '|');

        if (bar != NULL)
            *bar = 0;
        v->field[n++] = trim(rest);
        rest = bar == NULL ? NULL : bar + 1;
    }
    ck_assert_msg(rest == NULL, "%s:%u: too many fields", v->path, v->line);
    return n;
}

bool
vector_file_next(struct vector_file *v, unsigned field_count)
{
    while (getline(&v->text, &v->capacity, v->file) >= 0) {
        unsigned n;

        v->line++;
        if (v->text[0] == '#' || trim(v->text)[0] == 0)
            continue;
        n = split(v);
        ck_assert_msg(n == field_count, "%s:%u: %u fields, not %u", v->path, v->line, n,
                      field_count);
        v->count++;
        return true;
    }
    return false;
}

void
vector_file_close(struct vector_file *v)
{
    fclose(v->file);
    free(v->text);
}

static unsigned
digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, tolower((unsigned char)c));

    ck_assert_msg(c != 0 && at != NULL, "'%c' is no hex digit", c);
    return (unsigned)(at - digits);
}

struct span
vector_bytes(const char *hex)
{
    uint8_t *wide = malloc(strlen(hex) / 2 + 1);
    size_t size = 0;
    uint8_t *exact;

    ck_assert_ptr_nonnull(wide);
    for (; *hex != 0; hex++) {
        if (isspace((unsigned char)*hex))
            continue;
        wide[size++] = (uint8_t)(digit_of(hex[0]) << 4 | digit_of(hex[1]));
        hex++;
    }
    exact = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, wide, size);
    free(wide);
    return span_of(exact, size);
}

void
vector_free(struct span s)
{
    union {
        const uint8_t *in;
        void *out;
    } at = {s.at};

    free(at.out);
}

const char *
vector_status_name(enum status st)
{
    static const char *const names[] = {
#define STATUS(name, mqtt, http, fate, code, text) #name,
#include "proto/statuses.def"
#undef STATUS
    };

    ck_assert_uint_lt(st, ST_COUNT);
    return names[st];
}
