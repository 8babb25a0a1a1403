/* The head of an admin request. Pure. */
#ifndef METERD_OPS_ADMIN_REQUEST_H
#define METERD_OPS_ADMIN_REQUEST_H

#include "proto/span.h"
#include "proto/status.h"

/* ST_AGAIN: the head is not complete. ST_FRAMING: not a request of HTTP/1. ST_BAD_TOPIC: a method
 * other than GET. On ST_OK the path without its query, a view into bytes. Header fields are not
 * looked at: no page depends on one. */
enum status admin_parse_request(struct span bytes, struct span *path) MUST_USE;

#endif
