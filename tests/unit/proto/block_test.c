/* Blocks: what is written is read, and every damage is found before a column is used. */
#include <check.h>
#include <stdlib.h>

#include "proto/block.h"
#include "proto/wire.h"

#define ROOM 65536

static uint8_t bytes[ROOM];
static const uint32_t points[4] = {11, 12, 13, 14};
static const int32_t offsets[4] = {0, 900000, -1, INT32_MIN};
static const int64_t values[4] = {1, -2, INT64_MAX, INT64_MIN};
static const uint8_t qualities[4] = {0, 9, 63, 32};

static struct block_columns
four_readings(void)
{
    return (struct block_columns){
        .enterprise = 7,
        .gateway = 70,
        .received_at_ms = 1772000000000,
        .base_time_ms = 1771999000000,
        .count = 4,
        .point = points,
        .point_count = 4,
        .offset_ms = offsets,
        .offset_count = 4,
        .value = values,
        .quality = qualities,
    };
}

static struct span
encoded(const struct block_columns *b)
{
    size_t size = block_encode(b, bytes);

    ck_assert_uint_eq(size, block_encoded_size(b));
    return span_of(bytes, size);
}

static struct block_view
decoded(struct span s)
{
    struct block_view v;

    ck_assert_int_eq(block_decode(s, &v), ST_OK);
    return v;
}

START_TEST(columns_survive_the_way)
{
    struct block_columns b = four_readings();
    struct block_view v = decoded(encoded(&b));

    ck_assert_uint_eq(v.enterprise, 7);
    ck_assert_uint_eq(v.gateway, 70);
    ck_assert_int_eq(v.received_at_ms, 1772000000000);
    ck_assert_uint_eq(v.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(block_point(&v, i), points[i]);
        ck_assert_int_eq(block_time(&v, i), 1771999000000 + offsets[i]);
        ck_assert_int_eq(block_value(&v, i), values[i]);
        ck_assert_uint_eq(block_quality(&v, i), qualities[i]);
    }
}
END_TEST

START_TEST(one_element_stands_for_all)
{
    struct block_columns b = four_readings();
    struct block_view v;

    b.point_count = 1;
    b.offset_count = 1;
    b.quality = NULL;
    v = decoded(encoded(&b));
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(block_point(&v, i), 11);
        ck_assert_int_eq(block_time(&v, i), 1771999000000);
        ck_assert_uint_eq(block_quality(&v, i), 0);
    }
}
END_TEST

START_TEST(a_block_may_have_no_columns)
{
    struct block_columns b = four_readings();
    struct block_view v;

    b.count = 0;
    v = decoded(encoded(&b));
    ck_assert(v.count == 0 && v.named_count == 0);
}
END_TEST

START_TEST(named_and_refused_survive_the_way)
{
    const struct named_reading named[2] = {
        {.name = span_text("E1"), .t_ms = 5, .value = -6, .quality = 33, .index = 300},
        {.name = span_text("电"), .t_ms = -1, .value = 0, .quality = 0, .index = 0},
    };
    const struct refused_reading refused[1] = {{
        .point = span_text("E2"),
        .t_text = span_text("yesterday"),
        .value_text = span_text(""),
        .code = span_text("bad_time"),
        .detail = span_text("not RFC 3339"),
        .index = 4,
    }};
    struct block_columns b = four_readings();
    struct named_reading n;
    struct refused_reading r;
    struct block_view v;
    struct cursor c;

    b.named = named;
    b.named_count = 2;
    b.refused = refused;
    b.refused_count = 1;
    v = decoded(encoded(&b));
    ck_assert(v.named_count == 2 && v.refused_count == 1);
    c = block_cursor(&v);
    for (int i = 0; i < 2; i++) {
        ck_assert(block_next_named(&v, &c, &n));
        ck_assert(span_equal(n.name, named[i].name));
        ck_assert_int_eq(n.t_ms, named[i].t_ms);
        ck_assert_int_eq(n.value, named[i].value);
        ck_assert_uint_eq(n.quality, named[i].quality);
        ck_assert_uint_eq(n.index, named[i].index);
    }
    ck_assert(!block_next_named(&v, &c, &n));
    c = block_cursor(&v);
    ck_assert(block_next_refused(&v, &c, &r));
    ck_assert(span_is(r.point, "E2"));
    ck_assert(span_is(r.t_text, "yesterday"));
    ck_assert_uint_eq(r.value_text.size, 0);
    ck_assert(span_is(r.code, "bad_time"));
    ck_assert(span_is(r.detail, "not RFC 3339"));
    ck_assert_uint_eq(r.index, 4);
    ck_assert(!block_next_refused(&v, &c, &r));
}
END_TEST

static struct span
detail_on_the_way(struct span detail)
{
    const struct refused_reading refused = {.detail = detail};
    struct block_columns b = four_readings();
    struct refused_reading r;
    struct block_view v;
    struct cursor c;

    b.refused = &refused;
    b.refused_count = 1;
    v = decoded(encoded(&b));
    c = block_cursor(&v);
    ck_assert(block_next_refused(&v, &c, &r));
    return r.detail;
}

