/* Readiness: one row for each reason not to be ready. */
#include "server/ops/health.h"

bool
health_is_ready(const struct health_facts *f)
{
    return f->registry_loaded && f->log_ok && f->database_ok && !f->draining;
}

unsigned
health_write_ready(const struct health_facts *f, FILE *out)
{
    const struct {
        bool is_bad;
        const char *why;
    } rows[] = {
        {!f->registry_loaded, "registry is not loaded"},
        {!f->log_ok, "log takes no records"},
        {!f->database_ok, "database does not answer"},
        {f->draining, "stopping"},
    };
    const char *comma = "";

    fprintf(out, "{\"ready\":%s,\"why\":[", health_is_ready(f) ? "true" : "false");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].is_bad)
            continue;
        fprintf(out, "%s\"%s\"", comma, rows[i].why);
        comma = ",";
    }
    fputs("]}\n", out);
    return health_is_ready(f) ? 200 : 503;
}

unsigned
health_write_live(FILE *out)
{
    fputs("{\"live\":true}\n", out);
    return 200;
}
