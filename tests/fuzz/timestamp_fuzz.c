/* Whatever is taken lies within the years that can be written, and survives being written (with
 * and without an offset) and read. */
#include "proto/timestamp.h"

#include <assert.h>

static void
check_offset(int64_t ms, int32_t offset_ms)
{
    char text[40];
    int64_t again;
    size_t n = timestamp_format_rfc3339(ms, offset_ms, text);

    assert(n < sizeof text);
    assert(timestamp_parse_rfc3339(span_of(text, n), &again) == ST_OK);
    assert(again == ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t day = TIMESTAMP_MS_PER_DAY;
    char text[40];
    int64_t ms;
    enum status st = timestamp_parse_rfc3339(span_of(data, size), &ms);

    assert(st == ST_OK || (st == ST_BAD_TIME && ms == 0));
    assert(ms >= timestamp_from_civil(1, 1, 1) - day);
    assert(ms < timestamp_from_civil(10000, 1, 1) + day);
    if (ms >= timestamp_from_civil(1, 1, 2) && ms < timestamp_from_civil(9999, 12, 31)) {
        check_offset(ms, 0);
        check_offset(ms, 28800000);
        check_offset(ms, -34200000);
    }
    if (size == sizeof ms) {
        memcpy(&ms, data, sizeof ms);
        assert(timestamp_format_rfc3339(ms, 0, text) < sizeof text);
    }
    return 0;
}
