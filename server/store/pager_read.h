/* One question to the database and its answer. Owner: the pager's thread. */
#ifndef METERD_STORE_PAGER_READ_H
#define METERD_STORE_PAGER_READ_H

#include "server/store/db.h"
#include "server/store/pager.h"
#include "server/store/params.h"

/* Fills the request's out fields; what an earlier attempt left there is dropped. */
enum db_class pager_read(struct db *db, struct params *p, const char *topic,
                         struct page_request *r) MUST_USE;

#endif
