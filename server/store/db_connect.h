/* How a connection of ours begins: the operator's conninfo, completed, and the session's settings.
 * For db.c only. */
#ifndef METERD_STORE_DB_CONNECT_H
#define METERD_STORE_DB_CONNECT_H

#include <libpq-fe.h>
#include <stddef.h>

#include "server/store/db.h"

/* Begins to connect (PQconnectPoll goes on). NULL: the conninfo cannot be read; why says it. */
PGconn *db_connect_start(const struct db_options *o, char *why, size_t why_size);

/* Statements that settle a new session: what our statements rely on; bounds of time (in a buffer
 * of the calling thread); plans for keyed access only. */
const char *db_connect_settings(void);
const char *db_connect_timeouts(const struct db_options *o);
const char *db_connect_keyed(void);

#endif
