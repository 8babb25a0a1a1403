/* Text of others made safe to show in a log line or an error message: one line, no terminal
 * controls, nothing that reorders or hides characters. Pure but for log_text's buffers. */
#ifndef METERD_BASE_LOG_ESCAPE_H
#define METERD_BASE_LOG_ESCAPE_H

#include <stddef.h>

#include "proto/span.h"

/* Writes s as a logfmt value into out (capacity >= 8 bytes, NUL-terminated): as it is when it is
 * plain; otherwise in quotes, with \" \\ and, for controls, bidirectional and invisible
 * characters and bytes that are not UTF-8, \xNN for each byte. What does not fit is cut at a
 * character and marked with "..." . Returns out. */
const char *log_escape(char *out, size_t capacity, struct span s);

/* Like log_escape in one of the calling thread's four buffers of 512 bytes, used in turn: good for
 * the arguments of one log_line. */
const char *log_text(struct span s);
const char *log_text_of(const char *text); /* NULL is shown as "" */

/* For log_line: copies size bytes of a finished line, only making single characters harmless.
 * Returns the bytes written, at most capacity. */
size_t log_escape_line(char *out, size_t capacity, const char *line, size_t size);

#endif
