/* The cluster is made by pg_cluster.sh, which the integration tests use too. Databases are copies
 * of a template that has the schema. */
#include "tests/support/pg_cluster.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT "tests/support/pg_cluster.sh"

static char dir[64];

static int
run_script(const char *action)
{
    char command[256];

    snprintf(command, sizeof command, SCRIPT " %s %s", action, dir);
    return system(command);
}

void
pg_cluster_start(void)
{
    strcpy(dir, "/tmp/meterd-pg-XXXXXX");
    if (mkdtemp(dir) == NULL || run_script("start") != 0) {
        fprintf(stderr, "pg_cluster: cannot start a cluster\n");
        run_script("stop");
        exit(69);
    }
}

void
pg_cluster_stop(void)
{
    run_script("stop");
}

const char *
pg_cluster_dir(void)
{
    return dir;
}

void
pg_cluster_database(char conninfo[256])
{
    static int made;
    char name[64], sql[128];
    PGconn *conn;
    PGresult *res;

    snprintf(conninfo, 256, "host=%s user=postgres dbname=postgres", dir);
    conn = PQconnectdb(conninfo);
    snprintf(name, sizeof name, "t%d_%d", (int)getpid(), ++made);
    snprintf(sql, sizeof sql, "create database %s template meterd_template", name);
    res = PQexec(conn, sql);
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        fprintf(stderr, "pg_cluster: %s", PQerrorMessage(conn));
        abort();
    }
    PQclear(res);
    PQfinish(conn);
    snprintf(conninfo, 256, "host=%s user=postgres dbname=%s", dir, name);
}
