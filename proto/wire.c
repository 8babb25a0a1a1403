/* Reads one field of a protobuf message, whatever it is, so that unknown fields are skipped by
 * not looking at them. Everything is bounded by the cursor. */
#include "proto/wire.h"

#define FIELD_NUMBER_MAX ((1u << 29) - 1)

bool
wire_next_field(struct cursor *c, struct wire_field *out)
{
    uint64_t tag, size;

    if (!cursor_ok(c) || cursor_left(c) == 0)
        return false;
    tag = cursor_varint(c);
    *out = (struct wire_field){.number = (uint32_t)(tag >> 3), .kind = (enum wire_kind)(tag & 7)};
    if (tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
        c->failed = true;
    switch (tag & 7) {
    case WIRE_VARINT:
        out->value = cursor_varint(c);
        break;
    case WIRE_FIXED64:
        out->value = cursor_fixed64(c);
        break;
    case WIRE_BYTES:
        size = cursor_varint(c);
        out->bytes = cursor_bytes(c, size);
        break;
    case WIRE_FIXED32:
        out->value = cursor_fixed32(c);
        break;
    default:
        c->failed = true;
    }
    return cursor_ok(c);
}
