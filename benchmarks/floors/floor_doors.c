/* The floor beside meterd's doors: the same bytes, connections and answers over libuv, and nothing
 * else. MQTT: CONNECT -> CONNACK, PUBLISH -> PUBACK at once; HTTP: POST -> 200 at once. Payloads
 * are not looked at and nothing is stored.
 *
 *   floor_doors mqtt|http     prints "port N" and serves until it is killed
 *
 * One loop, one read buffer for all connections, answers of a read in one uv_try_write; a message
 * that came in part waits in the connection's own buffer. It trusts its peer, the load program. */
#include <assert.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define READ_SIZE 65536
#define KEPT_SIZE (2u << 20)
#define ANSWERS_SIZE 65536
#define ANSWER_SIZE_MAX 512

struct peer {
    uv_tcp_t tcp;
    bool is_v5;
    size_t kept_size;
    uint8_t *kept; /* KEPT_SIZE bytes, when something ever came in part */
};

static bool is_http;
static char read_buffer[READ_SIZE];
static uint8_t answers[ANSWERS_SIZE];

/* Bytes of the MQTT packet at the front, 0 when it is not whole. */
static size_t
mqtt_packet_size(const uint8_t *at, size_t size)
{
    size_t length = 0;

    for (size_t i = 1; i < size && i < 5; i++) {
        length |= (size_t)(at[i] & 127) << (7 * (i - 1));
        if (at[i] < 128)
            return size - i - 1 < length ? 0 : i + 1 + length;
    }
    return 0;
}

/* Writes the answer to one packet; returns its size. */
static size_t
mqtt_answer(struct peer *p, const uint8_t *at, uint8_t *out)
{
    const uint8_t *body = at + 1;
    size_t topic;

    while ((*body++ & 128) != 0)
        ;
    if (at[0] == 0x10) {
        p->is_v5 = body[6] == 5;
        memcpy(out, "\x20\x03\x00\x00\x00", 5);
        out[1] = p->is_v5 ? 3 : 2;
        return p->is_v5 ? 5 : 4;
    }
    if ((at[0] & 0xf0) != 0x30 || (at[0] & 6) == 0)
        return 0;
    topic = (size_t)body[0] << 8 | body[1];
    memcpy(out, "\x40\x02", 2);
    memcpy(out + 2, body + 2 + topic, 2);
    return 4;
}

static size_t
http_request_size(const uint8_t *at, size_t size)
{
    const uint8_t *end = memmem(at, size, "\r\n\r\n", 4);
    const uint8_t *field;
    size_t head, length;

    if (end == NULL)
        return 0;
    head = (size_t)(end - at) + 4;
    field = memmem(at, head, "Content-Length: ", 16);
    assert(field != NULL);
    length = strtoul((const char *)field + 16, NULL, 10);
    return size - head < length ? 0 : head + length;
}

static size_t
http_answer(uint8_t *out)
{
    static const char body[] = "{\"accepted\":100,\"unregistered\":[],\"quarantined\":[],"
                               "\"receipts\":[{\"partition\":3,\"offset\":1000}]}";
    static char text[ANSWER_SIZE_MAX];
    static int size;

    if (size == 0)
        size = snprintf(text, sizeof text,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        sizeof body - 1, body);
    memcpy(out, text, (size_t)size);
    return (size_t)size;
}

/* Answers every whole message; returns the bytes used. */
static size_t
take(struct peer *p, const uint8_t *at, size_t size)
{
    size_t used = 0, written = 0, one;
    uv_buf_t out;

    for (;; used += one) {
        one = is_http ? http_request_size(at + used, size - used)
                      : mqtt_packet_size(at + used, size - used);
        if (one == 0)
            break;
        assert(written + ANSWER_SIZE_MAX < ANSWERS_SIZE);
        written += is_http ? http_answer(answers + written)
                           : mqtt_answer(p, at + used, answers + written);
    }
    out = uv_buf_init((char *)answers, (unsigned)written);
    if (written > 0 && uv_try_write((uv_stream_t *)&p->tcp, &out, 1) != (int)written)
        abort();
    return used;
}

static void
give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(read_buffer, sizeof read_buffer);
}

static void
closed(uv_handle_t *handle)
{
    struct peer *p = handle->data;

    free(p->kept);
    free(p);
}

static void
keep(struct peer *p, const void *at, size_t size)
{
    if (size == 0)
        return;
    if (p->kept == NULL && (p->kept = malloc(KEPT_SIZE)) == NULL)
        abort();
    assert(p->kept_size + size <= KEPT_SIZE);
    memcpy(p->kept + p->kept_size, at, size);
    p->kept_size += size;
}

static void
on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct peer *p = stream->data;
    size_t used;

    if (size < 0) {
        uv_close((uv_handle_t *)&p->tcp, closed);
        return;
    }
    if (p->kept_size == 0) {
        used = take(p, (const uint8_t *)buffer->base, (size_t)size);
        keep(p, buffer->base + used, (size_t)size - used);
        return;
    }
    keep(p, buffer->base, (size_t)size);
    used = take(p, p->kept, p->kept_size);
    p->kept_size -= used;
    memmove(p->kept, p->kept + used, p->kept_size);
}

static void
on_connection(uv_stream_t *listener, int result)
{
    struct peer *p = calloc(1, sizeof *p);

    if (result != 0 || p == NULL || uv_tcp_init(listener->loop, &p->tcp) != 0)
        abort();
    p->tcp.data = p;
    if (uv_accept(listener, (uv_stream_t *)&p->tcp) != 0)
        abort();
    uv_tcp_nodelay(&p->tcp, 1);
    uv_read_start((uv_stream_t *)&p->tcp, give_buffer, on_read);
}

int
main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in address;
    int size = sizeof address;
    uv_tcp_t listener;

    is_http = argc > 1 && strcmp(argv[1], "http") == 0;
    uv_ip4_addr("127.0.0.1", 0, &address);
    if (uv_tcp_init(loop, &listener) != 0 ||
        uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&listener, 4096, on_connection) != 0 ||
        uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
