/* Who is this gateway. A token names the gateway; only its SHA-256 is known here. The work is the
 * same whether or not the token exists. Thread: the ingest loop. */
#ifndef METERD_SESSION_AUTH_H
#define METERD_SESSION_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

#define TOKEN_SIZE_MAX 512 /* bytes of a token or name; longer ones do not exist */

struct auth;
struct directory;

/* All zero: nobody. */
struct identity {
    uint32_t gateway;
    uint32_t enterprise;
    uint8_t token_sha256[32];
};

struct auth *auth_new(void) MUST_USE; /* NULL: no memory */
void auth_free(struct auth *a);

/* gateway may be empty: then the token alone decides. ST_NOT_AUTHORISED: no such token, or it is
 * another gateway's. */
enum status auth_token(struct auth *a, const struct directory *d, struct span gateway,
                       struct span token, struct identity *out) MUST_USE;
/* The value of an Authorization field: Bearer, Token, or Basic with gateway:token (RFC 9110, 11.4;
 * RFC 7617). ST_NOT_AUTHORISED. */
enum status auth_http(struct auth *a, const struct directory *d, struct span value,
                      struct identity *out) MUST_USE;
/* User name and password of MQTT: gateway and token, or the token alone as user name. */
enum status auth_mqtt(struct auth *a, const struct directory *d, struct span user_name,
                      struct span password, struct identity *out) MUST_USE;
/* Does d still know that token as that gateway's? Brings the enterprise up to date. */
bool auth_is_valid(const struct directory *d, struct identity *who);

#endif
