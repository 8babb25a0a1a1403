/* What door_world.h describes, built with the registry's own builder. */
#include "tests/support/door_world.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

static void
add_point(struct directory_builder *b, uint32_t number, uint32_t enterprise, const char *name,
          enum point_kind kind)
{
    struct point p = {.number = number, .enterprise = enterprise, .kind = kind,
                      .name = span_text(name), .period = {.ms = 900000}};
    struct attr_row row = {.valid_from_ms = TIME_MIN, .valid_to_ms = TIME_MAX};

    row.attrs = (struct attr_span){.nominal_ms = 900000, .max_rate = -1, .factor_num = 1,
                                   .factor_den = 1, .item = 1, .sign = 1, .counted = true};
    p.unit = kind == POINT_UNREGISTERED ? span_text("") : span_text("kWh");
    directory_add_point(b, &p, &row, kind == POINT_UNREGISTERED ? 0 : 1);
}

static void
hash(const char *token, uint8_t out[32])
{
    unsigned size;
    int ok = EVP_Digest(token, strlen(token), out, &size, EVP_sha256(), NULL);

    assert(ok == 1);
}

static void
add_gateway(struct directory_builder *b, uint32_t number, uint32_t enterprise, const char *name,
            const char *token, const char *token2)
{
    struct gateway g = {.number = number, .enterprise = enterprise, .name = span_text(name)};

    if (token != NULL) {
        g.has_token[0] = true;
        hash(token, g.token_sha256[0]);
    }
    if (token2 != NULL) {
        g.has_token[1] = true;
        hash(token2, g.token_sha256[1]);
    }
    directory_add_gateway(b, &g);
}

static void
add_enterprise(struct directory_builder *b, uint32_t number, uint32_t partition, const char *name)
{
    struct enterprise e = {.number = number, .partition = partition, .name = span_text(name)};
    struct area_row area = {TIME_MIN, 2, 3};

    directory_add_enterprise(b, &e, &area, 1);
}

struct directory *
door_world_directory(int64_t revision, bool has_token_a, uint32_t unregistered)
{
    struct deployment dep = {.slot_ms = 900000, .utc_offset_ms = 28800000,
                             .future_max_ms = 600000, .past_max_ms = 400LL * 86400000,
                             .late_after_ms = 3600000, .partitions = 16, .province_area = 1};
    struct directory_builder *b = directory_builder_new(revision, &dep);

    directory_add_item(b, 1, span_text("electricity"), span_text("kWh"));
    directory_add_area(b, 1, span_text("530000"));
    directory_add_area(b, 2, span_text("P1"));
    directory_add_area(b, 3, span_text("530100"));
    add_enterprise(b, 1, 3, "ent-a");
    add_enterprise(b, 2, 5, "ent-b");
    add_gateway(b, 11, 1, "gw-a", has_token_a ? "token-a" : NULL, "token-a2");
    add_gateway(b, 12, 2, "gw-b", "token-b", NULL);
    add_point(b, 17, 1, "E1", POINT_REGISTER);
    add_point(b, 18, 1, "I1", POINT_INTERVAL);
    add_point(b, 19, 1, "R1", POINT_RATE);
    add_point(b, 20, 1, "U1", POINT_UNREGISTERED);
    for (uint32_t i = 1; i < unregistered; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "U-%u", i);
        add_point(b, 100 + i, 1, name, POINT_UNREGISTERED);
    }
    add_point(b, 21, 2, "E1", POINT_REGISTER);
    return directory_build(b);
}

void
door_world_config(struct config *c)
{
    enum status st;

    config_default(c);
    st = address_parse("127.0.0.1:0", &c->http.listen);
    assert(st == ST_OK);
    st = address_parse("127.0.0.1:0", &c->mqtt.listen);
    assert(st == ST_OK);
    c->ingest.loops = 1;
    c->ingest.memory_bytes = 64 << 20;
    c->http.max_connections = 100;
    c->mqtt.max_connections = 100;
}
