/* Opening, identifying and measuring the local log's LMDB environment.
 * The identity is written in the same transaction that makes the databases: after a crash there
 * is a whole log or an empty file. */
#include "server/log/log_local_env.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define READERS_MAX 16 /* the consumer, the measuring, and an operator's mdb_stat */

static const char format_name[] = "meterd-log-1";

static void
store32(uint8_t *at, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(at, &v, sizeof v);
}

static void
store64(uint8_t *at, int64_t n)
{
    uint64_t v = __builtin_bswap64((uint64_t)n);

    memcpy(at, &v, sizeof v);
}

uint32_t
local_load32(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof v);
    return __builtin_bswap32(v);
}

int64_t
local_load64(const uint8_t *at)
{
    uint64_t v;

    memcpy(&v, at, sizeof v);
    return (int64_t)__builtin_bswap64(v);
}

struct local_key
local_record_key(int64_t offset)
{
    struct local_key k = {.size = 8};

    assert(offset >= 0);
    store64(k.bytes, offset);
    return k;
}

struct local_key
local_time_key(uint32_t partition, int64_t offset)
{
    struct local_key k = {.size = 12};

    assert(offset >= 0);
    store32(k.bytes, partition);
    store64(k.bytes + 4, offset);
    return k;
}

static struct local_key
end_key(uint32_t partition)
{
    struct local_key k = {.size = 5};

    k.bytes[0] = 'e';
    store32(k.bytes + 1, partition);
    return k;
}

/* --- Opening. --- */

static int
open_databases(struct local_env *e, uint32_t partitions)
{
    MDB_txn *txn;
    char name[16];
    int rc = mdb_txn_begin(e->env, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &e->meta);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "times", MDB_CREATE, &e->times);
    for (uint32_t p = 0; rc == 0 && p < partitions; p++) {
        snprintf(name, sizeof name, "p%u", p);
        rc = mdb_dbi_open(txn, name, MDB_CREATE, &e->records[p]);
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

/* LMDB syncs the file's bytes; that the file exists at all is the directory's business. */
static int
sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = 0;

    if (fd < 0)
        return errno;
    if (fsync(fd) != 0)
        rc = errno;
    close(fd);
    return rc;
}

enum status
local_env_open(struct local_env *e, const char *path, size_t size_bytes, uint32_t partitions,
               char why[256])
{
    int rc = mdb_env_create(&e->env);

    assert(partitions > 0 && partitions <= PARTITIONS_MAX);
    if (rc == 0)
        rc = mdb_env_set_mapsize(e->env, size_bytes);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(e->env, partitions + 2);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(e->env, READERS_MAX);
    /* NOTLS: a read transaction belongs to the code that opened it, not to its thread. */
    if (rc == 0)
        rc = mdb_env_open(e->env, path, MDB_NOTLS | MDB_NOMEMINIT, 0640);
    /* After an error the page cache may differ from the disk: make them agree before writing. */
    if (rc == 0)
        rc = mdb_env_sync(e->env, 1);
    if (rc == 0)
        rc = open_databases(e, partitions);
    if (rc == 0)
        rc = sync_directory(path);
    if (rc == 0)
        return ST_OK;
    snprintf(why, 256, "cannot open the log in %.160s: %s", path, mdb_strerror(rc));
    local_env_close(e);
    return ST_WORLD_DOWN;
}

void
local_env_close(struct local_env *e)
{
    if (e->env != NULL)
        mdb_env_close(e->env);
    e->env = NULL;
}

/* --- Identity. --- */

static int
meta_put(struct local_env *e, MDB_txn *txn, const char *name, const void *bytes, size_t size)
{
    char key_bytes[16];
    MDB_val key = {strlen(name), key_bytes};
    uint8_t copy[16];
    MDB_val value = {size, copy};

    assert(size <= sizeof copy && key.mv_size < sizeof key_bytes);
    memcpy(key_bytes, name, key.mv_size);
    memcpy(copy, bytes, size);
    return mdb_put(txn, e->meta, &key, &value, 0);
}

/* Exactly size bytes into out, or MDB_NOTFOUND. */
static int
meta_get(struct local_env *e, MDB_txn *txn, const char *name, void *out, size_t size)
{
    char key_bytes[16];
    MDB_val key = {strlen(name), key_bytes}, value;
    int rc;

    assert(key.mv_size < sizeof key_bytes);
    memcpy(key_bytes, name, key.mv_size);
    rc = mdb_get(txn, e->meta, &key, &value);
    if (rc != 0)
        return rc;
    if (value.mv_size != size)
        return MDB_NOTFOUND;
    memcpy(out, value.mv_data, size);
    return 0;
}

static bool
make_uuid(uint8_t uuid[16])
{
    if (getrandom(uuid, 16, 0) != 16)
        return false;
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    return true;
}

static int
write_identity(struct local_env *e, MDB_txn *txn, const uint8_t deployment_uuid[16],
               uint8_t uuid[16])
{
    int rc = make_uuid(uuid) ? 0 : errno;

    if (rc == 0)
        rc = meta_put(e, txn, "uuid", uuid, 16);
    if (rc == 0)
        rc = meta_put(e, txn, "deployment", deployment_uuid, 16);
    if (rc == 0)
        rc = meta_put(e, txn, "format", format_name, sizeof format_name - 1);
    return rc;
}

