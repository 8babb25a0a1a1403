/* The doors of meterd before a log in memory: for tests that are clients. Prints the two addresses,
 * serves until its standard input ends, then drains. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/base/mailbox.h"
#include "server/net/loop.h"
#include "server/session/session.h"
#include "tests/support/door_world.h"
#include "tests/support/fake_log.h"

#define LOOPS_AT_MOST 4

int
main(int argc, char **argv)
{
    uint32_t loops = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    struct directory *d = door_world_directory(1, true, 1);
    struct session_shared *shared = session_shared_new(loops);
    struct net_loop *l[LOOPS_AT_MOST] = {0};
    struct mailbox used;
    struct waker waker;
    struct config c;
    char text[ADDRESS_TEXT_SIZE];
    char why[WHY_SIZE];
    char byte;

    door_world_config(&c);
    c.ingest.loops = loops;
    if (loops == 0 || loops > LOOPS_AT_MOST || waker_init(&waker) != ST_OK ||
        mailbox_init(&used, 4, &waker) != ST_OK)
        return 1;
    for (uint32_t i = 0; i < loops; i++) {
        struct net_loop_options o = {.config = &c, .shared = shared, .index = i,
                                     .used_directories = &used, .first = i > 0 ? l[0] : NULL};

        l[i] = net_loop_start(&o, why);
        if (l[i] == NULL) {
            (void)fprintf(stderr, "%s\n", why);
            return 1;
        }
        net_loop_begin(l[i], fake_log_at(i), d);
    }
    struct address http = net_loop_http_address(l[0]);
    struct address mqtt = net_loop_mqtt_address(l[0]);
    printf("%s\n", address_text(&http, text));
    printf("%s\n", address_text(&mqtt, text));
    (void)fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    for (uint32_t i = 0; i < loops; i++)
        net_loop_drain(l[i], 10000);
    for (uint32_t i = 0; i < loops; i++)
        net_loop_join(l[i]);
    session_shared_free(shared);
    directory_free(d);
    mailbox_fini(&used);
    waker_fini(&waker);
    return 0;
}
