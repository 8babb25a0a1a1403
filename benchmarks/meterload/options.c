/* The table of a command says which options there are; what is wrong ends the program at once. */
#include "benchmarks/meterload/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/tool.h"

static struct option *
find(struct option *options, unsigned count, const char *word)
{
    size_t size = strcspn(word, "=");

    for (unsigned i = 0; i < count; i++)
        if (strlen(options[i].name) == size && strncmp(options[i].name, word, size) == 0)
            return &options[i];
    tool_die(EX_USAGE, "%s: no such option; meterload --help lists them", word);
}

unsigned
options_read(struct option *options, unsigned count, char **arguments, const char **words,
             unsigned words_max)
{
    unsigned word_count = 0;

    for (char **at = arguments; *at != NULL; at++) {
        struct option *o;

        if (strncmp(*at, "--", 2) != 0) {
            if (word_count == words_max)
                tool_die(EX_USAGE, "%s: at most %u words here", *at, words_max);
            words[word_count++] = *at;
            continue;
        }
        o = find(options, count, *at);
        if (!o->has_value)
            o->value = "yes";
        else if (strchr(*at, '=') != NULL)
            o->value = strchr(*at, '=') + 1;
        else if (at[1] != NULL)
            o->value = *++at;
        else
            tool_die(EX_USAGE, "%s: its value is missing", *at);
    }
    return word_count;
}

const char *
options_value(const struct option *options, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            return options[i].value;
    assert(!"an option of the command's table");
    return NULL;
}

uint64_t
options_number(const struct option *options, unsigned count, const char *name, uint64_t low,
               uint64_t high)
{
    const char *text = options_value(options, count, name);
    char *end;
    uint64_t number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || !isdigit((unsigned char)text[0]) || number < low ||
        number > high)
        tool_die(EX_USAGE, "%s %s: a whole number from %" PRIu64 " to %" PRIu64 " would be right",
                 name, text, low, high);
    return number;
}
