/* The log's front: picks the implementation when it is opened, passes everything on. */
#include "server/log/log.h"

#include <string.h>

#include "server/base/config.h"
#include "server/log/log_local.h"
#include "server/log/log_ops.h"

enum status
log_open(const struct config *cfg, uint32_t partitions, const uint8_t deployment_uuid[16],
         struct log **out, char why[256])
{
    struct log_local_options o = {
        .path = cfg->log.path,
        .size_bytes = (int64_t)cfg->log.size_bytes,
        .keep_ms = (int64_t)cfg->log.keep_ms,
        .partitions = partitions,
    };

    memcpy(o.deployment_uuid, deployment_uuid, sizeof o.deployment_uuid);
    switch (cfg->log.kind) {
    case LOG_KIND_LOCAL:
        return log_local_open(&o, out, why);
    }
    snprintf(why, 256, "this kind of log is not built in");
    return ST_MISMATCH;
}

void
log_uuid(const struct log *l, uint8_t uuid[16])
{
    l->ops->uuid(l, uuid);
}

const char *
log_topic(const struct log *l)
{
    return l->ops->topic(l);
}

void
log_start(struct log *l)
{
    l->ops->start(l);
}

void
log_stop(struct log *l)
{
    l->ops->stop(l);
}

void
log_close(struct log *l)
{
    l->ops->close(l);
}

struct log_producer *
log_producer_new(struct log *l)
{
    return l->ops->producer_new(l);
}

void
log_producer_free(struct log_producer *p)
{
    p->log->ops->producer_free(p);
}

enum status
log_append(struct log_producer *p, struct log_record *r)
{
    return p->log->ops->append(p, r);
}

int
log_producer_fd(const struct log_producer *p)
{
    return p->log->ops->producer_fd(p);
}

void
log_producer_drain(struct log_producer *p)
{
    p->log->ops->producer_drain(p);
}

struct log_record *
log_producer_take(struct log_producer *p)
{
    return p->log->ops->producer_take(p);
}

bool
log_is_writable(const struct log *l)
{
    return l->ops->is_writable(l);
}

struct log_consumer *
log_consumer_new(struct log *l)
{
    return l->ops->consumer_new(l);
}

void
log_consumer_free(struct log_consumer *c)
{
    c->log->ops->consumer_free(c);
}

void
log_consumer_poll(struct log_consumer *c, int timeout_ms, struct log_event *out)
{
    c->log->ops->consumer_poll(c, timeout_ms, out);
}

enum status
log_consumer_seek(struct log_consumer *c, uint32_t partition, int64_t offset)
{
    return c->log->ops->consumer_seek(c, partition, offset);
}

void
log_consumer_pause(struct log_consumer *c, uint32_t partition)
{
    c->log->ops->consumer_pause(c, partition);
}

void
log_consumer_resume(struct log_consumer *c, uint32_t partition)
{
    c->log->ops->consumer_resume(c, partition);
}

void
log_consumer_wake(struct log_consumer *c)
{
    c->log->ops->consumer_wake(c);
}

int64_t
log_first_offset(const struct log *l, uint32_t partition)
{
    return l->ops->first_offset(l, partition);
}

int64_t
log_end_offset(const struct log *l, uint32_t partition)
{
    return l->ops->end_offset(l, partition);
}

void
log_set_replay_offset(struct log *l, uint32_t partition, int64_t offset)
{
    l->ops->set_replay_offset(l, partition, offset);
}

void
log_get_facts(const struct log *l, struct log_facts *out)
{
    l->ops->get_facts(l, out);
}
