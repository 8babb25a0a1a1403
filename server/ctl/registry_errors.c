/* A growing list, sorted when it is printed. */
#include "server/ctl/registry_errors.h"

#include <stdarg.h>
#include <stdlib.h>

#include "server/ctl/registry_files.h"

void
registry_errors_fini(struct registry_errors *e)
{
    for (uint32_t i = 0; i < e->count; i++)
        free(e->at[i].text);
    free(e->at);
    *e = (struct registry_errors){0};
}

/* Cells are shown as they are, but never more than a line, and never to a terminal's command. */
static void
make_plain(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void
registry_errors_add(struct registry_errors *e, const char *file, uint32_t line,
                    const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int size;

    if (e->count == REGISTRY_ERRORS_MAX) {
        e->more++;
        return;
    }
    va_start(args, format);
    size = vasprintf(&text, format, args);
    va_end(args);
    if (e->count == e->capacity) {
        e->capacity = e->capacity == 0 ? 64 : 2 * e->capacity;
        e->at = realloc(e->at, e->capacity * sizeof *e->at);
    }
    if (size < 0 || e->at == NULL)
        abort();
    make_plain(text);
    e->at[e->count++] = (struct registry_error){file, line, text};
}

static int
compare_errors(const void *a, const void *b)
{
    const struct registry_error *x = a, *y = b;
    int file = (int)registry_file_of(x->file) - (int)registry_file_of(y->file);

    if (file != 0)
        return file;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return strcmp(x->text, y->text);
}

void
registry_errors_print(struct registry_errors *e, const char *dir, FILE *to)
{
    if (e->count > 0)
        qsort(e->at, e->count, sizeof *e->at, compare_errors);
    for (uint32_t i = 0; i < e->count; i++) {
        const struct registry_error *error = &e->at[i];

        fprintf(to, "%s/%s", dir, error->file);
        if (error->line > 0)
            fprintf(to, ":%u", error->line);
        fprintf(to, ": %s\n", error->text);
    }
    if (e->more > 0)
        fprintf(to, "and %llu more\n", (unsigned long long)e->more);
}
