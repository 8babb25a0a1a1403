/* Whatever is taken is in range and survives being written and read; the short way and the long way
 * (forced by an exponent of zero) agree. */
#include "proto/decimal.h"

#include <assert.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t text[DECIMAL_TEXT_MAX + 2];
    char shown[32];
    int64_t micro;
    int64_t again;
    bool rounded;
    bool again_rounded;
    enum status st = decimal_parse(span_of(data, size), &micro, &rounded);

    assert(st == ST_OK || (st == ST_BAD_VALUE && micro == 0 && !rounded));
    assert(micro < DECIMAL_MICRO_LIMIT && micro > -DECIMAL_MICRO_LIMIT);
    if (st == ST_OK) {
        size_t n = decimal_format(micro, shown);

        assert(n < sizeof shown);
        assert(decimal_parse(span_of(shown, n), &again, &again_rounded) == ST_OK);
        assert(again == micro && !again_rounded);
    }
    if (size <= DECIMAL_TEXT_MAX - 2 && memchr(data, 'e', size) == NULL &&
        memchr(data, 'E', size) == NULL) {
        memcpy(text, data, size);
        memcpy(text + size, "e0", 2);
        assert(decimal_parse(span_of(text, size + 2), &again, &again_rounded) == st);
        assert(again == micro && again_rounded == rounded);
    }
    return 0;
}
