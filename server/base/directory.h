/* The directory: an immutable snapshot of the registry at one revision, with the deployment's
 * settings. It answers who a token is, what number a point name has, and which facts hold for a
 * point at a moment.
 *
 * Built by store/registry, published by the main thread, read by every thread without locks: a
 * thread uses the directory it was last handed and tells the main thread when it has taken a newer
 * one; only then is the old one freed. Sessions keep numbers, never pointers into a directory.
 *
 * Units: int64 micro-units of the point's own unit, int64 ms UTC. Numbers of enterprises, gateways,
 * points, items and areas are the database's; 0 means none. */
#ifndef METERD_BASE_DIRECTORY_H
#define METERD_BASE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

#define TIME_MIN INT64_MIN /* "since ever" */
#define TIME_MAX INT64_MAX /* "for ever" */

/* Properties of the deployment (table `deployment`), never changed after `db init`. */
struct deployment {
    int64_t slot_ms;
    int64_t utc_offset_ms;
    int64_t future_max_ms;
    int64_t past_max_ms;
    int64_t late_after_ms;
    uint32_t partitions;
    uint32_t province_area; /* area number of the province */
    int32_t fold_version;
    uint8_t uuid[16];
};

enum point_kind { POINT_UNREGISTERED, POINT_REGISTER, POINT_INTERVAL, POINT_RATE };

/* A period is either ms or civil months (1 or 12): exactly one of the two is non-zero. */
struct period {
    int64_t ms;
    int32_t months;
};

/* The attributes of a point from from_ms up to the next span's from_ms. The directory has already
 * turned dated rows into spans that cover all time: the first begins at TIME_MIN with the first
 * row's attributes and counted = false (semantics 3), and a valid_to becomes a span that is not
 * counted. */
struct attr_span {
    int64_t from_ms;
    int64_t nominal_ms;
    int64_t modulus;       /* 0: none */
    int64_t max_rate;      /* micro-units of the register per hour; -1: none */
    int64_t spread_max_ms; /* defaults filled in */
    int64_t hold_max_ms;   /* defaults filled in */
    int64_t factor_num;    /* 1 .. 2^31 - 1 */
    int64_t factor_den;
    const int64_t *sentinels;
    uint32_t sentinel_count;
    uint32_t item;
    int8_t sign; /* 1 or -1 */
    bool counted;
    bool reverse;
};

/* An exchange event; a point's are sorted by t_ms, no two at one t_ms. */
struct exchange {
    int64_t t_ms;
    int64_t end;
    int64_t start;
};

struct point {
    uint32_t number; /* 0: this slot of the table is empty */
    uint32_t enterprise;
    enum point_kind kind;
    bool stamp_end;
    struct period period;
    uint32_t attr_count; /* >= 1 for a registered point */
    uint32_t exchange_count;
    const struct attr_span *attrs; /* sorted by from_ms, the first from TIME_MIN */
    const struct exchange *exchanges;
    struct span name;
    struct span unit; /* of its values, before the factor; empty: unregistered */
    int64_t changed_revision;    /* the newest revision that touched it */
    int64_t registered_revision; /* the revision that gave it its kind; 0: unregistered */
};

/* Where an enterprise belongs from from_ms on. park_area is the area of its park, or of "no park"
 * in its prefecture. The first span begins at TIME_MIN. */
struct area_span {
    int64_t from_ms;
    uint32_t park_area;
    uint32_t prefecture_area;
};

struct enterprise {
    uint32_t number; /* 0: empty */
    uint32_t partition;
    uint32_t area_count;
    uint32_t unregistered_count; /* names known but not registered */
    const struct area_span *areas;
    struct span name;
    int64_t changed_revision;
};

struct gateway {
    uint32_t number;
    uint32_t enterprise;
    struct span name;
    bool has_token[2];
    uint8_t token_sha256[2][32];
};

struct directory;

/* --- Reading. Any thread that holds the directory. ------------------------------------------- */

int64_t directory_revision(const struct directory *d);
/* When that revision was imported. */
int64_t directory_imported_at_ms(const struct directory *d);
const struct deployment *directory_deployment(const struct directory *d);

/* NULL when the number is unknown. Constant time (tables indexed by number). */
const struct point *directory_point(const struct directory *d, uint32_t number);
const struct enterprise *directory_enterprise(const struct directory *d, uint32_t number);
const struct gateway *directory_gateway(const struct directory *d, uint32_t number);
uint32_t directory_point_number_max(const struct directory *d);
uint32_t directory_enterprise_number_max(const struct directory *d);

/* The point of that name of that enterprise, registered or not; NULL when unknown. */
const struct point *directory_find_point(const struct directory *d, uint32_t enterprise,
                                         struct span name);
/* The same, quicker when the name is that of point number `previous` or of the next number: gateways
 * report their points in order, again and again. previous may be any number, 0 for none. */
const struct point *directory_find_point_after(const struct directory *d, uint32_t enterprise,
                                               struct span name, uint32_t previous);
const struct gateway *directory_find_gateway(const struct directory *d, struct span name);
/* The gateway one of whose tokens has this SHA-256; NULL when there is none. */
const struct gateway *directory_find_token(const struct directory *d, const uint8_t sha256[32]);

/* Points of an enterprise in order of number: call with *position = 0, until NULL. */
const struct point *directory_next_point(const struct directory *d, uint32_t enterprise,
                                         uint32_t *position);
/* Names for GET /v1/points. The span is empty when the number is unknown. */
struct span directory_item_name(const struct directory *d, uint32_t item);
struct span directory_item_unit(const struct directory *d, uint32_t item);
struct span directory_area_code(const struct directory *d, uint32_t area);

/* The attributes that hold at t_ms (the point is registered). */
const struct attr_span *point_attrs_at(const struct point *p, int64_t t_ms);
/* The areas of an enterprise at t_ms. */
const struct area_span *enterprise_areas_at(const struct enterprise *e, int64_t t_ms);

/* --- Building. One thread, before it is published. The builder copies what it is given. ------- */

struct directory_builder;

struct attr_row { /* one row of point_attr that is valid in the revision */
    int64_t valid_from_ms; /* TIME_MIN: since ever */
    int64_t valid_to_ms;   /* TIME_MAX: for ever */
    struct attr_span attrs; /* from_ms unused; spread_max_ms, hold_max_ms 0: default */
};

struct area_row {
    int64_t valid_from_ms;
    uint32_t park_area;
    uint32_t prefecture_area;
};

struct directory_builder *directory_builder_new(int64_t revision, const struct deployment *dep);
void directory_set_imported_at(struct directory_builder *b, int64_t imported_at_ms);
void directory_builder_free(struct directory_builder *b);
void directory_add_item(struct directory_builder *b, uint32_t number, struct span name,
                        struct span unit);
void directory_add_area(struct directory_builder *b, uint32_t number, struct span code);
/* areas: sorted by valid_from_ms, at least one. */
void directory_add_enterprise(struct directory_builder *b, const struct enterprise *e,
                              const struct area_row *areas, uint32_t area_count);
void directory_add_gateway(struct directory_builder *b, const struct gateway *g);
/* attrs of p is ignored; rows: sorted by valid_from_ms, none for an unregistered point;
 * exchanges: sorted by t_ms. */
void directory_add_point(struct directory_builder *b, const struct point *p,
                         const struct attr_row *rows, uint32_t row_count);
/* Consumes the builder. Aborts when out of memory. */
struct directory *directory_build(struct directory_builder *b);
void directory_free(struct directory *d);

#endif
