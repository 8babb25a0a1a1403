/* The log of the process: one line per change of state, `event=... key=value`, on stderr. Never one
 * per reading: readings are counted. Any thread; a line is one write(2), so lines do not mix.
 *
 *     log_line(LOG_WARN, "event=commit_retry partition=%u why=%s", part, log_text(span));
 *
 * Text that is not ours (peers', files', the database's) goes through log_text or log_escape. */
#ifndef METERD_BASE_LOG_LINE_H
#define METERD_BASE_LOG_LINE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/log_escape.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* What a call site remembers: it may write 20 lines at once and 2 a second after that; how many
 * were held back is said by its next line (`suppressed=N`). */
struct log_site {
    _Atomic int64_t paid_until_ms;
    _Atomic uint64_t suppressed;
};

/* Writes `time=... level=... ` and the formatted text. The line is cut at LOG_LINE_SIZE_MAX;
 * control and other deceiving characters in it are shown as \xNN whatever the caller did. */
#define LOG_LINE_SIZE_MAX 2048
#define log_line(level, ...)                                                                       \
    do {                                                                                           \
        static struct log_site log_site_here;                                                      \
        log_line_write(&log_site_here, (level), __VA_ARGS__);                                      \
    } while (0)

void log_line_write(struct log_site *site, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Lines below the level are not written. LOG_INFO until set. */
void log_level_set(enum log_level min);
/* Where lines go; 2 until set. For tests. */
void log_fd_set(int fd);

#endif
