/* What the check lets through has, counted in the plainest way, no bare CR or LF, no folded line,
 * at most one length and one Host; the end of a head does not depend on how its bytes come. */
#include "proto/http_head.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

static void
check_line_ends(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (head[i] == '\r')
            assert(i + 1 < size && head[i + 1] == '\n');
        if (head[i] == '\n')
            assert(i > 0 && head[i - 1] == '\r' && (i + 1 == size || head[i + 1] > ' ' ||
                                                    head[i + 1] == '\r'));
        assert(head[i] >= ' ' || head[i] == '\r' || head[i] == '\n' || head[i] == '\t');
    }
}

/* Lines that begin with that name, the colon included. */
static unsigned
count_fields(const char *head, const char *name)
{
    size_t size = strlen(name);
    unsigned n = 0;

    for (const char *at = strstr(head, "\r\n"); at != NULL; at = strstr(at + 2, "\r\n"))
        n += strncasecmp(at + 2, name, size) == 0;
    return n;
}

static void
check_passed(const uint8_t *bytes, size_t size)
{
    char *head = malloc(size + 1);
    struct span value;
    unsigned host_count, length_count, coding_count;

    assert(head != NULL);
    memcpy(head, bytes, size);
    head[size] = 0;
    assert(strlen(head) == size);
    check_line_ends(bytes, size);
    host_count = count_fields(head, "Host:");
    length_count = count_fields(head, "Content-Length:");
    coding_count = count_fields(head, "Transfer-Encoding:");
    assert(host_count == 1 || (host_count == 0 && strstr(head, " HTTP/1.0\r\n") != NULL));
    assert(length_count + coding_count <= 1);
    assert(http_head_field(span_of(bytes, size), "host", &value) == (host_count == 1));
    if (http_head_field(span_of(bytes, size), "content-length", &value))
        for (size_t i = 0; i < value.size; i++)
            assert(value.at[i] >= '0' && value.at[i] <= '9');
    assert(http_head_field(span_of(bytes, size), "transfer-encoding", &value)
           == (coding_count == 1));
    free(head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t start = http_head_start(span_of(data, size));
    struct span bytes = span_of(data + start, size - start);
    ptrdiff_t end = http_head_end(bytes, 0);
    ptrdiff_t again = HTTP_HEAD_MORE;
    uint8_t *exact;

    for (size_t n = 1; n <= bytes.size && again == HTTP_HEAD_MORE; n++)
        again = http_head_end(span_of(bytes.at, n), n - 1);
    assert(again == end);
    (void)!http_head_check(bytes);
    if (end <= 0)
        return 0;
    exact = malloc((size_t)end);
    assert(exact != NULL);
    memcpy(exact, bytes.at, (size_t)end);
    if (http_head_check(span_of(exact, (size_t)end)) == ST_OK)
        check_passed(exact, (size_t)end);
    free(exact);
    return 0;
}
