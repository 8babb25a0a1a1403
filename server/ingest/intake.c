/* The idea: while a message is read, its readings only go into the draft of a block; names are
 * counted, quarantine is drawn on and the answer is written when the draft is flushed into a
 * record. So a message that turns out malformed has left no trace. */
#include "server/ingest/intake.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/payload_json.h"
#include "server/base/bounds.h"
#include "server/base/counter.h"
#include "server/base/directory.h"
#include "server/base/pool.h"
#include "server/base/table.h"
#include "server/ingest/answer_text.h"
#include "server/ingest/batcher.h"
#include "server/ingest/block_draft.h"
#include "server/ingest/names.h"
#include "server/ingest/quota.h"

#define QUALITY_ROUNDED 16
#define QUALITY_ARRIVAL 32

struct intake {
    struct intake_options o;
    const struct directory *directory;
    struct names *names;
    struct payload_json json;
    struct raw_reading raw; /* read, and not in the draft yet, when has_raw */
    bool has_raw;
    uint32_t previous_point; /* number of the last one found by name */
    struct waiter *unfinished;
    uint32_t listed_count;
    uint64_t listed[UNREGISTERED_LISTED_MAX]; /* hashes of the names the answer lists */
    struct block_draft draft;
};

struct intake *
intake_new(const struct intake_options *o)
{
    struct intake *in = calloc(1, sizeof *in);

    if (in == NULL)
        return NULL;
    in->o = *o;
    in->names = names_new();
    if (in->names == NULL) {
        free(in);
        return NULL;
    }
    return in;
}

void
intake_free(struct intake *in)
{
    if (in == NULL)
        return;
    names_free(in->names);
    free(in);
}

void
intake_set_directory(struct intake *in, const struct directory *d)
{
    in->directory = d;
    names_reset(in->names);
}

struct intake_error
intake_error(const struct intake *in)
{
    return (struct intake_error){in->json.error_text, in->json.error_offset};
}

const struct waiter *
intake_unfinished(const struct intake *in)
{
    return in->unfinished;
}

void
intake_drop(struct intake *in, const struct waiter *w)
{
    if (in->unfinished == w)
        in->unfinished = NULL;
}

/* --- one reading ------------------------------------------------------------------------------ */

/* When the reading is from, or why that is not known. */
static enum status
judge_time(const struct intake *in, const struct message *m, const struct raw_reading *raw,
           const struct point *p, const char **detail)
{
    const struct deployment *dep = directory_deployment(in->directory);

    if (raw->time == RAW_TIME_BAD) {
        *detail = raw->time_detail;
        return ST_BAD_TIME;
    }
    if (raw->time == RAW_TIME_NONE) {
        if (p != NULL && p->kind != POINT_UNREGISTERED && p->kind != POINT_INTERVAL)
            return ST_OK;
        *detail = p != NULL && p->kind == POINT_INTERVAL
                      ? "no time: an interval point needs one"
                      : "no time: a name that is not registered needs one";
        return ST_BAD_TIME;
    }
    *detail = "";
    if (raw->t_ms > m->received_at_ms + dep->future_max_ms) {
        *detail = "later than arrival by more than future_max";
        return ST_FUTURE;
    }
    if (raw->t_ms < m->received_at_ms - dep->past_max_ms) {
        *detail = "earlier than arrival by more than past_max";
        return ST_TOO_OLD;
    }
    return ST_OK;
}

/* ST_FULL: the draft has no room for it. */
static enum status
draft_reading(struct intake *in, const struct message *m, const struct raw_reading *raw)
{
    const struct point *p = directory_find_point_after(in->directory, m->enterprise, raw->point,
                                                       in->previous_point);
    uint8_t quality = raw->quality;
    int64_t t_ms = raw->t_ms;
    const char *detail = "";
    enum status st = judge_time(in, m, raw, p, &detail);

    if (p != NULL)
        in->previous_point = p->number;
    if (st == ST_OK && raw->value_status != ST_OK) {
        st = raw->value_status;
        detail = status_text(st);
    }
    if (st != ST_OK)
        return block_draft_add_refused(&in->draft, raw, st, detail);
    if (raw->rounded)
        quality |= QUALITY_ROUNDED;
    if (raw->time == RAW_TIME_NONE) {
        quality |= QUALITY_ARRIVAL;
        t_ms = m->received_at_ms;
    }
    if (p != NULL && p->kind != POINT_UNREGISTERED)
        return block_draft_add(&in->draft, p->number, t_ms, raw->value, quality);
    return block_draft_add_named(&in->draft, raw, t_ms, quality, p == NULL);
}

