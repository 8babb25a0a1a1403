/* The registry's tables become a directory. A thread with its own connection polls the newest
 * revision once a second and builds a new directory when there is one (also when new names were
 * interned, at most every 10 s), handing it to the main thread through a mailbox. */
#ifndef METERD_STORE_REGISTRY_H
#define METERD_STORE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/base/directory.h"
#include "server/base/mailbox.h"

struct registry;

/* Blocking, for meterctl and start: reads the deployment row and checks the schema version.
 * ST_WORLD_DOWN: cannot connect; ST_NOT_FOUND: no schema, or another version. why: a sentence. */
enum status registry_read_deployment(const char *conninfo, struct deployment *out,
                                     char why[256]) MUST_USE;
/* Blocking: records the log's uuid in deployment.log_id when it has none; ST_CORRUPT when another
 * is recorded there. */
enum status registry_bind_log(const char *conninfo, const uint8_t uuid[16], char why[256]) MUST_USE;
/* Blocking: the directory of the newest revision. */
enum status registry_load(const char *conninfo, struct directory **out, char why[256]) MUST_USE;

/* Every new directory is posted to out (struct directory *). */
struct registry *registry_start(const char *conninfo, struct mailbox *out);
bool registry_database_ok(const struct registry *r);
void registry_stop(struct registry *r);

#endif
