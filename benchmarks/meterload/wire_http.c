/* HTTP/1.1 as a client: requests one after the other on a connection, answers with Content-Length.
 * Of an answer's JSON only the receipts and the number of quarantined readings are looked at; a
 * quote inside a JSON string is escaped, so the bytes looked for cannot stand inside one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "benchmarks/meterload/wire.h"

#define HEAD_SIZE_MAX 16384
#define BODY_SIZE_MAX ((size_t)64 << 20)

void
http_write_request(struct bytes *out, const char *host, const char *token, struct span body)
{
    bytes_add_format(out,
                     "POST /v1/readings HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     host, token, body.size);
    bytes_add(out, body.at, body.size);
}

/* The number behind a field of the head (which ends with a NUL), or -1. */
static long
field_number(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);

    return at == NULL ? -1 : strtol(at + strlen(name), NULL, 10);
}

static void
read_receipts(const char *body, struct answer *out)
{
    const char *at = strstr(body, "\"receipts\":[");
    size_t used = 0;
    int partition, taken;
    long long offset;

    at = at == NULL ? "" : at + strlen("\"receipts\":[");
    while (sscanf(at, "{\"partition\":%d,\"offset\":%lld}%n", &partition, &offset, &taken) == 2) {
        int size = snprintf(out->receipts + used, sizeof out->receipts - used, "%s%d:%lld",
                            used > 0 ? "," : "", partition, offset);

        if ((size_t)size >= sizeof out->receipts - used) {
            out->receipts[used] = '\0';
            return;
        }
        used += (size_t)size;
        at += taken;
        if (*at == ',')
            at++;
    }
}

static void
read_stored(const char *body, struct answer *out)
{
    const char *at = strstr(body, "\"quarantined\":[");

    out->kind = ANSWER_STORED;
    read_receipts(body, out);
    for (; at != NULL && (at = strstr(at, "\"code\":\"")) != NULL; at++)
        out->quarantined++;
}

static void
judge(unsigned code, const char *head, const char *body, struct answer *out)
{
    long wait_s = field_number(head, "\nRetry-After:");

    out->code = code;
    if (code == 200) {
        read_stored(body, out);
        return;
    }
    out->kind = code == 429 || code >= 500 || code == 408 ? ANSWER_LATER : ANSWER_REFUSED;
    out->wait_ms = wait_s > 0 ? (unsigned)wait_s * 1000 : 200;
    snprintf(out->why, sizeof out->why, "HTTP %u: %.160s", code, body);
}

/* The head without its end as a string. Returns its size with the end; 0: not whole; -1: no. */
static ptrdiff_t
take_head(struct span in, char head[HEAD_SIZE_MAX])
{
    const uint8_t *end = memmem(in.at, in.size, "\r\n\r\n", 4);
    size_t size = end == NULL ? in.size : (size_t)(end - in.at);

    if (size >= HEAD_SIZE_MAX || (in.size >= 5 && memcmp(in.at, "HTTP/", 5) != 0))
        return -1;
    if (end == NULL)
        return 0;
    memcpy(head, in.at, size);
    head[size] = '\0';
    return (ptrdiff_t)size + 4;
}

ptrdiff_t
http_read_answer(struct span in, struct answer *out)
{
    char head[HEAD_SIZE_MAX];
    ptrdiff_t head_size = in.size == 0 ? 0 : take_head(in, head);
    unsigned code;
    long length;
    char *body;

    *out = (struct answer){0};
    if (head_size <= 0)
        return head_size;
    if (sscanf(head, "HTTP/1.%*1[01] %3u", &code) != 1 || code < 100)
        return -1;
    if (code < 200)
        return head_size; /* 100 Continue and the like */
    length = field_number(head, "\nContent-Length:");
    if (length < 0 || (size_t)length > BODY_SIZE_MAX)
        return -1;
    if (in.size - (size_t)head_size < (size_t)length)
        return 0;
    body = tool_grow(NULL, (size_t)length + 1, 1);
    memcpy(body, in.at + head_size, (size_t)length);
    body[length] = '\0';
    judge(code, head, body, out);
    out->is_last = strcasestr(head, "\nConnection: close") != NULL;
    free(body);
    return head_size + length;
}
