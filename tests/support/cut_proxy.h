/* A proxy in front of a PostgreSQL socket that cuts one connection at a chosen moment, so that a
 * client's commit is lost, or its answer. One thread, one connection at a time. */
#ifndef METERD_TESTS_CUT_PROXY_H
#define METERD_TESTS_CUT_PROXY_H

#include <stdint.h>

enum cut_when {
    CUT_NEVER,
    CUT_BEFORE_COMMIT, /* the statement "commit" does not reach the server */
    CUT_BEFORE_ANSWER, /* the server has committed, its answer does not reach the client */
    CUT_AT_BYTE,       /* after so many bytes from the client */
};

struct cut_proxy;

/* Listens at dir (made by it), port 5432; forwards to the socket in server_dir. */
struct cut_proxy *cut_proxy_start(const char *server_dir);
const char *cut_proxy_dir(const struct cut_proxy *p);
/* The next times commits are seen, or bytes counted from now; each cut counts one off. */
void cut_proxy_arm(struct cut_proxy *p, enum cut_when when, uint64_t at_byte, int times);
/* Cuts made so far. */
int cut_proxy_cuts(const struct cut_proxy *p);
void cut_proxy_stop(struct cut_proxy *p);

#endif
