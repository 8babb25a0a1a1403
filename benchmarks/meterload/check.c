/* Every stored row must be a claim; every acknowledged claim must be stored (as the reading that
 * counts, as a superseded or as a quarantined one); and the value that counts must be the one that
 * the receipts say is last in the log, unless a copy that was never acknowledged may be later. */
#include "benchmarks/meterload/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benchmarks/meterload/claims.h"
#include "benchmarks/meterload/stored.h"
#include "proto/decimal.h"
#include "proto/timestamp.h"

#define SHOWN_MAX 20

struct check {
    struct claims claims;
    bool is_quiet; /* differences are counted, not printed */
    uint64_t stored, superseded, quarantined, strange_quarantined;
    uint64_t not_sent, not_stored, not_last;
};

static void
show(const struct check *k, uint64_t *count, const char *what, const struct stored_row *row)
{
    if (++*count <= SHOWN_MAX && !k->is_quiet)
        printf("%s: enterprise %s point %s t %s value %s\n", what, row->enterprise, row->point,
               row->t, row->value);
}

static struct claim *
find_claim(const struct check *k, const struct stored_row *row)
{
    uint32_t point = fleet_find_own_point(&k->claims.fleet, row->enterprise, row->point);
    int64_t micro;
    bool rounded;

    if (point == FLEET_NONE || decimal_parse(span_text(row->value), &micro, &rounded) != ST_OK)
        return NULL;
    return claims_find(&k->claims, point, strtoll(row->t, NULL, 10), micro);
}

/* Whether another claim of the same point and time is later in the log than this one. */
static bool
is_overtaken(const struct check *k, const struct claim *current)
{
    uint64_t first, count = claims_of(&k->claims, current->point, current->t_ms, &first);

    if (current->may_be_later)
        return false;
    for (uint64_t i = first; i < first + count; i++)
        if (k->claims.at[i].is_acknowledged && k->claims.at[i].offset > current->offset)
            return true;
    return false;
}

static void
take_reading(void *context, const struct stored_row *row)
{
    struct check *k = context;
    struct claim *claim = find_claim(k, row);

    k->stored++;
    if (claim == NULL) {
        show(k, &k->not_sent, "stored, not sent", row);
        return;
    }
    claim->found |= CLAIM_CURRENT;
    if (is_overtaken(k, claim))
        show(k, &k->not_last, "counts, but another value is later in the log", row);
}

static void
take_superseded(void *context, const struct stored_row *row)
{
    struct check *k = context;
    struct claim *claim = find_claim(k, row);

    k->superseded++;
    if (claim == NULL)
        show(k, &k->not_sent, "superseded, not sent", row);
    else
        claim->found |= CLAIM_SUPERSEDED;
}

/* A quarantined message may be none of these ledgers': that is no difference. */
static void
take_quarantined(void *context, const struct stored_row *row)
{
    struct check *k = context;
    uint32_t point = fleet_find_own_point(&k->claims.fleet, row->enterprise, row->point);
    struct stored_row moved = *row;
    struct claim *claim = NULL;
    char t[32];
    int64_t t_ms;

    k->quarantined++;
    if (point != FLEET_NONE && timestamp_parse_rfc3339(span_text(row->t), &t_ms) == ST_OK) {
        t_ms = fleet_moved_ms(&k->claims.fleet.points[point], t_ms, k->claims.utc_offset_ms);
        snprintf(t, sizeof t, "%" PRId64, t_ms);
        moved.t = t;
        claim = find_claim(k, &moved);
    }
    if (claim == NULL)
        k->strange_quarantined++;
    else
        claim->found |= CLAIM_QUARANTINED;
}

static uint64_t
look_for_missing(struct check *k)
{
    uint64_t acknowledged = 0;

    for (uint64_t i = 0; i < k->claims.count; i++) {
        const struct claim *c = &k->claims.at[i];
        const struct fleet_point *p = &k->claims.fleet.points[c->point];
        char t[40], value[32];

        acknowledged += c->is_acknowledged;
        if (!c->is_acknowledged || c->found != 0)
            continue;
        timestamp_format_rfc3339(c->t_ms, 0, t);
        decimal_format(c->micro, value);
        show(k, &k->not_stored, "acknowledged, not stored",
             &(struct stored_row){p->enterprise, p->name, t, value});
    }
    return acknowledged;
}

/* Compares once. True: no difference. */
static bool
compare(struct check *k, struct stored *s, bool is_quiet)
{
    uint64_t acknowledged;

    k->is_quiet = is_quiet;
    k->stored = k->superseded = k->quarantined = k->strange_quarantined = 0;
    k->not_sent = k->not_stored = k->not_last = 0;
    claims_forget_found(&k->claims);
    stored_begin(s);
    stored_each(s, STORED_READINGS, take_reading, k);
    stored_each(s, STORED_SUPERSEDED, take_superseded, k);
    stored_each(s, STORED_QUARANTINE, take_quarantined, k);
    stored_end(s);
    acknowledged = look_for_missing(k);
    if (!is_quiet)
        printf("sent %" PRIu64 " readings: %" PRIu64 " different, %" PRIu64 " of them acknowledged\n"
               "stored %" PRIu64 ", superseded %" PRIu64 ", quarantined %" PRIu64 " (%" PRIu64
               " not of these ledgers)\n"
               "acknowledged, not stored %" PRIu64 "\nstored, not sent %" PRIu64
               "\nnot the last in the log %" PRIu64 "\n",
               k->claims.sent_readings, k->claims.count, acknowledged, k->stored, k->superseded,
               k->quarantined, k->strange_quarantined, k->not_stored, k->not_sent, k->not_last);
    return k->not_sent == 0 && k->not_stored == 0 && k->not_last == 0;
}

int
check_run(const char *const *ledgers, unsigned count, const char *conninfo, unsigned wait_s)
{
    struct stored *s = stored_open(conninfo);
    int64_t until_ms = tool_mono_ms() + (int64_t)wait_s * 1000;
    struct check k = {0};
    bool agrees = false;

    claims_load(&k.claims, ledgers, count, stored_utc_offset_ms(s));
    while (!agrees && tool_mono_ms() < until_ms) {
        agrees = compare(&k, s, true);
        if (!agrees)
            sleep(1);
    }
    agrees = compare(&k, s, false);
    stored_close(s);
    claims_free(&k.claims);
    return agrees ? 0 : 1;
}
