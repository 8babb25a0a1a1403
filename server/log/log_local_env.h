/* The LMDB environment of the local log: which databases there are, how keys look, who it belongs
 * to, how much of it is used. Internal to log_local*.c; with them the only user of lmdb.h.
 *
 * Databases: `meta` (format, uuid, deployment, partitions, one end offset a partition), `times`
 * (partition and offset -> ms when that offset was written), and one for the records of each
 * partition (offset -> record). All numbers are big-endian, so that keys sort as numbers. */
#ifndef METERD_LOG_LOG_LOCAL_ENV_H
#define METERD_LOG_LOG_LOCAL_ENV_H

#include <lmdb.h>

#include "proto/status.h"
#include "server/base/bounds.h"
#include "server/log/log.h"

#define LOCAL_PAGE_SIZE 4096 /* what "size" is counted in; LMDB takes the system's page size */

struct local_env {
    MDB_env *env; /* NULL while it could not be opened again */
    MDB_dbi meta;
    MDB_dbi times;
    MDB_dbi records[PARTITIONS_MAX];
};

/* Creates or opens the files in the directory `path`, which exists, for `partitions` partitions.
 * ST_WORLD_DOWN: LMDB or the system refused; why says it. */
enum status local_env_open(struct local_env *e, const char *path, size_t size_bytes,
                           uint32_t partitions, char why[256]) MUST_USE;
void local_env_close(struct local_env *e);

/* Writes the identity into a new log; checks it in one that exists. Gives the log's own uuid.
 * ST_MISMATCH: another deployment's, another format, or more partitions than asked for. */
enum status local_env_identify(struct local_env *e, const uint8_t deployment_uuid[16],
                               uint32_t partitions, uint8_t uuid[16], char why[256]) MUST_USE;

/* First offset there is (the end when there is none) and first offset not yet given. 0 or an LMDB
 * error. */
int local_env_offsets(const struct local_env *e, MDB_txn *txn, uint32_t partition, int64_t *first,
                      int64_t *end);
int local_env_put_end(const struct local_env *e, MDB_txn *txn, uint32_t partition, int64_t end);

/* Bytes of the file that hold something: pages ever used less those on LMDB's free list. */
int local_env_used_bytes(const struct local_env *e, int64_t *used);

/* Gives the file blocks of the disk for its first `upto` bytes, *allocated of which it has already.
 * LMDB reports a write cut short by a full disk as EIO; asked before, a full disk is told from a
 * broken one. 0, ENOSPC, EDQUOT or EFBIG; filesystems that cannot do it count as having room. */
int local_env_allocate(const struct local_env *e, int64_t upto, int64_t *allocated);
/* Bytes of the file up to the last page ever used. */
int64_t local_env_file_bytes(const struct local_env *e);

/* What a record takes: large ones have pages of their own. */
int64_t local_record_cost_bytes(uint32_t size);

struct local_key { /* a key's bytes, and the MDB_val that names them */
    uint8_t bytes[12];
    size_t size;
};

struct local_key local_record_key(int64_t offset);
struct local_key local_time_key(uint32_t partition, int64_t offset);
uint32_t local_load32(const uint8_t *at);
int64_t local_load64(const uint8_t *at);

static inline MDB_val
local_key_val(struct local_key *k)
{
    return (MDB_val){k->size, k->bytes};
}

#endif
