/* One request to meterd's admin listener. Blocking, with a deadline. */
#ifndef METERD_CTL_ADMIN_CLIENT_H
#define METERD_CTL_ADMIN_CLIENT_H

#include <stddef.h>

#include "proto/status.h"
#include "server/base/address.h"
#include "server/base/bounds.h"

/* GET path; *body is the answer's body, ended by NUL; the caller frees it. ST_WORLD_DOWN: nobody
 * answers, or not with 200 or 503 in time; why. */
enum status admin_get(const struct address *at, const char *path, char **body,
                      char why[WHY_SIZE]) MUST_USE;

#endif
