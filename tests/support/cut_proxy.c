/* Copies bytes both ways between a client and the server. What the client sends is searched for the
 * statement text "commit", what the server answers for its command tag "COMMIT". */
#include "tests/support/cut_proxy.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME ".s.PGSQL.5432"

struct matcher {
    const char *word; /* with its NUL */
    size_t matched;
};

struct cut_proxy {
    char dir[64];
    char server[128];
    int listener;
    pthread_t thread;
    _Atomic int when, times, cuts;
    _Atomic uint64_t bytes_left;
    _Atomic bool stopping;
};

static bool
matches(struct matcher *m, const char *at, size_t size)
{
    size_t whole = strlen(m->word) + 1;

    for (size_t i = 0; i < size; i++) {
        if (at[i] != m->word[m->matched])
            m->matched = 0;
        if (at[i] == m->word[m->matched] && ++m->matched == whole) {
            m->matched = 0;
            return true;
        }
    }
    return false;
}

static bool
write_all(int fd, const char *at, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static int
connect_server(const struct cut_proxy *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, p->server);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

struct link {
    struct cut_proxy *proxy;
    int client, server;
    bool answer_held; /* commit went through; wait for the server's answer, pass nothing on */
    struct matcher statement, tag;
};

static bool
cut_now(struct link *l)
{
    atomic_fetch_add(&l->proxy->cuts, 1);
    atomic_fetch_sub(&l->proxy->times, 1);
    return false;
}

/* False: the link ends. */
static bool
from_client(struct link *l, const char *at, size_t size)
{
    bool armed = atomic_load(&l->proxy->times) > 0;
    int when = atomic_load(&l->proxy->when);

    if (armed && when == CUT_AT_BYTE) {
        uint64_t left = atomic_load(&l->proxy->bytes_left);

        if (size >= left) {
            write_all(l->server, at, (size_t)left);
            return cut_now(l);
        }
        atomic_fetch_sub(&l->proxy->bytes_left, size);
    }
    if (matches(&l->statement, at, size) && armed) {
        if (when == CUT_BEFORE_COMMIT)
            return cut_now(l);
        l->answer_held = when == CUT_BEFORE_ANSWER;
    }
    return write_all(l->server, at, size);
}

static bool
from_server(struct link *l, const char *at, size_t size)
{
    bool committed = matches(&l->tag, at, size);

    if (l->answer_held)
        return committed ? cut_now(l) : true;
    return write_all(l->client, at, size);
}

static void
serve(struct link *l)
{
    char buffer[65536];
    struct pollfd fds[2] = {{.fd = l->client, .events = POLLIN},
                            {.fd = l->server, .events = POLLIN}};

    while (!atomic_load(&l->proxy->stopping)) {
        if (poll(fds, 2, 50) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            ssize_t n;

            if (fds[i].revents == 0)
                continue;
            n = read(fds[i].fd, buffer, sizeof buffer);
            if (n <= 0 ||
                !(i == 0 ? from_client(l, buffer, (size_t)n) : from_server(l, buffer, (size_t)n)))
                return;
        }
    }
}

static void *
run(void *context)
{
    struct cut_proxy *p = context;

    while (!atomic_load(&p->stopping)) {
        struct pollfd waiting = {.fd = p->listener, .events = POLLIN};
        struct link l = {.proxy = p, .statement = {.word = "commit"}, .tag = {.word = "COMMIT"}};

        if (poll(&waiting, 1, 50) <= 0)
            continue;
        l.client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        l.server = connect_server(p);
        if (l.client >= 0 && l.server >= 0)
            serve(&l);
        close(l.client);
        close(l.server);
    }
    return NULL;
}

struct cut_proxy *
cut_proxy_start(const char *server_dir)
{
    struct cut_proxy *p = calloc(1, sizeof *p);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(p->dir, "/tmp/meterd-cut-XXXXXX");
    if (mkdtemp(p->dir) == NULL)
        abort();
    snprintf(p->server, sizeof p->server, "%s/" SOCKET_NAME, server_dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/" SOCKET_NAME, p->dir);
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(p->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(p->listener, 8) != 0 || pthread_create(&p->thread, NULL, run, p) != 0)
        abort();
    return p;
}

const char *
cut_proxy_dir(const struct cut_proxy *p)
{
    return p->dir;
}

void
cut_proxy_arm(struct cut_proxy *p, enum cut_when when, uint64_t at_byte, int times)
{
    atomic_store(&p->when, (int)when);
    atomic_store(&p->bytes_left, at_byte);
    atomic_store(&p->times, times);
}

int
cut_proxy_cuts(const struct cut_proxy *p)
{
    return atomic_load(&p->cuts);
}

void
cut_proxy_stop(struct cut_proxy *p)
{
    char path[128];

    atomic_store(&p->stopping, true);
    pthread_join(p->thread, NULL);
    close(p->listener);
    snprintf(path, sizeof path, "%s/" SOCKET_NAME, p->dir);
    unlink(path);
    rmdir(p->dir);
    free(p);
}
