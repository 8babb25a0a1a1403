/* The admin door: GET requests over HTTP/1.1 for a fixed table of pages, from loopback as a rule.
 * Thread: main, whose poll(2) loop it joins:
 *
 *     n = admin_fds(a, fds, max);
 *     poll(fds, n, admin_timeout_ms(a, now_ms));
 *     admin_handle(a, fds, n, now_ms);
 *
 * Nothing here blocks. One request a connection, then it is closed; at most ADMIN_CONNECTIONS_MAX
 * at once, ADMIN_DEADLINE_MS for each. */
#ifndef METERD_OPS_ADMIN_H
#define METERD_OPS_ADMIN_H

#include <poll.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/status.h"
#include "server/base/address.h"
#include "server/base/bounds.h"

struct admin;

/* Writes the body; returns the HTTP code, 200 or 503. Called on the main thread. */
typedef unsigned (*admin_write)(void *ctx, FILE *out);

struct admin_page {
    const char *path; /* "/readyz" */
    const char *content_type;
    admin_write write;
    void *ctx;
};

/* pages are borrowed until admin_close. ST_WORLD_DOWN: the address cannot be bound; why is a
 * sentence. An address that is off gives a door with no descriptors. */
enum status admin_open(const struct address *address, const struct admin_page *pages,
                       uint32_t page_count, struct admin **out, char why[WHY_SIZE]) MUST_USE;
void admin_close(struct admin *a);
/* Where it listens: with port 0 asked for, the port it got. */
struct address admin_address(const struct admin *a);

/* Fills in what to poll for; how many, at most max. ADMIN_FDS_MAX are enough. */
int admin_fds(struct admin *a, struct pollfd *out, int max);
/* Until the next deadline; -1: there is none. */
int admin_timeout_ms(const struct admin *a, int64_t now_ms);
/* What admin_fds filled in, after poll; others' descriptors among them are ignored. now_ms:
 * monotonic. */
void admin_handle(struct admin *a, const struct pollfd *fds, int count, int64_t now_ms);

#endif