START_TEST(texts_of_refused_readings_are_made_plain)
{
    static char longer[BLOCK_TEXT_SIZE_MAX + 2];

    ck_assert(span_is(detail_on_the_way(span_of("a\0b\n", 4)), "a?b?"));
    ck_assert(span_is(detail_on_the_way(span_text("\t电")), "?电"));
    ck_assert(span_is(detail_on_the_way(span_text("x\xff\xe7y")), "x??y"));
    memset(longer, 'x', sizeof longer);
    ck_assert_uint_eq(detail_on_the_way(span_of(longer, sizeof longer)).size,
                      BLOCK_TEXT_SIZE_MAX);
    memcpy(longer + BLOCK_TEXT_SIZE_MAX - 2, "电", 3);
    ck_assert_uint_eq(detail_on_the_way(span_of(longer, sizeof longer)).size,
                      BLOCK_TEXT_SIZE_MAX - 2);
}
END_TEST

/* --- damage --- */

static uint8_t *
header(uint8_t *at)
{
    at = wire_put_fixed32(at, 1, 7);
    return wire_put_fixed64(at, 3, 1772000000000);
}

static enum status
judge(const uint8_t *end)
{
    size_t size = (size_t)(end - bytes);
    uint8_t *exact = malloc(size + 1);
    struct block_view v;
    enum status st;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes, size);
    st = block_decode(span_of(exact, size), &v);
    free(exact);
    return st;
}

START_TEST(enterprise_and_arrival_are_needed)
{
    struct block_view v;
    uint8_t *at = wire_put_fixed32(bytes, 1, 7);

    ck_assert_int_eq(judge(header(bytes)), ST_OK);
    ck_assert_int_eq(judge(at), ST_CORRUPT);
    ck_assert_int_eq(block_decode_posted(span_of(bytes, (size_t)(at - bytes)), &v), ST_OK);
    ck_assert_uint_eq(v.enterprise, 0);
    ck_assert_int_eq(judge(wire_put_fixed64(bytes, 3, 1772000000000)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed64(at, 3, 0)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed64(at, 3, UINT64_MAX)), ST_CORRUPT);
    ck_assert_int_eq(judge(bytes), ST_CORRUPT);
}
END_TEST

START_TEST(base_time_is_bounded)
{
    ck_assert_int_eq(judge(wire_put_fixed64(header(bytes), 4, INT64_MAX)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed64(header(bytes), 4, (uint64_t)INT64_MIN)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed64(header(bytes), 4, (uint64_t)-1)), ST_OK);
}
END_TEST

/* Three columns of so many bytes, and a quality column when it has any. */
static enum status
judge_columns(size_t point, size_t offset, size_t value, size_t quality)
{
    static const uint8_t zeros[64];
    uint8_t *at = header(bytes);

    at = wire_put_bytes(at, 5, zeros, point);
    at = wire_put_bytes(at, 6, zeros, offset);
    at = wire_put_bytes(at, 7, zeros, value);
    if (quality > 0)
        at = wire_put_bytes(at, 8, zeros, quality);
    return judge(at);
}

