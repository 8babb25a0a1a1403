/* The log of a case as the doors would write it: readings grouped into blocks of one enterprise,
 * blocks into records; by number when the door's directory knew the point as registered, else by
 * name. Now and then there is something for the quarantine between them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define BLOCK_BYTES (CASE_LOG_MAX * 64)
#define STRAYS_MAX 4
#define FOREIGN_NUMBER 100000u

struct draft {
    struct block_columns columns;
    uint32_t point[CASE_LOG_MAX + 1];
    int32_t offset[CASE_LOG_MAX + 1];
    int64_t value[CASE_LOG_MAX + 1];
    uint8_t quality[CASE_LOG_MAX + 1];
    struct named_reading named[CASE_LOG_MAX + 1];
    char names[CASE_LOG_MAX + 1][16];
    struct refused_reading refused[STRAYS_MAX];
};

static void
import_point(struct sim *s, const struct naive_entry *e)
{
    struct sim_point *p = &s->points[e->point];
    char name[16];

    assert(p->revision == 0);
    p->revision = ++s->revision;
    p->number = memory_store_intern(s->store, (uint32_t)s->c->points[e->point].enterprise + 1,
                                    sim_point_name(e->point, name));
    s->imported_at[s->revision] = e->received_at;
    sim_trace(s, "import of revision %lld: point %d has number %u\n", (long long)s->revision,
              e->point, p->number);
}

static bool
is_by_number(const struct sim *s, const struct naive_entry *e, int64_t door_revision)
{
    int64_t revision = s->points[e->point].revision;
    return revision != 0 && revision <= door_revision;
}

static bool
fits_block(const struct sim *s, size_t first, size_t next)
{
    const struct naive_entry *a = &s->c->log[first], *b = &s->c->log[next];

    return s->c->points[a->point].enterprise == s->c->points[b->point].enterprise &&
           llabs(a->t - b->t) <= BLOCK_SPAN_MS_MAX;
}

/* In a block readings by number come first: so they do in the case's log. */
static size_t
numbers_first(struct sim *s, size_t first, size_t end, int64_t door_revision)
{
    struct naive_entry sorted[CASE_LOG_MAX];
    size_t count = 0, numbered;

    for (size_t i = first; i < end; i++)
        if (is_by_number(s, &s->c->log[i], door_revision))
            sorted[count++] = s->c->log[i];
    numbered = count;
    for (size_t i = first; i < end; i++)
        if (!is_by_number(s, &s->c->log[i], door_revision))
            sorted[count++] = s->c->log[i];
    memcpy(&s->c->log[first], sorted, count * sizeof *sorted);
    return numbered;
}

static uint8_t
quality_of(const struct naive_entry *e)
{
    return (uint8_t)(e->quality + (e->rounded ? QUALITY_ROUNDED : 0) +
                     (e->time_of_arrival ? QUALITY_TIME_OF_ARRIVAL : 0));
}

static void
put_column(struct sim *s, struct draft *d, const struct naive_entry *e)
{
    uint32_t i = d->columns.count++;

    d->point[i] = s->points[e->point].number;
    d->offset[i] = (int32_t)(e->t - d->columns.base_time_ms);
    d->value[i] = e->value;
    d->quality[i] = quality_of(e);
}

static void
put_named(struct draft *d, const struct naive_entry *e)
{
    uint32_t i = d->columns.named_count++;

    d->named[i] = (struct named_reading){sim_point_name(e->point, d->names[i]), e->t, e->value,
                                         quality_of(e), i};
}

static bool
is_registered_once(const struct sim *s, int point)
{
    for (size_t i = 0; i < s->c->input.log_count; i++)
        if (s->c->log[i].kind == NAIVE_REGISTERS && s->c->log[i].point == point)
            return true;
    return s->c->points[point].registered;
}

