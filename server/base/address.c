/* inet_pton decides what an address is; this file only finds the colon before the port and the
 * brackets of IPv6. */
#include "server/base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool
parse_port(const char *text, uint16_t *port)
{
    uint32_t value = 0;
    size_t size = strlen(text);

    if (size == 0 || size > 5)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

static bool
parse_host(const char *host, uint16_t port, struct address *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    size_t size = strlen(host);

    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        char inner[ADDRESS_TEXT_SIZE];

        memcpy(inner, host + 1, size - 2);
        inner[size - 2] = '\0';
        if (inet_pton(AF_INET6, inner, &v6.sin6_addr) != 1)
            return false;
        memcpy(&out->sock, &v6, sizeof(v6));
        out->sock_size = sizeof(v6);
        return true;
    }
    if (inet_pton(AF_INET, host, &v4.sin_addr) != 1)
        return false;
    memcpy(&out->sock, &v4, sizeof(v4));
    out->sock_size = sizeof(v4);
    return true;
}

enum status
address_parse(const char *text, struct address *out)
{
    const char *colon = strrchr(text, ':');
    char host[ADDRESS_TEXT_SIZE];
    uint16_t port;

    memset(out, 0, sizeof(*out));
    if (text[0] == '\0')
        return ST_OK;
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) || !parse_port(colon + 1, &port))
        return ST_MALFORMED;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    if (!parse_host(host, port, out)) {
        memset(out, 0, sizeof(*out));
        return ST_MALFORMED;
    }
    out->is_on = true;
    return ST_OK;
}

struct address
address_of(const struct sockaddr *sock)
{
    struct address a;

    assert(sock->sa_family == AF_INET || sock->sa_family == AF_INET6);
    memset(&a, 0, sizeof(a));
    a.is_on = true;
    a.sock_size = sock->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                             : sizeof(struct sockaddr_in6);
    memcpy(&a.sock, sock, a.sock_size);
    return a;
}

unsigned
address_port(const struct address *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (!a->is_on)
        return 0;
    if (a->sock.ss_family == AF_INET) {
        memcpy(&v4, &a->sock, sizeof(v4));
        return ntohs(v4.sin_port);
    }
    memcpy(&v6, &a->sock, sizeof(v6));
    return ntohs(v6.sin6_port);
}

const char *
address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    out[0] = '\0';
    if (!a->is_on)
        return out;
    if (a->sock.ss_family == AF_INET) {
        memcpy(&v4, &a->sock, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
        snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", host, address_port(a));
    } else {
        memcpy(&v6, &a->sock, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
        snprintf(out, ADDRESS_TEXT_SIZE, "[%s]:%u", host, address_port(a));
    }
    return out;
}
