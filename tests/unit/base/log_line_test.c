#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/base/log_line.h"
#include "tests/unit/base/suite.h"

static char text[65536];

/* Everything logged since the last call. */
static const char *
written(int fd)
{
    ssize_t n = read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static int
capture(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    log_fd_set(ends[1]);
    return ends[0];
}

START_TEST(a_line_has_time_level_and_text)
{
    int fd = capture(), year, part;
    char rest[100];

    log_line(LOG_WARN, "event=commit_retry partition=%u why=%s", 3, log_text_of("no answer"));
    ck_assert_int_eq(sscanf(written(fd), "time=%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ %99[^\n]", &year,
                            &part, rest), 3);
    ck_assert_str_eq(rest, "level=warn event=commit_retry partition=3 why=\"no answer\"");
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(lines_below_the_level_are_not_written)
{
    int fd = capture();

    log_line(LOG_DEBUG, "event=detail");
    ck_assert_str_eq(written(fd), "");
    log_level_set(LOG_DEBUG);
    log_line(LOG_DEBUG, "event=detail");
    ck_assert_ptr_nonnull(strstr(written(fd), "level=debug event=detail\n"));
}
END_TEST

START_TEST(a_line_stays_one_line_whatever_is_in_it)
{
    static char longest[2 * LOG_LINE_SIZE_MAX];
    int fd = capture();

    log_line(LOG_INFO, "event=x name=%s", "a\nb\x1b");
    ck_assert_ptr_nonnull(strstr(written(fd), "name=a\\x0Ab\\x1B\n"));
    memset(longest, '\n', sizeof(longest) - 1);
    log_line(LOG_INFO, "event=x name=%s", longest);
    ck_assert_ptr_eq(strchr(written(fd), '\n'), text + strlen(text) - 1);
    ck_assert_uint_le(strlen(text), LOG_LINE_SIZE_MAX);
}
END_TEST

static unsigned
lines(const char *s)
{
    unsigned count = 0;

    for (; *s != '\0'; s++)
        count += *s == '\n';
    return count;
}

START_TEST(a_call_site_that_floods_is_held_back_and_says_so)
{
    int fd = capture();

    for (int i = 0; i <= 1000; i++) {
        if (i == 1000) {
            ck_assert_uint_eq(lines(written(fd)), 20);
            usleep(600 * 1000);
        }
        log_line(LOG_ERROR, "event=flood i=%d", i);
    }
    ck_assert_ptr_nonnull(strstr(written(fd), "event=flood i=1000 suppressed=980\n"));
    log_line(LOG_ERROR, "event=elsewhere");
    ck_assert_ptr_nonnull(strstr(written(fd), "event=elsewhere\n"));
}
END_TEST

START_TEST(a_closed_log_is_no_fault)
{
    log_fd_set(-1);
    log_line(LOG_ERROR, "event=nobody_reads");
}
END_TEST

SUITE("log_line", a_line_has_time_level_and_text, lines_below_the_level_are_not_written,
      a_line_stays_one_line_whatever_is_in_it, a_call_site_that_floods_is_held_back_and_says_so,
      a_closed_log_is_no_fault)
