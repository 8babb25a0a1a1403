/* Time, level, the caller's text, all into one buffer on the stack, and one write.
 *
 * The rate of a call site is kept as the moment until which its lines are paid for: each line
 * costs an interval, and a site may be a whole burst in debt. One atomic number, so threads need
 * no lock to share a site. */
#include "server/base/log_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "server/base/now.h"

#define LINES_BURST 20
#define LINE_INTERVAL_MS 500

static _Atomic int level_min = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;

void
log_level_set(enum log_level min)
{
    atomic_store_explicit(&level_min, (int)min, memory_order_relaxed);
}

void
log_fd_set(int fd)
{
    atomic_store_explicit(&log_fd, fd, memory_order_relaxed);
}

static bool
site_may_write(struct log_site *site, int64_t now_ms)
{
    int64_t paid = atomic_load_explicit(&site->paid_until_ms, memory_order_relaxed);

    /* The loop ends: each failure means another thread wrote a line, and after a burst none may. */
    for (;;) {
        int64_t from = paid > now_ms ? paid : now_ms;

        if (from - now_ms > (LINES_BURST - 1) * LINE_INTERVAL_MS) {
            atomic_fetch_add_explicit(&site->suppressed, 1, memory_order_relaxed);
            return false;
        }
        if (atomic_compare_exchange_weak_explicit(&site->paid_until_ms, &paid,
                                                  from + LINE_INTERVAL_MS, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    }
}

/* vsnprintf-style length, clipped to what is really in the buffer. */
static size_t
clipped(int length, size_t capacity)
{
    if (length < 0)
        return 0;
    return (size_t)length < capacity ? (size_t)length : capacity - 1;
}

static size_t
write_head(char *out, size_t capacity, enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct timespec now;
    struct tm utc;
    size_t used;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    used = strftime(out, capacity, "time=%Y-%m-%dT%H:%M:%S", &utc);
    return used + clipped(snprintf(out + used, capacity - used, ".%03ldZ level=%s ",
                                   now.tv_nsec / 1000000, names[level]), capacity - used);
}

static void
write_all(const char *line, size_t size)
{
    ssize_t n;

    /* A log that cannot be written is no reason to stop; a cut line is better than a mixed one. */
    do {
        n = write(atomic_load_explicit(&log_fd, memory_order_relaxed), line, size);
    } while (n < 0 && errno == EINTR);
}

void
log_line_write(struct log_site *site, enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_SIZE_MAX], line[LOG_LINE_SIZE_MAX];
    uint64_t suppressed;
    size_t size, used;
    va_list arguments;

    if ((int)level < atomic_load_explicit(&level_min, memory_order_relaxed) ||
        !site_may_write(site, now_mono_ms()))
        return;
    va_start(arguments, format);
    size = clipped(vsnprintf(text, sizeof(text), format, arguments), sizeof(text));
    va_end(arguments);

    used = write_head(line, sizeof(line), level);
    /* 40 bytes stay free for the count of suppressed lines and the end of line. */
    used += log_escape_line(line + used, sizeof(line) - used - 40, text, size);
    suppressed = atomic_exchange_explicit(&site->suppressed, 0, memory_order_relaxed);
    if (suppressed > 0)
        used += clipped(snprintf(line + used, sizeof(line) - used, " suppressed=%llu",
                                 (unsigned long long)suppressed), sizeof(line) - used);
    line[used++] = '\n';
    write_all(line, used);
}
