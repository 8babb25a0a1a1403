/* Numbers with units, as meterd.conf and the command lines write them: `2ms`, `5min`, `64KiB`.
 * A whole number directly followed by its unit. Pure. */
#ifndef METERD_BASE_CONFIG_VALUE_H
#define METERD_BASE_CONFIG_VALUE_H

#include <stdint.h>

#include "proto/status.h"

#define CONFIG_VALUE_TEXT_SIZE 32 /* with the NUL */

/* ST_MALFORMED: another form, or beyond 63 bits. *out is set on ST_OK only. */
enum status config_parse_count(const char *text, uint64_t *out) MUST_USE;
enum status config_parse_size(const char *text, uint64_t *bytes) MUST_USE;  /* B KiB MiB GiB */
enum status config_parse_duration(const char *text, uint64_t *ms) MUST_USE; /* ms s min h d */

/* The shortest text that is read back as the same number. Return out. */
const char *config_size_text(uint64_t bytes, char out[CONFIG_VALUE_TEXT_SIZE]);
const char *config_duration_text(uint64_t ms, char out[CONFIG_VALUE_TEXT_SIZE]);

#endif
