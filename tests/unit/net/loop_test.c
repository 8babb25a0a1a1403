#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/mailbox.h"
#include "server/net/loop.h"
#include "server/session/session.h"
#include "tests/support/door_world.h"
#include "tests/support/fake_log.h"
#include "tests/support/mqtt_bytes.h"

#define LOOPS 3
#define HEAD                                                                                       \
    "POST /v1/readings HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token-a\r\n"                   \
    "Content-Type: application/json\r\n"
#define EMPTY HEAD "Content-Length: 15\r\n\r\n{\"readings\":[]}"

static struct config config;
static struct session_shared *shared;
static struct directory *directory;
static struct net_loop *loops[LOOPS];
static struct mailbox used[LOOPS];
static struct waker waker;
static uint32_t loop_count;

static void
start(uint32_t count)
{
    char why[WHY_SIZE] = "";

    loop_count = count;
    config.ingest.loops = count;
    directory = door_world_directory(1, true, 1);
    shared = session_shared_new(count);
    ck_assert_uint_eq(waker_init(&waker), ST_OK);
    for (uint32_t i = 0; i < count; i++) {
        struct net_loop_options o = {.config = &config, .shared = shared, .index = i,
                                     .used_directories = &used[i],
                                     .first = i > 0 ? loops[0] : NULL};

        ck_assert_uint_eq(mailbox_init(&used[i], 4, &waker), ST_OK);
        loops[i] = net_loop_start(&o, why);
        ck_assert_msg(loops[i] != NULL, "%s", why);
        net_loop_begin(loops[i], fake_log_at(i), directory);
    }
}

static void
setup(void)
{
    fake_log_reset();
    door_world_config(&config);
}

static void
stop(void)
{
    for (uint32_t i = 0; i < loop_count; i++)
        net_loop_drain(loops[i], 1000);
    for (uint32_t i = 0; i < loop_count; i++) {
        net_loop_join(loops[i]);
        mailbox_fini(&used[i]);
    }
    session_shared_free(shared);
    directory_free(directory);
    waker_fini(&waker);
}

static int
connect_to(struct address at)
{
    int fd = socket(at.sock.ss_family, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&at.sock, at.sock_size), 0);
    return fd;
}

static int
http(void)
{
    return connect_to(net_loop_http_address(loops[0]));
}

static void
say(int fd, struct span s)
{
    ck_assert_int_eq(send(fd, s.at, s.size, MSG_NOSIGNAL), (ssize_t)s.size);
}

