/* Names that were in no directory when they were first seen here: how many an enterprise has added
 * since the directory was made. Bounds what can be invented (design 4). Thread: the ingest loop. */
#ifndef METERD_INGEST_NAMES_H
#define METERD_INGEST_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

struct names;
struct directory;

struct names *names_new(void) MUST_USE; /* NULL: no memory */
void names_free(struct names *n);
/* Forgets everything: the new directory knows the names. */
void names_reset(struct names *n);
/* A name the directory does not know. known_count: the unregistered names it does know of that
 * enterprise. ST_TOO_MANY_NAMES: it is new, and one too many. */
enum status names_note(struct names *n, uint32_t enterprise, uint32_t known_count,
                       struct span name) MUST_USE;

#endif
