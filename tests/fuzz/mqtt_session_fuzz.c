/* An MQTT conversation; half of the inputs begin behind a good CONNECT, of 3.1.1 or 5. */
#include "tests/fuzz/session_fuzz.h"
#include "tests/support/mqtt_bytes.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t level = size > 0 && (data[0] & 0x20) != 0 ? 5 : 4;

    session_fuzz_run(DOOR_MQTT, data, size,
                     mqtt_bytes_connect(level, "c", "gw-a", "token-a", 60));
    return 0;
}
