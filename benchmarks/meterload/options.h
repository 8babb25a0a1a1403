/* Command-line options: "--name VALUE" or "--name=VALUE", and other words. */
#ifndef METERD_BENCHMARKS_METERLOAD_OPTIONS_H
#define METERD_BENCHMARKS_METERLOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct option {
    const char *name; /* "--rate" */
    bool has_value;
    const char *value; /* out; before: the default. "yes" for one without a value that is given */
};

/* Ends the program with a sentence when an option is not known, or lacks its value. words: room for
 * words_max others; returns how many there are. */
unsigned options_read(struct option *options, unsigned count, char **arguments,
                      const char **words, unsigned words_max);
const char *options_value(const struct option *options, unsigned count, const char *name);
/* A whole number between the limits, or the end. */
uint64_t options_number(const struct option *options, unsigned count, const char *name,
                        uint64_t low, uint64_t high);

#endif