START_TEST(lengths_of_columns_agree)
{
    ck_assert_int_eq(judge_columns(12, 12, 24, 3), ST_OK);
    ck_assert_int_eq(judge_columns(4, 12, 24, 0), ST_OK);
    ck_assert_int_eq(judge_columns(12, 4, 24, 0), ST_OK);
    ck_assert_int_eq(judge_columns(0, 0, 0, 0), ST_OK);
    ck_assert_int_eq(judge_columns(8, 12, 24, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 8, 24, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 12, 16, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 12, 24, 2), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 12, 24, 1), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(0, 12, 24, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 0, 24, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(4, 0, 0, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(0, 0, 0, 3), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(11, 12, 24, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 13, 24, 0), ST_CORRUPT);
    ck_assert_int_eq(judge_columns(12, 12, 23, 0), ST_CORRUPT);
}
END_TEST

START_TEST(a_column_comes_once_and_packed)
{
    static const uint8_t zeros[8];
    uint8_t *at = header(bytes);

    at = wire_put_bytes(at, 5, zeros, 4);
    at = wire_put_bytes(at, 6, zeros, 4);
    at = wire_put_bytes(at, 7, zeros, 8);
    ck_assert_int_eq(judge(at), ST_OK);
    ck_assert_int_eq(judge(wire_put_bytes(at, 7, zeros, 8)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_bytes(at, 5, zeros, 0)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed32(header(bytes), 5, 1)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed64(header(bytes), 7, 1)), ST_CORRUPT);
}
END_TEST

START_TEST(quality_is_below_64)
{
    for (unsigned i = 0; i < 19; i++) {
        static const uint8_t zeros[19 * 8];
        uint8_t quality[19] = {0};
        uint8_t *at = header(bytes);

        quality[i] = 64;
        at = wire_put_bytes(at, 5, zeros, 4);
        at = wire_put_bytes(at, 6, zeros, 4);
        at = wire_put_bytes(at, 7, zeros, sizeof zeros);
        ck_assert_int_eq(judge(wire_put_bytes(at, 8, quality, 19)), ST_CORRUPT);
        quality[i] = 63;
        ck_assert_int_eq(judge(wire_put_bytes(at, 8, quality, 19)), ST_OK);
    }
}
END_TEST

static enum status
judge_named(const uint8_t *nested, const uint8_t *end)
{
    return judge(wire_put_bytes(header(bytes), 9, nested, (size_t)(end - nested)));
}

START_TEST(names_are_plain_and_short)
{
    uint8_t nested[512];
    char name[130];

    memset(name, 'n', sizeof name);
    ck_assert_int_eq(judge_named(nested, wire_put_bytes(nested, 1, name, 128)), ST_OK);
    ck_assert_int_eq(judge_named(nested, wire_put_bytes(nested, 1, name, 129)), ST_CORRUPT);
    ck_assert_int_eq(judge_named(nested, wire_put_bytes(nested, 1, name, 0)), ST_CORRUPT);
    ck_assert_int_eq(judge_named(nested, nested), ST_CORRUPT);
    ck_assert_int_eq(judge_named(nested, wire_put_bytes(nested, 1, "\xff", 1)), ST_CORRUPT);
    ck_assert_int_eq(judge_named(nested, wire_put_bytes(nested, 1, "a\0", 2)), ST_CORRUPT);
}
END_TEST

START_TEST(nested_fields_have_their_kind)
{
    uint8_t nested[64];
    uint8_t *name_end = wire_put_bytes(nested, 1, "E1", 2);
    uint8_t *at;

    ck_assert_int_eq(judge_named(nested, wire_put_fixed32(name_end, 2, 1)), ST_CORRUPT);
    ck_assert_int_eq(judge_named(nested, wire_put_fixed32(name_end, 3, 1)), ST_CORRUPT);
    ck_assert_int_eq(judge_named(nested, wire_put_fixed32(name_end, 4, 1)), ST_CORRUPT);
    at = wire_put_varint(wire_put_tag(name_end, 4, WIRE_VARINT), 64);
    ck_assert_int_eq(judge_named(nested, at), ST_CORRUPT);
    at = wire_put_varint(wire_put_tag(name_end, 5, WIRE_VARINT), UINT64_C(1) << 32);
    ck_assert_int_eq(judge_named(nested, at), ST_CORRUPT);
    at = wire_put_varint(wire_put_tag(name_end, 15, WIRE_VARINT), 9);
    ck_assert_int_eq(judge_named(nested, at), ST_OK);
    ck_assert_int_eq(judge(wire_put_fixed32(header(bytes), 9, 1)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed32(header(bytes), 10, 1)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed64(header(bytes), 1, 1)), ST_CORRUPT);
    ck_assert_int_eq(judge(wire_put_fixed32(header(bytes), 3, 1)), ST_CORRUPT);
}
END_TEST

START_TEST(unknown_fields_are_skipped)
{
    uint8_t *at = wire_put_bytes(wire_put_fixed32(header(bytes), 11, 1), 13, "xyz", 3);

    ck_assert_int_eq(judge(at), ST_OK);
}
END_TEST

START_TEST(no_cut_and_no_flipped_bit_breaks_the_reader)
{
    const struct named_reading named = {.name = span_text("E1"), .value = 3};
    const struct refused_reading refused = {.code = span_text("bad_value")};
    struct block_columns b = four_readings();
    struct span whole;
    struct block_view v;

    b.named = &named;
    b.named_count = 1;
    b.refused = &refused;
    b.refused_count = 1;
    whole = encoded(&b);
    for (size_t size = 0; size < whole.size; size++)
        (void)judge(bytes + size);
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)judge(bytes + whole.size);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_int_eq(block_decode(whole, &v), ST_OK);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("block");
    TCase *t = tcase_create("block");
    SRunner *r;
    int failed;

    tcase_add_test(t, columns_survive_the_way);
    tcase_add_test(t, one_element_stands_for_all);
    tcase_add_test(t, a_block_may_have_no_columns);
    tcase_add_test(t, named_and_refused_survive_the_way);
    tcase_add_test(t, texts_of_refused_readings_are_made_plain);
    tcase_add_test(t, enterprise_and_arrival_are_needed);
    tcase_add_test(t, base_time_is_bounded);
    tcase_add_test(t, lengths_of_columns_agree);
    tcase_add_test(t, a_column_comes_once_and_packed);
    tcase_add_test(t, quality_is_below_64);
    tcase_add_test(t, names_are_plain_and_short);
    tcase_add_test(t, nested_fields_have_their_kind);
    tcase_add_test(t, unknown_fields_are_skipped);
    tcase_add_test(t, no_cut_and_no_flipped_bit_breaks_the_reader);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
