/* The status of the process as JSON: one object, its partitions in an array. */
#include "server/ops/status_view.h"

#include <string.h>

#include "proto/span.h"
#include "proto/timestamp.h"

/* How many bytes the UTF-8 character at the front takes; 0: it is not one. */
static size_t
character_size(struct span s)
{
    for (size_t size = 1; size <= 4 && size <= s.size; size++) {
        if (span_is_plain_utf8(span_of(s.at, size)))
            return size;
    }
    return 0;
}

void
json_write_string(const char *text, FILE *out)
{
    struct span s = span_text(text);

    fputc('"', out);
    while (s.size > 0) {
        size_t size = character_size(s);

        if (*s.at == '"' || *s.at == '\\')
            fprintf(out, "\\%c", *s.at);
        else if (size > 0)
            fwrite(s.at, 1, size, out);
        else if (*s.at < 0x20 || *s.at == 0x7f)
            fprintf(out, "\\u%04x", *s.at);
        else
            fputs("\\ufffd", out);
        size = size == 0 ? 1 : size;
        s = span_of(s.at + size, s.size - size);
    }
    fputc('"', out);
}

static void
write_number(const char *name, int64_t value, FILE *out)
{
    if (value < 0)
        fprintf(out, ",\"%s\":null", name);
    else
        fprintf(out, ",\"%s\":%lld", name, (long long)value);
}

static void
write_time(const char *name, int64_t ms, FILE *out)
{
    char text[40];

    if (ms < 0) {
        fprintf(out, ",\"%s\":null", name);
        return;
    }
    timestamp_format_rfc3339(ms, 0, text);
    fprintf(out, ",\"%s\":\"%s\"", name, text);
}

static void
write_partition(const struct status_partition *p, FILE *out)
{
    fprintf(out, "{\"partition\":%u", p->partition);
    write_number("first_offset", p->first_offset, out);
    write_number("next_offset", p->next_offset, out);
    write_number("replay_offset", p->replay_offset, out);
    write_number("end_offset", p->end_offset, out);
    write_number("lag_records", p->lag_records, out);
    write_number("owner_epoch", p->owner_epoch, out);
    write_number("inbox", p->inbox, out);
    write_number("refold_work", p->refold_work, out);
    write_number("complete_until_ms", p->complete_until_ms, out);
    write_time("complete_until", p->complete_until_ms, out);
    write_time("oldest_unwritten", p->oldest_unwritten_ms, out);
    fputc('}', out);
}

static const char *
boolean(bool b)
{
    return b ? "true" : "false";
}

void
status_write_json(const struct status_view *v, FILE *out)
{
    fprintf(out, "{\"version\":\"%s\",\"log_ok\":%s,\"database_ok\":%s,\"draining\":%s",
            METERD_VERSION, boolean(v->log_ok), boolean(v->database_ok), boolean(v->draining));
    write_number("uptime_ms", v->uptime_ms, out);
    write_number("revision", v->revision, out);
    fputs(",\"connections\":{\"total\":", out);
    fprintf(out, "%lld", (long long)(v->http_connections + v->mqtt_connections));
    write_number("http", v->http_connections, out);
    write_number("mqtt", v->mqtt_connections, out);
    fputs("},\"log\":{\"ok\":", out);
    fputs(boolean(v->log_ok), out);
    write_number("used_bytes", v->log_used_bytes, out);
    write_number("size_bytes", v->log_size_bytes, out);
    fputs("},\"degraded\":[", out);
    for (uint32_t i = 0; i < v->degraded_count; i++) {
        fputs(i > 0 ? "," : "", out);
        json_write_string(v->degraded[i], out);
    }
    fputs("],\"partitions\":[", out);
    for (uint32_t i = 0; i < v->partition_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        write_partition(&v->partitions[i], out);
    }
    fputs("]}\n", out);
}