/* Until size bytes have come, the peer has closed, or some seconds have passed. */
static size_t
hear(int fd, char *out, size_t size)
{
    size_t got = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (got < size && poll(&p, 1, 5000) == 1) {
        ssize_t n = recv(fd, out + got, size - got, 0);

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    out[got] = '\0';
    return got;
}

/* The first answer's beginning. */
static void
expect_answer(int fd, const char *text)
{
    char out[64];

    hear(fd, out, strlen(text));
    ck_assert_str_eq(out, text);
}

static bool
is_closed(int fd)
{
    char out[4096];
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (poll(&p, 1, 5000) == 1) {
        ssize_t n = recv(fd, out, sizeof out, 0);

        if (n <= 0)
            return true;
    }
    return false;
}

START_TEST(a_request_is_answered_through_a_socket)
{
    int fd;

    start(1);
    fd = http();
    say(fd, span_text(EMPTY));
    expect_answer(fd, "HTTP/1.1 200 OK\r\n");
    close(fd);
    stop();
}
END_TEST

START_TEST(an_answer_survives_a_body_nobody_reads)
{
    static char body[1 << 20];
    int fd;

    start(1);
    fd = http();
    say(fd, span_text(HEAD "Content-Length: 99999999\r\n\r\n"));
    memset(body, ' ', sizeof body);
    (void)!send(fd, body, sizeof body / 2, MSG_NOSIGNAL);
    expect_answer(fd, "HTTP/1.1 413 ");
    ck_assert(is_closed(fd));
    close(fd);
    stop();
}
END_TEST

START_TEST(a_full_door_lets_the_next_wait)
{
    int fds[6];
    int late;
    struct pollfd p = {.events = POLLIN};

    config.http.max_connections = 5;
    start(1);
    for (int i = 0; i < 5; i++) {
        fds[i] = http();
        say(fds[i], span_text(EMPTY));
        expect_answer(fds[i], "HTTP/1.1 200 OK\r\n");
    }
    late = http();
    say(late, span_text(EMPTY));
    p.fd = late;
    ck_assert_int_eq(poll(&p, 1, 300), 0);
    close(fds[0]);
    expect_answer(late, "HTTP/1.1 200 OK\r\n");
    close(late);
    for (int i = 1; i < 5; i++)
        close(fds[i]);
    stop();
}
END_TEST

START_TEST(loops_share_one_address_and_clients_are_taken_over_across_them)
{
    int fds[24];
    char out[16];

    start(LOOPS);
    ck_assert_uint_eq(address_port(&(struct address){0}), 0);
    for (int i = 0; i < 24; i++) {
        fds[i] = connect_to(net_loop_mqtt_address(loops[0]));
        say(fds[i], mqtt_bytes_connect(5, "same", "gw-a", "token-a", 60));
        ck_assert_uint_ge(hear(fds[i], out, 4), 4);
        ck_assert_int_eq(out[3], 0);
        if (i > 0)
            ck_assert(is_closed(fds[i - 1]));
    }
    say(fds[23], span_of("\xc0\x00", 2));
    for (int i = 0; i < 24; i++)
        close(fds[i]);
    stop();
}
END_TEST

START_TEST(directories_are_handed_back)
{
    struct directory *newer;
    const struct directory *back = NULL;
    int fd;

    start(1);
    newer = door_world_directory(2, false, 1);
    fd = connect_to(net_loop_mqtt_address(loops[0]));
    say(fd, mqtt_bytes_connect(5, "c", "gw-a", "token-a", 60));
    net_loop_post_directory(loops[0], newer);
    for (int i = 0; i < 500 && back == NULL; i++) {
        usleep(10000);
        back = mailbox_take(&used[0]);
    }
    ck_assert_ptr_eq(back, directory);
    ck_assert(is_closed(fd));
    directory_free(directory);
    directory = newer;
    close(fd);
    stop();
}
END_TEST

START_TEST(a_drain_finishes_what_is_under_way)
{
    static const char good[] =
        HEAD "Content-Length: 30\r\n\r\n{\"values\":{\"E1\":1},\"q\":\"good\"}";
    int busy;
    int idle;

    start(1);
    fake_log_hold(true);
    busy = http();
    idle = http();
    say(busy, span_text(good));
    say(idle, span_text(EMPTY));
    expect_answer(idle, "HTTP/1.1 200 OK\r\n");
    while (fake_log_count() == 0)
        usleep(1000);
    net_loop_drain(loops[0], 3000);
    ck_assert(is_closed(idle));
    fake_log_hold(false);
    expect_answer(busy, "HTTP/1.1 200 OK\r\n");
    ck_assert(is_closed(busy));
    close(busy);
    close(idle);
    stop();
}
END_TEST

START_TEST(a_client_that_never_reads_is_reset)
{
    int fd;
    int small = 4096;
    ssize_t n = 0;
    char many[4096];
    size_t size = 0;
    static const char get[] = "GET /v1/points HTTP/1.1\r\nHost: a\r\n"
                              "Authorization: Bearer token-a\r\n\r\n";

    start(1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct address at = net_loop_http_address(loops[0]);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&at.sock, at.sock_size), 0);
    while (size + sizeof get < sizeof many) {
        memcpy(many + size, get, sizeof get - 1);
        size += sizeof get - 1;
    }
    /* The server stops reading at 64 KiB of answers, the rest waits in the sockets. */
    for (int i = 0; i < 100000 && n >= 0; i++)
        n = send(fd, many, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    ck_assert_int_eq(errno, EAGAIN);
    for (int i = 0; i < 150 && errno == EAGAIN; i++) {
        usleep(100000);
        n = send(fd, many, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            errno = EAGAIN;
    }
    ck_assert_msg(errno == ECONNRESET || errno == EPIPE, "%s", strerror(errno));
    close(fd);
    stop();
}
END_TEST

START_TEST(an_address_in_use_is_said)
{
    struct config second = config;
    char why[WHY_SIZE] = "";
    struct net_loop_options o = {.config = &second, .index = 0, .used_directories = &used[0]};

    start(1);
    second.http.listen = net_loop_http_address(loops[0]);
    o.shared = session_shared_new(1);
    ck_assert_ptr_null(net_loop_start(&o, why));
    ck_assert_ptr_nonnull(strstr(why, "http door: 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(why, "in use"));
    session_shared_free(o.shared);
    stop();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("loop");
    TCase *c = tcase_create("loop");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, a_request_is_answered_through_a_socket);
    tcase_add_test(c, an_answer_survives_a_body_nobody_reads);
    tcase_add_test(c, a_full_door_lets_the_next_wait);
    tcase_add_test(c, loops_share_one_address_and_clients_are_taken_over_across_them);
    tcase_add_test(c, directories_are_handed_back);
    tcase_add_test(c, a_drain_finishes_what_is_under_way);
    tcase_add_test(c, a_client_that_never_reads_is_reset);
    tcase_add_test(c, an_address_in_use_is_said);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