/* --- effects of a block ----------------------------------------------------------------------- */

static enum status
list_name(struct intake *in, struct waiter *w, struct span name)
{
    uint64_t hash;

    if (!w->wants_detail || in->listed_count == UNREGISTERED_LISTED_MAX)
        return ST_OK;
    hash = table_hash_bytes(name.at, name.size, 0);
    for (uint32_t i = 0; i < in->listed_count; i++)
        if (in->listed[i] == hash)
            return ST_OK;
    in->listed[in->listed_count++] = hash;
    if ((w->unregistered.size > 0 && !answer_add_text(&w->unregistered, in->o.memory, ",")) ||
        !answer_add_string(&w->unregistered, in->o.memory, name))
        return ST_UNAVAILABLE;
    return ST_OK;
}

static enum status
settle_named(struct intake *in, const struct message *m)
{
    struct block_draft *d = &in->draft;
    const struct enterprise *e = directory_enterprise(in->directory, m->enterprise);
    enum status st;

    for (uint32_t i = 0; i < d->named_count;) {
        struct span name = d->named[i].name;

        if (d->named_texts[i].is_new &&
            names_note(in->names, m->enterprise, e->unregistered_count, name) != ST_OK) {
            block_draft_refuse_named(d, i, ST_TOO_MANY_NAMES, status_text(ST_TOO_MANY_NAMES));
            continue;
        }
        if ((st = list_name(in, m->waiter, name)) != ST_OK)
            return st;
        i++;
    }
    return ST_OK;
}

static enum counter
counter_of(enum status why)
{
    switch (why) {
    case ST_FUTURE:
        return COUNT_readings_refused_future;
    case ST_TOO_OLD:
        return COUNT_readings_refused_too_old;
    case ST_BAD_VALUE:
        return COUNT_readings_refused_bad_value;
    case ST_TOO_MANY_NAMES:
        return COUNT_readings_refused_too_many_names;
    case ST_MALFORMED:
    case ST_BAD_TOPIC:
        return COUNT_messages_refused;
    default:
        return COUNT_readings_refused_bad_time;
    }
}

static enum status
settle_refused(struct intake *in, const struct message *m)
{
    struct block_draft *d = &in->draft;
    struct waiter *w = m->waiter;

    for (uint32_t i = 0; i < d->refused_count;) {
        bool is_kept = quota_take(in->o.quota, m->gateway, m->received_at_ms);

        counter_add(counter_of(d->refused_why[i]), 1);
        w->refused_count++;
        if (!w->wants_detail)
            ;
        else if (w->quarantined.size >= ANSWER_LIST_SIZE_MAX)
            w->unlisted_count++;
        else if (!answer_add_refused(&w->quarantined, in->o.memory, &d->refused[i], is_kept))
            return ST_UNAVAILABLE;
        if (is_kept) {
            i++;
            continue;
        }
        counter_add(COUNT_quarantine_not_kept, 1);
        block_draft_drop_refused(d, i);
    }
    return ST_OK;
}

/* Puts the draft into a record. ST_BUSY: no room; nothing has happened. */
static enum status
flush(struct intake *in, const struct message *m)
{
    struct block_draft *d = &in->draft;
    const struct enterprise *e = directory_enterprise(in->directory, m->enterprise);
    struct block_columns columns;
    enum status st;

    /* Two records: the open one may turn out too full. */
    if (batcher_room(in->o.batcher) < 2 * BLOCK_SIZE_MAX)
        return ST_BUSY;
    assert(e != NULL);
    m->waiter->reading_count += d->count + d->named_count + d->refused_count;
    if ((st = settle_named(in, m)) != ST_OK || (st = settle_refused(in, m)) != ST_OK)
        return st;
    counter_add(COUNT_readings_accepted, d->count + d->named_count);
    counter_add(COUNT_readings_unregistered, d->named_count);
    if (!block_draft_is_empty(d)) {
        columns = block_draft_columns(d, m->enterprise, m->gateway, m->received_at_ms);
        st = batcher_add(in->o.batcher, e->partition, &columns, m->waiter, m->now_ms);
        assert(st == ST_OK);
    }
    block_draft_clear(d);
    return ST_OK;
}

