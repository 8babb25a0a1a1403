/* Answers on a connection: each settles a message of the window, or puts it back in line. */
#include "benchmarks/meterload/link_parts.h"

#include <errno.h>
#include <string.h>

#define READ_SIZE 65536

/* The place in the window of the message an answer is about; window_count: nowhere. */
static unsigned
find_under_way(const struct link *l, const struct answer *a)
{
    unsigned i = 0;

    while (l->door == DOOR_MQTT && i < l->window_count && l->window[i].packet_id != a->packet_id)
        i++;
    return i;
}

static void
take_message_answer(struct link *l, const struct answer *a)
{
    unsigned i = find_under_way(l, a);
    uint32_t message;

    if (i >= l->window_count)
        return;
    message = l->window[i].message;
    l->window_count--;
    memmove(l->window + i, l->window + i + 1, (l->window_count - i) * sizeof l->window[0]);
    if (a->kind != ANSWER_LATER)
        l->backoff_ms = BACKOFF_MS_MIN;
    if (a->kind == ANSWER_STORED) {
        load_note_stored(l->load, message, a);
    } else if (a->kind == ANSWER_REFUSED) {
        load_note_refused(l->load, message, a);
    } else {
        link_put_again(l, message);
        l->wait_until_ms = l->load->now_ms + a->wait_ms;
    }
}

/* The gateway may not come in at all: all its messages are refused. */
static void
refuse_gateway(struct link *l, const struct answer *a)
{
    const struct plan_gateway *g = &l->load->plan->gateways[l->gateway];

    for (uint32_t m = g->first; m < g->first + g->count; m++)
        if (!l->load->is_done[m])
            load_note_refused(l->load, m, a);
    l->again_count = 0;
    l->window_count = 0;
    l->next = g->first + g->count;
}

static void
take_answer(struct link *l, const struct answer *a)
{
    if (l->state == LINK_GREETING) {
        if (a->kind == ANSWER_REFUSED)
            refuse_gateway(l, a);
        if (a->kind != ANSWER_READY)
            return;
        l->state = LINK_OPEN;
        if (a->in_flight > 0 && a->in_flight < l->window_max)
            l->window_max = a->in_flight;
    } else if (a->kind != ANSWER_NONE && a->kind != ANSWER_READY) {
        take_message_answer(l, a);
    }
}

static void
take_answers(struct link *l)
{
    struct answer a;
    ptrdiff_t used = 0;
    size_t at = 0;
    bool is_over = false;

    while (!is_over) {
        struct span left = span_of(l->in.at + at, l->in.size - at);

        used = l->door == DOOR_MQTT ? mqtt_read_answer(left, &a) : http_read_answer(left, &a);
        if (used <= 0)
            break;
        at += (size_t)used;
        take_answer(l, &a);
        is_over = a.is_last;
    }
    if (is_over || used < 0)
        link_lose(l);
    else
        bytes_consume(&l->in, at);
}

void
link_read_answers(struct link *l)
{
    for (;;) {
        ssize_t n;

        bytes_reserve(&l->in, READ_SIZE);
        n = recv(l->fd, l->in.at + l->in.size, READ_SIZE, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            link_lose(l);
            return;
        }
        l->heard_ms = l->load->now_ms;
        l->in.size += (size_t)n;
        take_answers(l);
        if (l->fd < 0)
            return;
    }
}
