/* An HTTP conversation. */
#include "tests/fuzz/session_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    session_fuzz_run(DOOR_HTTP, data, size, span_of(NULL, 0));
    return 0;
}