/* --- a message -------------------------------------------------------------------------------- */

static void
begin(struct intake *in, const struct message *m)
{
    payload_json_init(&in->json, m->payload);
    block_draft_clear(&in->draft);
    in->listed_count = 0;
    in->has_raw = false;
    in->previous_point = 0;
}

/* The message is taken, but for st; what of it is in records is waited for all the same. */
static enum status
finish(struct intake *in, struct waiter *w, enum status st)
{
    in->unfinished = NULL;
    w->is_open = false;
    w->status = st;
    counter_add(COUNT_messages, 1);
    return ST_OK;
}

/* Block by block, from wherever the message stands. */
static enum status
emit(struct intake *in, const struct message *m)
{
    enum status st;

    for (;;) {
        if (!in->has_raw && (st = payload_json_next(&in->json, &in->raw)) != ST_OK)
            break;
        in->has_raw = true;
        if (draft_reading(in, m, &in->raw) == ST_OK) {
            in->has_raw = false;
            continue;
        }
        st = flush(in, m);
        if (st == ST_BUSY && !m->is_stable) /* Its bytes will not be there later. */
            st = ST_UNAVAILABLE;
        if (st == ST_BUSY)
            return st;
        if (st != ST_OK)
            return finish(in, m->waiter, st);
    }
    assert(st == ST_END); /* It was read to its end before. */
    st = flush(in, m);
    if (st == ST_BUSY && m->is_stable)
        return st;
    return finish(in, m->waiter, st == ST_BUSY ? ST_UNAVAILABLE : st);
}

/* Reads the whole message. ST_END: all of it is in the draft; ST_FULL: good, but too large. */
static enum status
read_through(struct intake *in, const struct message *m)
{
    bool fits = true;
    enum status st;

    while ((st = payload_json_next(&in->json, &in->raw)) == ST_OK)
        if (fits)
            fits = draft_reading(in, m, &in->raw) == ST_OK;
    return st == ST_END && !fits ? ST_FULL : st;
}

enum status
intake_take_json(struct intake *in, const struct message *m)
{
    struct waiter *w = m->waiter;
    enum status st;

    assert(in->directory != NULL);
    if (in->unfinished != NULL)
        return in->unfinished == w ? emit(in, m) : ST_BUSY;
    if (batcher_is_behind(in->o.batcher) || batcher_room(in->o.batcher) < 2 * BLOCK_SIZE_MAX)
        return ST_BUSY;
    if (!m->is_stable && batcher_room(in->o.batcher) <
                             m->payload.size * MESSAGE_GROWTH_MAX + 2 * BLOCK_SIZE_MAX)
        return ST_BUSY; /* It could not be finished later: its bytes will not be there. */
    begin(in, m);
    st = read_through(in, m);
    if (st == ST_MALFORMED)
        return st;
    if (st == ST_END)
        return finish(in, w, flush(in, m));
    begin(in, m);
    w->is_open = true;
    in->unfinished = w;
    return emit(in, m);
}

enum status
intake_refuse(struct intake *in, const struct message *m, enum status why, const char *detail)
{
    struct raw_reading raw = {.v_text = m->payload};
    enum status st;

    if (in->unfinished != NULL || batcher_is_behind(in->o.batcher) ||
        batcher_room(in->o.batcher) < 2 * BLOCK_SIZE_MAX)
        return ST_BUSY;
    block_draft_clear(&in->draft);
    in->listed_count = 0;
    st = block_draft_add_refused(&in->draft, &raw, why, detail);
    assert(st == ST_OK);
    return finish(in, m->waiter, flush(in, m));
}
