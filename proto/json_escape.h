/* Escapes in JSON strings (RFC 8259, section 7). Pure; any thread. */
#ifndef METERD_PROTO_JSON_ESCAPE_H
#define METERD_PROTO_JSON_ESCAPE_H

#include "proto/span.h"
#include "proto/status.h"

/* The size of the escape at p, which is a backslash, and the character it stands for; 0 when it is
 * none. Surrogates count in pairs only: a lone one stands for no character (section 8.2). */
size_t json_read_escape(const uint8_t *p, const uint8_t *end, uint32_t *character);

/* The characters a key or string stands for, as UTF-8. ST_FULL: more than cap bytes. ST_MALFORMED:
 * a bad escape, which json_next never gives out. */
enum status json_unescape(struct span raw, uint8_t *out, size_t cap, size_t *size) MUST_USE;

#endif
