#include <string.h>

#include "server/base/address.h"
#include "tests/unit/base/suite.h"

START_TEST(good_addresses_are_read_and_written_back)
{
    const char *good[] = {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:1",
                          "[2001:db8::1]:7"};
    char out[ADDRESS_TEXT_SIZE];
    struct address a;

    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(address_parse(good[i], &a), ST_OK);
        ck_assert(a.is_on);
        ck_assert_str_eq(address_text(&a, out), good[i]);
        a = address_of((const struct sockaddr *)(const void *)&a.sock);
        ck_assert_str_eq(address_text(&a, out), good[i]);
    }
    ck_assert_uint_eq(address_port(&a), 7);
}
END_TEST

START_TEST(nothing_is_off)
{
    char out[ADDRESS_TEXT_SIZE];
    struct address a;

    ck_assert_int_eq(address_parse("", &a), ST_OK);
    ck_assert(!a.is_on);
    ck_assert_str_eq(address_text(&a, out), "");
    ck_assert_uint_eq(address_port(&a), 0);
}
END_TEST

START_TEST(everything_else_is_refused)
{
    const char *bad[] = {":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                         "127.0.0.1:8x", "localhost:80", "::1:80", "[::1]", "[]:1", "[::1:1",
                         "256.0.0.1:1", "127.1:80", "127.0.0.1:000080", " 127.0.0.1:80",
                         "1111111111111111111111111111111111111111111111111111111111111111111:1"};
    struct address a;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(address_parse(bad[i], &a) == ST_MALFORMED, "%s", bad[i]);
        ck_assert(!a.is_on);
    }
}
END_TEST

SUITE("address", good_addresses_are_read_and_written_back, nothing_is_off,
      everything_else_is_refused)