/* ST_NOT_FOUND: a new log. */
static enum status
check_identity(struct local_env *e, MDB_txn *txn, const uint8_t deployment_uuid[16],
               uint8_t uuid[16], char why[256])
{
    uint8_t deployment[16];
    char format[sizeof format_name - 1];

    if (meta_get(e, txn, "uuid", uuid, 16) == MDB_NOTFOUND)
        return ST_NOT_FOUND;
    if (meta_get(e, txn, "format", format, sizeof format) != 0 ||
        memcmp(format, format_name, sizeof format) != 0) {
        snprintf(why, 256, "the log is not of the format %s", format_name);
        return ST_MISMATCH;
    }
    if (meta_get(e, txn, "deployment", deployment, 16) != 0 ||
        memcmp(deployment, deployment_uuid, 16) != 0) {
        snprintf(why, 256, "the log belongs to another deployment than the database");
        return ST_MISMATCH;
    }
    return ST_OK;
}

/* Partitions may be added (empty); a log never loses one. */
static enum status
check_partitions(struct local_env *e, MDB_txn *txn, uint32_t partitions, char why[256])
{
    uint8_t stored[4] = {0};
    int rc = meta_get(e, txn, "partitions", stored, 4);

    if (rc == 0 && local_load32(stored) > partitions) {
        snprintf(why, 256, "the log has %u partitions, the database %u", local_load32(stored),
                 partitions);
        return ST_MISMATCH;
    }
    if (rc == 0 && local_load32(stored) == partitions)
        return ST_OK;
    store32(stored, partitions);
    return meta_put(e, txn, "partitions", stored, 4) == 0 ? ST_OK : ST_WORLD_DOWN;
}

enum status
local_env_identify(struct local_env *e, const uint8_t deployment_uuid[16], uint32_t partitions,
                   uint8_t uuid[16], char why[256])
{
    MDB_txn *txn;
    enum status st;
    int rc = mdb_txn_begin(e->env, NULL, 0, &txn);

    snprintf(why, 256, "cannot write the log's identity: %s", rc == 0 ? "" : mdb_strerror(rc));
    if (rc != 0)
        return ST_WORLD_DOWN;
    st = check_identity(e, txn, deployment_uuid, uuid, why);
    if (st == ST_NOT_FOUND)
        st = write_identity(e, txn, deployment_uuid, uuid) == 0 ? ST_OK : ST_WORLD_DOWN;
    if (st == ST_OK)
        st = check_partitions(e, txn, partitions, why);
    if (st != ST_OK) {
        mdb_txn_abort(txn);
        return st;
    }
    rc = mdb_txn_commit(txn);
    if (rc == 0)
        return ST_OK;
    snprintf(why, 256, "cannot write the log's identity: %s", mdb_strerror(rc));
    return ST_WORLD_DOWN;
}

/* --- Offsets and room. --- */

int
local_env_offsets(const struct local_env *e, MDB_txn *txn, uint32_t partition, int64_t *first,
                  int64_t *end)
{
    struct local_key k = end_key(partition);
    MDB_val key = local_key_val(&k), value;
    MDB_cursor *cursor;
    int rc = mdb_get(txn, e->meta, &key, &value);

    if (rc != 0 && rc != MDB_NOTFOUND)
        return rc;
    *end = rc == 0 && value.mv_size == 8 ? local_load64(value.mv_data) : 0;
    *first = *end;
    rc = mdb_cursor_open(txn, e->records[partition], &cursor);
    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc == 0)
        *first = local_load64(key.mv_data);
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int
local_env_put_end(const struct local_env *e, MDB_txn *txn, uint32_t partition, int64_t end)
{
    struct local_key k = end_key(partition);
    MDB_val key = local_key_val(&k);
    uint8_t bytes[8];
    MDB_val value = {sizeof bytes, bytes};

    store64(bytes, end);
    return mdb_put(txn, e->meta, &key, &value, 0);
}

static int
count_free_pages(MDB_txn *txn, int64_t *pages)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc = mdb_cursor_open(txn, 0, &cursor); /* database 0 is LMDB's free list */

    *pages = 0;
    if (rc != 0)
        return rc;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        size_t count;

        memcpy(&count, value.mv_data, sizeof count); /* each list begins with its length */
        *pages += (int64_t)count;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int
local_env_used_bytes(const struct local_env *e, int64_t *used)
{
    MDB_txn *txn;
    MDB_envinfo info;
    MDB_stat stat;
    int64_t free_pages;
    int rc = mdb_txn_begin(e->env, NULL, MDB_RDONLY, &txn);

    if (rc != 0)
        return rc;
    rc = count_free_pages(txn, &free_pages);
    mdb_txn_abort(txn);
    if (rc != 0)
        return rc;
    mdb_env_info(e->env, &info);
    mdb_env_stat(e->env, &stat);
    *used = ((int64_t)info.me_last_pgno + 1 - free_pages) * (int64_t)stat.ms_psize;
    return 0;
}

int64_t
local_env_file_bytes(const struct local_env *e)
{
    MDB_envinfo info;
    MDB_stat stat;

    mdb_env_info(e->env, &info);
    mdb_env_stat(e->env, &stat);
    return ((int64_t)info.me_last_pgno + 1) * (int64_t)stat.ms_psize;
}

int
local_env_allocate(const struct local_env *e, int64_t upto, int64_t *allocated)
{
    int fd;

    assert(upto > *allocated);
    if (mdb_env_get_fd(e->env, &fd) != 0)
        return 0;
    if (fallocate(fd, 0, *allocated, upto - *allocated) != 0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
        return errno;
    *allocated = upto;
    return 0;
}

int64_t
local_record_cost_bytes(uint32_t size)
{
    int64_t bytes = (int64_t)size + 32; /* LMDB's page and node headers, the key */

    if (bytes < LOCAL_PAGE_SIZE / 2 - 16)
        return bytes;
    return (bytes + LOCAL_PAGE_SIZE - 1) / LOCAL_PAGE_SIZE * LOCAL_PAGE_SIZE;
}
