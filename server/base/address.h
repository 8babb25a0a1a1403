/* HOST:PORT of a door. HOST is a numeric IPv4 address or an IPv6 address in brackets: nothing is
 * resolved, so nothing can block. Plain values; any thread. */
#ifndef METERD_BASE_ADDRESS_H
#define METERD_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "proto/status.h"

#define ADDRESS_TEXT_SIZE 64 /* with the NUL: [39 characters]:65535 */

/* Zero bytes everywhere is the address of a door that is off. */
struct address {
    bool is_on;
    struct sockaddr_storage sock; /* AF_INET or AF_INET6, ready for bind. */
    socklen_t sock_size;
};

/* "" turns the door off; port 0 asks the system for a free one. ST_MALFORMED: anything else. */
enum status address_parse(const char *text, struct address *out) MUST_USE;
/* Writes HOST:PORT as address_parse reads it, for one that is off "". Returns out. */
const char *address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);
/* As getsockname gave it. AF_INET and AF_INET6 only. */
struct address address_of(const struct sockaddr *sock);
/* 0 when off. */
unsigned address_port(const struct address *a);

#endif
