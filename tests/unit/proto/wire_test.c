/* Protobuf fields: every kind is read, what cannot be is damage and not the end. */
#include <check.h>

#include "proto/wire.h"

static uint8_t bytes[64];

START_TEST(varint_sizes_are_those_written)
{
    for (unsigned shift = 0; shift < 64; shift++) {
        uint64_t power = UINT64_C(1) << shift;

        ck_assert_uint_eq((size_t)(wire_put_varint(bytes, power) - bytes),
                          wire_varint_size(power));
        ck_assert_uint_eq((size_t)(wire_put_varint(bytes, power - 1) - bytes),
                          wire_varint_size(power - 1));
    }
    ck_assert_uint_eq(wire_varint_size(UINT64_MAX), 10);
}
END_TEST

START_TEST(fields_of_every_kind_are_read)
{
    uint8_t *at = wire_put_varint(wire_put_tag(bytes, 1, WIRE_VARINT), UINT64_MAX);
    struct wire_field f;
    struct cursor c;

    at = wire_put_fixed32(at, 2, 0xFFFFFFFE);
    at = wire_put_fixed64(at, 3, UINT64_MAX - 2);
    at = wire_put_bytes(at, 15, "xyz", 3);
    c = cursor_over(span_of(bytes, (size_t)(at - bytes)));
    ck_assert(wire_next_field(&c, &f));
    ck_assert(f.number == 1 && f.kind == WIRE_VARINT && f.value == UINT64_MAX);
    ck_assert(wire_next_field(&c, &f));
    ck_assert(f.number == 2 && f.kind == WIRE_FIXED32 && f.value == 0xFFFFFFFE);
    ck_assert(wire_next_field(&c, &f));
    ck_assert(f.number == 3 && f.kind == WIRE_FIXED64 && f.value == UINT64_MAX - 2);
    ck_assert(wire_next_field(&c, &f));
    ck_assert(f.number == 15 && f.kind == WIRE_BYTES && span_is(f.bytes, "xyz"));
    ck_assert(!wire_next_field(&c, &f));
    ck_assert(cursor_ok(&c));
}
END_TEST

static void
check_damaged(const char *field, size_t size)
{
    struct cursor c = cursor_over(span_of(field, size));
    struct wire_field f;

    ck_assert(!wire_next_field(&c, &f));
    ck_assert(!cursor_ok(&c));
    ck_assert(!wire_next_field(&c, &f));
}

START_TEST(damage_is_not_the_end)
{
    check_damaged("\x80", 1);                     /* a tag that goes on */
    check_damaged("\x08", 1);                     /* a number missing */
    check_damaged("\x08\x80", 2);                 /* a number that goes on */
    check_damaged("\x09xxxxxxx", 8);              /* 7 of 8 bytes */
    check_damaged("\x0dxxx", 4);                  /* 3 of 4 bytes */
    check_damaged("\x0a\x02x", 3);                /* 1 of 2 bytes */
    check_damaged("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11); /* 2^64 - 1 bytes */
    check_damaged("\x0b", 1);                     /* a group begins */
    check_damaged("\x0c", 1);                     /* a group ends */
    check_damaged("\x0e", 1);                     /* no such kind */
    check_damaged("\x00\x00", 2);                 /* field 0 */
    check_damaged("\x80\x80\x80\x80\x10\x00", 6); /* field 2^29 */
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("wire");
    TCase *t = tcase_create("wire");
    SRunner *r;
    int failed;

    tcase_add_test(t, varint_sizes_are_those_written);
    tcase_add_test(t, fields_of_every_kind_are_read);
    tcase_add_test(t, damage_is_not_the_end);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
