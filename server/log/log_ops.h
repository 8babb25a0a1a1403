/* The seam behind log.h: one table of functions for each kind of log. An implementation embeds the
 * three structs below as the first members of its own. Nobody outside server/log includes this. */
#ifndef METERD_LOG_LOG_OPS_H
#define METERD_LOG_LOG_OPS_H

#include "server/log/log.h"

struct log_ops {
    void (*uuid)(const struct log *l, uint8_t uuid[16]);
    const char *(*topic)(const struct log *l);
    void (*start)(struct log *l);
    void (*stop)(struct log *l);
    void (*close)(struct log *l);

    struct log_producer *(*producer_new)(struct log *l);
    void (*producer_free)(struct log_producer *p);
    enum status (*append)(struct log_producer *p, struct log_record *r);
    int (*producer_fd)(const struct log_producer *p);
    void (*producer_drain)(struct log_producer *p);
    struct log_record *(*producer_take)(struct log_producer *p);
    bool (*is_writable)(const struct log *l);

    struct log_consumer *(*consumer_new)(struct log *l);
    void (*consumer_free)(struct log_consumer *c);
    void (*consumer_poll)(struct log_consumer *c, int timeout_ms, struct log_event *out);
    enum status (*consumer_seek)(struct log_consumer *c, uint32_t partition, int64_t offset);
    void (*consumer_pause)(struct log_consumer *c, uint32_t partition);
    void (*consumer_resume)(struct log_consumer *c, uint32_t partition);
    void (*consumer_wake)(struct log_consumer *c);

    int64_t (*first_offset)(const struct log *l, uint32_t partition);
    int64_t (*end_offset)(const struct log *l, uint32_t partition);
    void (*set_replay_offset)(struct log *l, uint32_t partition, int64_t offset);
    void (*get_facts)(const struct log *l, struct log_facts *out);
};

struct log {
    const struct log_ops *ops;
};

struct log_producer {
    struct log *log;
};

struct log_consumer {
    struct log *log;
};

#endif
