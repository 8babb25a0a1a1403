/* meterctl gateway token: a new token for a gateway. The database keeps its SHA-256 only; the token
 * is printed once. The one the gateway had stays valid as its second until the next rotation. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <sysexits.h>

#include "server/ctl/ctl.h"
#include "server/store/registry_import.h"

#define TOKEN_BYTES 32
#define TOKEN_SIZE 43 /* of base64url without padding */

/* RFC 4648, section 5. */
static void
encode_token(const uint8_t bytes[TOKEN_BYTES], char out[TOKEN_SIZE + 1])
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned held = 0, at = 0;

    for (unsigned i = 0; i < TOKEN_BYTES; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            out[at++] = digits[bits >> (held - 6) & 63];
    }
    out[at++] = digits[bits << (6 - held) & 63];
    out[at] = '\0';
}

static bool
make_token(char token[TOKEN_SIZE + 1], uint8_t sha256[32])
{
    uint8_t bytes[TOKEN_BYTES];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    encode_token(bytes, token);
    return EVP_Digest(token, TOKEN_SIZE, sha256, NULL, EVP_sha256(), NULL) == 1;
}

int
ctl_gateway_token(struct ctl *ctl, int argc, char **argv)
{
    char token[TOKEN_SIZE + 1];
    uint8_t sha256[32];
    char why[WHY_SIZE];
    const char *name;
    enum status st;
    int code = ctl_read_options(NULL, 0, argc, argv, &name, 1);

    if (code != 0)
        return code;
    if (!make_token(token, sha256))
        return ctl_fail(EX_OSERR, "random bytes", "the system gave none", "");
    st = registry_set_token(ctl->config.database.conninfo, name, sha256, why);
    if (st == ST_NOT_FOUND)
        return ctl_fail(EX_DATAERR, name, why, "gateways come from gateways.csv");
    if (st != ST_OK)
        return ctl_fail_database(st, why);
    if (ctl->json) {
        printf("{\"gateway\":");
        ctl_print_json_text(stdout, name);
        printf(",\"token\":\"%s\"}\n", token);
    } else {
        printf("%s\n", token);
    }
    return 0;
}