/* A reading without a time of its own, of a point that needs one. */
static void
put_timeless(struct sim *s, struct draft *d, int enterprise)
{
    int point = (int)sim_below(&s->random, (int64_t)s->c->input.point_count);
    const struct naive_point *p = &s->c->points[point];

    if (p->enterprise != enterprise ||
        (p->kind != NAIVE_INTERVAL && is_registered_once(s, point)))
        return;
    struct naive_entry e = {.point = point, .t = d->columns.received_at_ms, .value = 1,
                            .time_of_arrival = true};
    put_named(d, &e);
    s->strays[enterprise]++;
}

/* What ends in the quarantine: refused by the door, or with a number of nobody. */
static void
put_strays(struct sim *s, struct draft *d, int enterprise)
{
    if (!sim_chance(&s->random, s->options.strays_percent))
        return;
    while (d->columns.refused_count < STRAYS_MAX && sim_chance(&s->random, 60)) {
        d->refused[d->columns.refused_count++] = (struct refused_reading){
            span_text("m"), span_text("soon"), span_text("1"), span_text("bad_time"),
            span_text("not a time"), 0};
        s->strays[enterprise]++;
    }
    if (sim_chance(&s->random, 30))
        put_timeless(s, d, enterprise);
    if (sim_chance(&s->random, 30)) {
        uint32_t i = d->columns.count++;
        d->point[i] = FOREIGN_NUMBER;
        d->offset[i] = 0;
        d->value[i] = 1;
        d->quality[i] = 0;
        s->strays[enterprise]++;
    }
}

static bool
all_equal(const uint32_t *at, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (at[i] != at[0])
            return false;
    return count > 0;
}

/* A point that is registered may be sent without times, from the moment the door knows. */
static void
maybe_take_time(struct sim *s, const struct draft *d, struct naive_entry *e)
{
    const struct naive_point *p = &s->c->points[e->point];

    if (p->registered || p->kind == NAIVE_INTERVAL ||
        !sim_chance(&s->random, s->options.timeless_percent) ||
        llabs(d->columns.received_at_ms - d->columns.base_time_ms) > BLOCK_SPAN_MS_MAX)
        return;
    e->t = e->received_at;
    e->time_of_arrival = true;
}

static void
finish_columns(struct draft *d)
{
    bool good = true;

    for (uint32_t i = 0; i < d->columns.count; i++)
        good = good && d->quality[i] == QUALITY_GOOD;
    d->columns.point = d->point;
    d->columns.offset_ms = d->offset;
    d->columns.value = d->value;
    d->columns.quality = good ? NULL : d->quality;
    d->columns.named = d->named;
    d->columns.refused = d->refused;
    d->columns.point_count = all_equal(d->point, d->columns.count) ? 1 : d->columns.count;
    d->columns.offset_count = d->columns.count;
}

/* One block of the entries first .. end - 1. Returns the idx that follows in the record. */
static int32_t
add_block(struct sim *s, struct record_builder *r, size_t first, size_t end, int32_t idx)
{
    struct draft *d = calloc(1, sizeof *d);
    int enterprise = s->c->points[s->c->log[first].point].enterprise;
    int64_t door = s->revision;

    assert(d != NULL);
    if (sim_chance(&s->random, s->options.door_lag_percent))
        door = 1 + sim_below(&s->random, s->revision);
    d->columns.base_time_ms = s->c->log[first].t; /* fits_block: all the others are near it */
    size_t numbered = numbers_first(s, first, end, door);
    d->columns.enterprise = (uint32_t)enterprise + 1;
    d->columns.gateway = 7;
    d->columns.received_at_ms = s->c->log[end - 1].received_at;
    for (size_t i = first; i < end; i++) {
        s->c->log[i].received_at = d->columns.received_at_ms;
        if (i - first < numbered)
            maybe_take_time(s, d, &s->c->log[i]);
        if (i - first < numbered)
            put_column(s, d, &s->c->log[i]);
        else
            put_named(d, &s->c->log[i]);
    }
    uint32_t before = d->columns.count;
    put_strays(s, d, enterprise);
    for (size_t i = first; i < end; i++) {
        bool named = i - first >= numbered;
        s->places[i].offset = s->partitions[sim_partition_of(s, enterprise)].end;
        s->places[i].idx =
            idx + (int32_t)(i - first) + (named ? (int32_t)(d->columns.count - before) : 0);
    }
    finish_columns(d);
    enum status st = record_add_block(r, &d->columns);
    assert(st == ST_OK);
    idx += (int32_t)(d->columns.count + d->columns.named_count);
    free(d);
    return idx;
}

