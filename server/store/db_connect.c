/* The operator's conninfo decides; what it leaves open is set so that a dead server is noticed
 * within seconds and a standby is not mistaken for the primary. The session's own settings are
 * made by statements, which pass through any pooler in session mode. */
#include "server/store/db_connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 80

struct default_option {
    const char *keyword;
    const char *value;
};

static const struct default_option defaults[] = {
    {"target_session_attrs", "read-write"},
    {"tcp_user_timeout", "10000"},
    {"keepalives", "1"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"client_encoding", "UTF8"},
};

static bool
is_set(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o->val != NULL && o->val[0] != '\0';
    return false;
}

PGconn *
db_connect_start(const struct db_options *o, char *why, size_t why_size)
{
    const char *keywords[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
    uint32_t n = 0;
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(o->conninfo, &error);
    PGconn *conn;

    if (options == NULL) {
        snprintf(why, why_size, "%s", error == NULL ? "out of memory" : error);
        PQfreemem(error);
        return NULL;
    }
    for (const PQconninfoOption *given = options; given->keyword != NULL; given++)
        if (given->val != NULL && n < OPTIONS_MAX - 10) {
            keywords[n] = given->keyword;
            values[n++] = given->val;
        }
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (!is_set(options, defaults[i].keyword)) {
            keywords[n] = defaults[i].keyword;
            values[n++] = defaults[i].value;
        }
    if (!is_set(options, "application_name")) {
        keywords[n] = "application_name";
        values[n++] = o->application_name;
    }
    keywords[n] = NULL;
    values[n] = NULL;
    conn = PQconnectStartParams(keywords, values, 0);
    PQconninfoFree(options);
    if (conn == NULL)
        abort();
    return conn;
}

const char *
db_connect_settings(void)
{
    return "select set_config('DateStyle', 'ISO', false), set_config('TimeZone', 'UTC', false),"
           " set_config('IntervalStyle', 'postgres', false),"
           " set_config('extra_float_digits', '1', false), set_config('bytea_output', 'hex', "
           "false),"
           " set_config('client_min_messages', 'warning', false),"
           " set_config('search_path', 'meterd', false), set_config('jit', 'off', false)";
}

const char *
db_connect_timeouts(const struct db_options *o)
{
    static _Thread_local char sql[256];

    snprintf(sql, sizeof sql,
             "select set_config('statement_timeout', '%d', false),"
             " set_config('lock_timeout', '5000', false),"
             " set_config('idle_in_transaction_session_timeout', '30000', false)",
             o->statement_timeout_ms);
    return sql;
}

const char *
db_connect_keyed(void)
{
    return "select set_config('enable_hashjoin', 'off', false),"
           " set_config('enable_mergejoin', 'off', false)";
}
