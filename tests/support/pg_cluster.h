/* A private PostgreSQL cluster with the schema, for unit tests: started once by a test program,
 * each test takes a database of its own from it. */
#ifndef METERD_TESTS_PG_CLUSTER_H
#define METERD_TESTS_PG_CLUSTER_H

/* Starts the cluster (seconds), ending the program when that fails. Working directory: the
 * project's. */
void pg_cluster_start(void);
void pg_cluster_stop(void);
/* Directory of its socket. */
const char *pg_cluster_dir(void);
/* A new database with the schema, and its conninfo. */
void pg_cluster_database(char conninfo[256]);

#endif
