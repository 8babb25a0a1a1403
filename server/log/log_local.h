/* The log on this machine's disk: LMDB, one writer thread, group commit (design 4, Retention).
 * An acknowledged record has been written and synced; it is as durable as the disk.
 *
 * Used through log.h; this header is for log.c and for tests. One process a directory. */
#ifndef METERD_LOG_LOG_LOCAL_H
#define METERD_LOG_LOG_LOCAL_H

#include "server/log/log.h"

struct log_local_options {
    const char *path;   /* made when missing; its parent must exist; borrowed until open returns */
    int64_t size_bytes; /* of the file at most */
    int64_t keep_ms;    /* age at which records below the replay offset are removed */
    uint32_t partitions;
    uint8_t deployment_uuid[16];
};

/* As log_open. */
enum status log_local_open(const struct log_local_options *o, struct log **out,
                           char why[256]) MUST_USE;

#endif
