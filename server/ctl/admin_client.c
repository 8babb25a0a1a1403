/* HTTP/1.0, so that the answer ends with the connection and is never chunked. */
#include "server/ctl/admin_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SIZE_MAX ((size_t)4 << 20)
#define TIMEOUT_S 5

static enum status
fail(char why[WHY_SIZE], const char *what)
{
    snprintf(why, WHY_SIZE, "%s: %s", what, strerror(errno));
    return ST_WORLD_DOWN;
}

static int
connect_to(const struct address *at)
{
    struct timeval limit = {.tv_sec = TIMEOUT_S};
    int fd = socket(at->sock.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)&at->sock, at->sock_size) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Reads until the peer closes. */
static ssize_t
read_all(int fd, char *out, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = recv(fd, out + used, size - used, 0);

        if (n < 0)
            return -1;
        if (n == 0)
            return (ssize_t)used;
        used += (size_t)n;
    }
    errno = EMSGSIZE;
    return -1;
}

static enum status
take_body(char *answer, char **body, char why[WHY_SIZE])
{
    char *head_end = strstr(answer, "\r\n\r\n");

    if (head_end == NULL || strncmp(answer, "HTTP/1.", 7) != 0 ||
        (strncmp(answer + 8, " 200", 4) != 0 && strncmp(answer + 8, " 503", 4) != 0)) {
        snprintf(why, WHY_SIZE, "meterd answered \"%.60s\"", answer);
        return ST_WORLD_DOWN;
    }
    *body = strdup(head_end + 4);
    if (*body == NULL)
        abort();
    return ST_OK;
}

enum status
admin_get(const struct address *at, const char *path, char **body, char why[WHY_SIZE])
{
    char request[256];
    char *answer;
    ssize_t size;
    enum status st;
    int length, fd;

    *body = NULL;
    if (!at->is_on) {
        snprintf(why, WHY_SIZE, "[admin] listen is off");
        return ST_WORLD_DOWN;
    }
    fd = connect_to(at);
    if (fd < 0)
        return fail(why, "connect");
    length = snprintf(request, sizeof request,
                      "GET %s HTTP/1.0\r\nHost: meterd\r\nConnection: close\r\n\r\n", path);
    answer = malloc(ANSWER_SIZE_MAX + 1);
    if (answer == NULL)
        abort();
    size = send(fd, request, (size_t)length, MSG_NOSIGNAL) == length
               ? read_all(fd, answer, ANSWER_SIZE_MAX)
               : -1;
    close(fd);
    if (size < 0) {
        st = fail(why, "read");
    } else {
        answer[size] = '\0';
        st = take_body(answer, body, why);
    }
    free(answer);
    return st;
}