/* Blocks that no door of this registry writes: damaged, or of an unknown enterprise. */
static void
add_odd_block(struct sim *s, struct record_builder *r)
{
    static const uint8_t damage[] = {0x0a, 3, 0xff, 0xff, 0xff};
    const uint32_t point = 1;
    const int32_t offset = 0;
    const int64_t value = 1;
    const struct block_columns unknown = {
        .enterprise = 99, .received_at_ms = s->c->log[s->appended].received_at, .count = 1,
        .point = &point, .point_count = 1, .offset_ms = &offset, .offset_count = 1,
        .value = &value};

    s->odd_blocks++;
    if (sim_chance(&s->random, 50)) {
        memcpy(r->at + r->size, damage, sizeof damage);
        r->size += sizeof damage;
        return;
    }
    enum status st = record_add_block(r, &unknown);
    assert(st == ST_OK);
}

static bool
belongs(const struct sim *s, size_t i, uint32_t partition)
{
    const struct naive_entry *e = &s->c->log[i];

    return i < s->c->input.log_count && e->kind == NAIVE_ARRIVES &&
           sim_partition_of(s, s->c->points[e->point].enterprise) == partition;
}

static void
append_record(struct sim *s, uint32_t partition)
{
    struct sim_partition *part = &s->partitions[partition];
    uint8_t buffer[BLOCK_BYTES];
    struct record_builder r;
    size_t first = s->appended;
    size_t end = first + 1 + (size_t)sim_below(&s->random, s->options.record_readings);
    int32_t idx = 0; /* a block that cannot be read has no place */

    record_begin(&r, buffer, sizeof buffer);
    if (sim_chance(&s->random, s->options.strays_percent))
        add_odd_block(s, &r);
    while (first < end && belongs(s, first, partition)) {
        size_t next = first + 1;
        while (next < end && belongs(s, next, partition) && fits_block(s, first, next) &&
               !sim_chance(&s->random, 20))
            next++;
        idx = add_block(s, &r, first, next, idx);
        first = next;
    }
    assert(part->end < SIM_RECORDS_MAX);
    struct sim_record *to = &part->records[part->end++];
    to->size = r.size;
    to->bytes = malloc(r.size); /* Exactly: a reader that goes too far is seen. */
    assert(to->bytes != NULL);
    memcpy(to->bytes, buffer, r.size);
    sim_trace(s, "append partition %u offset %lld: entries %zu to %zu\n", partition,
              (long long)part->end - 1, s->appended, first - 1);
    s->appended = first;
}

void
sim_touch(struct sim *s, int point)
{
    if (s->revision >= SIM_REVISIONS_MAX - CASE_POINTS_MAX || s->points[point].revision == 0)
        return;
    s->points[point].changed_revision = ++s->revision;
    s->imported_at[s->revision] = s->c->log[0].received_at;
    sim_trace(s, "import of revision %lld touches point %d\n", (long long)s->revision, point);
}

bool
sim_append(struct sim *s)
{
    if (s->appended >= s->c->input.log_count)
        return false;
    const struct naive_entry *e = &s->c->log[s->appended];
    if (e->kind == NAIVE_REGISTERS) {
        import_point(s, e);
        s->appended++;
        return true;
    }
    append_record(s, sim_partition_of(s, s->c->points[e->point].enterprise));
    return true;
}
