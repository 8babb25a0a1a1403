/* What /status says and `meterctl status` shows: filled by main, written as JSON or metrics. Plain
 * values; everything borrowed until written. Unknown numbers are -1 and are written as null. */
#ifndef METERD_OPS_STATUS_VIEW_H
#define METERD_OPS_STATUS_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct status_partition {
    uint32_t partition;
    int64_t first_offset;      /* in the log */
    int64_t end_offset;        /* of the log */
    int64_t next_offset;       /* first not in the rollup as committed */
    int64_t replay_offset;     /* the log is needed from here on */
    int64_t lag_records;       /* end_offset - next_offset */
    int64_t owner_epoch;       /* of this process, when it owns the partition */
    int64_t inbox;             /* rows set aside to be folded */
    int64_t refold_work;       /* points in the middle of a refold */
    int64_t complete_until_ms; /* ms UTC */
    int64_t oldest_unwritten_ms; /* ms UTC; when the oldest reading not written arrived */
};

struct status_view {
    const struct status_partition *partitions;
    uint32_t partition_count;
    int64_t revision; /* of the registry in use */
    int64_t http_connections;
    int64_t mqtt_connections;
    int64_t log_used_bytes;
    int64_t log_size_bytes;
    int64_t uptime_ms;
    bool database_ok;
    bool log_ok;
    bool draining;
    const char *const *degraded; /* sentences: what does not work as it should, and why */
    uint32_t degraded_count;
};

void status_write_json(const struct status_view *v, FILE *out);

/* A JSON string, quoted; bytes that are not UTF-8 become U+FFFD. */
void json_write_string(const char *text, FILE *out);

#endif
