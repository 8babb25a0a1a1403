/* A question for the pager and its memory: apart from the pager, which brings libpq. */
#include <stdlib.h>
#include <string.h>

#include "server/store/pager.h"

struct page_request *
page_request_new(enum page_kind kind)
{
    struct page_request *r = calloc(1, sizeof *r);

    if (r == NULL)
        abort();
    r->kind = kind;
    return r;
}

void
page_request_free(struct page_request *r)
{
    if (r == NULL)
        return;
    free(r->points.at);
    free(r->inbox_points.at);
    free(r->segments.at);
    free(r->inbox.at);
    free(r->names.at);
    free(r->text.at);
    free(r);
}

void
page_request_add_name(struct page_request *r, struct span name)
{
    struct page_name *n = TX_APPEND(&r->names);

    n->text_at = r->text.size;
    n->text_size = (uint32_t)name.size;
    while (r->text.capacity - r->text.size < name.size) {
        void *at = r->text.at;
        tx_grow(&at, &r->text.capacity, 1);
        r->text.at = at;
    }
    memcpy(r->text.at + r->text.size, name.at, name.size);
    r->text.size += n->text_size;
}
