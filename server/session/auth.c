/* One digest context per loop, made at start: hashing a token allocates nothing. What is looked up
 * is a hash of the secret, so the lookup's timing tells nothing about tokens. */
#include "server/session/auth.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/base/directory.h"

struct auth {
    EVP_MD_CTX *context;
    EVP_MD *sha256;
};

struct auth *
auth_new(void)
{
    struct auth *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->context = EVP_MD_CTX_new();
    a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (a->context == NULL || a->sha256 == NULL) {
        auth_free(a);
        return NULL;
    }
    return a;
}

void
auth_free(struct auth *a)
{
    if (a == NULL)
        return;
    EVP_MD_CTX_free(a->context);
    EVP_MD_free(a->sha256);
    free(a);
}

enum status
auth_token(struct auth *a, const struct directory *d, struct span gateway, struct span token,
           struct identity *out)
{
    const struct gateway *g;
    int ok;

    if (token.size == 0 || token.size > TOKEN_SIZE_MAX)
        return ST_NOT_AUTHORISED;
    ok = EVP_DigestInit_ex2(a->context, a->sha256, NULL) &&
         EVP_DigestUpdate(a->context, token.at, token.size) &&
         EVP_DigestFinal_ex(a->context, out->token_sha256, NULL);
    assert(ok);
    g = directory_find_token(d, out->token_sha256);
    if (g == NULL || (gateway.size > 0 && !span_equal(gateway, g->name)))
        return ST_NOT_AUTHORISED;
    out->gateway = g->number;
    out->enterprise = g->enterprise;
    return ST_OK;
}

bool
auth_is_valid(const struct directory *d, struct identity *who)
{
    const struct gateway *g = directory_find_token(d, who->token_sha256);

    if (g == NULL || g->number != who->gateway)
        return false;
    who->enterprise = g->enterprise;
    return true;
}

/* --- Basic ------------------------------------------------------------------------------------ */

static int
base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 with padding. False: not base64, or longer than room. */
static bool
base64_decode(struct span in, uint8_t *out, size_t room, size_t *size)
{
    size_t padding = 0;
    uint32_t bits = 0;

    *size = 0;
    if (in.size == 0 || in.size % 4 != 0 || in.size / 4 * 3 > room)
        return false;
    while (padding < 2 && in.at[in.size - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < in.size; i++) {
        int digit = i < in.size - padding ? base64_digit(in.at[i]) : 0;

        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 3)
            continue;
        out[(*size)++] = (uint8_t)(bits >> 16);
        out[(*size)++] = (uint8_t)(bits >> 8);
        out[(*size)++] = (uint8_t)bits;
    }
    *size -= padding;
    return true;
}

static enum status
auth_basic(struct auth *a, const struct directory *d, struct span text, struct identity *out)
{
    uint8_t decoded[2 * TOKEN_SIZE_MAX];
    const uint8_t *colon;
    size_t size;
    size_t name_size;

    if (!base64_decode(text, decoded, sizeof decoded, &size))
        return ST_NOT_AUTHORISED;
    colon = memchr(decoded, ':', size);
    if (colon == NULL || colon == decoded)
        return ST_NOT_AUTHORISED;
    name_size = (size_t)(colon - decoded);
    return auth_token(a, d, span_of(decoded, name_size),
                      span_of(colon + 1, size - name_size - 1), out);
}

/* --- doors ------------------------------------------------------------------------------------ */

/* The credentials after "SCHEME ", or an empty span. */
static struct span
credentials_of(struct span value, const char *scheme)
{
    size_t size = strlen(scheme);

    if (value.size <= size || strncasecmp((const char *)value.at, scheme, size) != 0 ||
        value.at[size] != ' ')
        return span_of(value.at, 0);
    while (size < value.size && value.at[size] == ' ')
        size++;
    return span_of(value.at + size, value.size - size);
}

enum status
auth_http(struct auth *a, const struct directory *d, struct span value, struct identity *out)
{
    struct span text = credentials_of(value, "Bearer");

    if (text.size == 0)
        text = credentials_of(value, "Token");
    if (text.size > 0)
        return auth_token(a, d, span_of(NULL, 0), text, out);
    return auth_basic(a, d, credentials_of(value, "Basic"), out);
}

enum status
auth_mqtt(struct auth *a, const struct directory *d, struct span user_name, struct span password,
          struct identity *out)
{
    if (password.size == 0)
        return auth_token(a, d, span_of(NULL, 0), user_name, out);
    if (user_name.size == 0)
        return ST_NOT_AUTHORISED;
    return auth_token(a, d, user_name, password, out);
}
