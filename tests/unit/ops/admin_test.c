/* The admin door over real sockets: one thread plays main's loop and the client in turn. */
#include "server/ops/admin.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/now.h"
#include "server/ops/admin_request.h"

static struct admin *door;
static int64_t now_ms = 1000000;
static size_t large_size;

static unsigned
write_ready(void *ctx, FILE *out)
{
    fputs("{\"ready\":false}\n", out);
    return *(unsigned *)ctx;
}

static unsigned
write_large(void *ctx, FILE *out)
{
    (void)ctx;
    for (size_t i = 0; i < large_size; i++)
        fputc('x', out);
    return 200;
}

static unsigned ready_code = 503;
static const struct admin_page pages[] = {
    {"/readyz", "application/json", write_ready, &ready_code},
    {"/large", "text/plain", write_large, NULL},
};

static void
setup(void)
{
    struct address a;
    char why[WHY_SIZE];

    ck_assert_int_eq(address_parse("127.0.0.1:0", &a), ST_OK);
    ck_assert_int_eq(admin_open(&a, pages, 2, &door, why), ST_OK);
}

static void
teardown(void)
{
    admin_close(door);
}

/* One turn of main's loop, waiting a little at most. */
static int
turn(void)
{
    struct pollfd fds[ADMIN_FDS_MAX];
    int count = admin_fds(door, fds, ADMIN_FDS_MAX);

    poll(fds, (nfds_t)count, 10);
    admin_handle(door, fds, count, now_ms);
    return count;
}

static int
connect_client(void)
{
    struct address a = admin_address(door);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&a.sock, a.sock_size), 0);
    return fd;
}

static void
send_text(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), 0), strlen(text));
}

/* Turns the loop until the door has closed its side; what came, and its size. */
static char *
receive_all(int fd, size_t *size)
{
    size_t capacity = 4 * 1024 * 1024;
    char *text = calloc(1, capacity);

    *size = 0;
    for (int i = 0; i < 10000; i++) {
        ssize_t n = recv(fd, text + *size, capacity - 1 - *size, MSG_DONTWAIT);

        if (n == 0)
            return text;
        if (n > 0)
            *size += (size_t)n;
        else
            ck_assert(errno == EAGAIN);
        turn();
    }
    ck_abort_msg("no end of the answer");
    return text;
}

static void
expect_answer(const char *request, const char *status_line)
{
    int fd = connect_client();
    size_t size;
    char *text;

    send_text(fd, request);
    text = receive_all(fd, &size);
    ck_assert_msg(strncmp(text, status_line, strlen(status_line)) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    close(fd);
    turn();
}

START_TEST(page_is_answered_with_its_code_and_type)
{
    int fd = connect_client();
    size_t size;
    char *text;

    send_text(fd, "GET /readyz?verbose=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    text = receive_all(fd, &size);
    ck_assert_str_eq(text, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                           "Content-Length: 16\r\nCache-Control: no-store\r\n"
                           "Connection: close\r\n\r\n{\"ready\":false}\n");
    free(text);
    close(fd);
}
END_TEST

START_TEST(other_requests_are_refused)
{
    expect_answer("GET /nothing HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ");
    expect_answer("POST /readyz HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ");
    expect_answer("hello\r\n\r\n", "HTTP/1.1 400 ");
    expect_answer("GET /readyz HTTP/2.0\r\n\r\n", "HTTP/1.1 400 ");
    expect_answer("GET http://x/readyz HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ");
}
END_TEST

START_TEST(request_may_come_byte_by_byte)
{
    const char *request = "GET /readyz HTTP/1.0\r\n\r\n";
    int fd = connect_client();
    size_t size;
    char *text;

    for (size_t i = 0; request[i] != '\0'; i++) {
        ck_assert_int_eq(send(fd, request + i, 1, 0), 1);
        turn();
    }
    text = receive_all(fd, &size);
    ck_assert_ptr_nonnull(strstr(text, "{\"ready\":false}"));
    free(text);
    close(fd);
}
END_TEST

START_TEST(head_that_is_too_large_is_refused)
{
    char request[ADMIN_REQUEST_SIZE_MAX + 100];

    memset(request, 'a', sizeof request);
    memcpy(request, "GET /readyz HTTP/1.1\r\nX: ", 25);
    request[sizeof request - 1] = '\0';
    expect_answer(request, "HTTP/1.1 431 ");
}
END_TEST

START_TEST(large_answer_waits_for_a_slow_reader)
{
    int fd = connect_client();
    size_t size;
    char *text;

    large_size = 3 * 1024 * 1024;
    send_text(fd, "GET /large HTTP/1.1\r\n\r\n");
    for (int i = 0; i < 20; i++)
        turn();
    text = receive_all(fd, &size);
    ck_assert_uint_gt(size, large_size);
    ck_assert_int_eq(text[size - 1], 'x');
    free(text);
    close(fd);
}
END_TEST

START_TEST(silent_connection_is_closed_at_its_deadline)
{
    int fd = connect_client();
    char byte;

    turn();
    ck_assert_int_eq(admin_timeout_ms(door, now_ms), ADMIN_DEADLINE_MS);
    now_ms += ADMIN_DEADLINE_MS;
    ck_assert_int_eq(admin_timeout_ms(door, now_ms), 0);
    turn();
    ck_assert_int_eq(admin_timeout_ms(door, now_ms), -1);
    ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
    close(fd);
}
END_TEST

START_TEST(connections_beyond_the_bound_wait)
{
    int fd[ADMIN_CONNECTIONS_MAX];

    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        fd[i] = connect_client();
    turn();
    ck_assert_int_eq(turn(), ADMIN_CONNECTIONS_MAX); /* Without the listener. */
    close(fd[0]);
    turn();
    ck_assert_int_eq(turn(), ADMIN_CONNECTIONS_MAX); /* With it. */
    expect_answer("GET /readyz HTTP/1.1\r\n\r\n", "HTTP/1.1 503 ");
    for (int i = 1; i < ADMIN_CONNECTIONS_MAX; i++)
        close(fd[i]);
}
END_TEST

START_TEST(taken_port_is_said)
{
    struct address a = admin_address(door);
    struct admin *second;
    char why[WHY_SIZE];

    ck_assert_int_eq(admin_open(&a, pages, 2, &second, why), ST_WORLD_DOWN);
    ck_assert_ptr_nonnull(strstr(why, "cannot listen on 127.0.0.1:"));
}
END_TEST

START_TEST(door_that_is_off_has_nothing_to_poll)
{
    struct address off = {0};
    struct admin *a;
    struct pollfd fds[ADMIN_FDS_MAX];
    char why[WHY_SIZE];

    ck_assert_int_eq(admin_open(&off, pages, 2, &a, why), ST_OK);
    ck_assert_int_eq(admin_fds(a, fds, ADMIN_FDS_MAX), 0);
    ck_assert_int_eq(admin_timeout_ms(a, now_ms), -1);
    admin_close(a);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("admin");
    TCase *t = tcase_create("admin");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, page_is_answered_with_its_code_and_type);
    tcase_add_test(t, other_requests_are_refused);
    tcase_add_test(t, request_may_come_byte_by_byte);
    tcase_add_test(t, head_that_is_too_large_is_refused);
    tcase_add_test(t, large_answer_waits_for_a_slow_reader);
    tcase_add_test(t, silent_connection_is_closed_at_its_deadline);
    tcase_add_test(t, connections_beyond_the_bound_wait);
    tcase_add_test(t, taken_port_is_said);
    tcase_add_test(t, door_that_is_off_has_nothing_to_poll);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
