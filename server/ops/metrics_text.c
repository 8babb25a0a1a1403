/* Counters, gauges and the status as text for Prometheus. Numbers are printed from integers. */
#include "server/ops/metrics_text.h"

#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/base/counter.h"

/* In a help text only backslash and line feed are special. */
static void
write_help(const char *help, FILE *out)
{
    for (; *help != '\0'; help++) {
        if (*help == '\\')
            fputs("\\\\", out);
        else if (*help == '\n')
            fputs("\\n", out);
        else
            fputc(*help, out);
    }
}

void
metrics_begin(const char *name, const char *type, const char *help, FILE *out)
{
    fprintf(out, "# HELP %s ", name);
    write_help(help, out);
    fprintf(out, "\n# TYPE %s %s\n", name, type);
}

void
metrics_value(const char *name, int64_t value, FILE *out)
{
    fprintf(out, "%s %lld\n", name, (long long)value);
}

void
metrics_value_of(const char *name, const char *label, uint32_t number, int64_t value, FILE *out)
{
    fprintf(out, "%s{%s=\"%u\"} %lld\n", name, label, number, (long long)value);
}

static void
write_counters(FILE *out)
{
    uint64_t counts[COUNTER_COUNT];
    int64_t gauges[GAUGE_COUNT];

    counters_sum(counts);
    for (unsigned c = 0; c < COUNTER_COUNT; c++) {
        metrics_begin(counter_name(c), "counter", counter_help(c), out);
        fprintf(out, "%s %llu\n", counter_name(c), (unsigned long long)counts[c]);
    }
    gauges_sum(gauges);
    for (unsigned g = 0; g < GAUGE_COUNT; g++) {
        metrics_begin(gauge_name(g), "gauge", gauge_help(g), out);
        metrics_value(gauge_name(g), gauges[g], out);
    }
}

/* One family a number of a partition. Offsets are gauges: a claim may set them back. */
static const struct {
    const char *name;
    const char *help;
    size_t at;
} partition_numbers[] = {
#define NUMBER(field, help)                                                                        \
    {"meterd_partition_" #field, help, offsetof(struct status_partition, field)}
    NUMBER(first_offset, "first offset in the log"),
    NUMBER(end_offset, "first offset not yet in the log"),
    NUMBER(next_offset, "first offset not yet in the committed rollup"),
    NUMBER(replay_offset, "first offset still needed after a restart"),
    NUMBER(lag_records, "records in the log and not yet in the committed rollup"),
    NUMBER(owner_epoch, "epoch under which this process owns the partition"),
    NUMBER(inbox, "readings set aside and not yet folded"),
    NUMBER(refold_work, "points in the middle of a refold"),
    NUMBER(complete_until_ms, "everything received before is in the rollup, ms since 1970"),
#undef NUMBER
};

static void
write_partitions(const struct status_view *v, FILE *out)
{
    for (size_t n = 0; n < sizeof partition_numbers / sizeof partition_numbers[0]; n++) {
        const char *name = partition_numbers[n].name;

        metrics_begin(name, "gauge", partition_numbers[n].help, out);
        for (uint32_t i = 0; i < v->partition_count; i++) {
            const struct status_partition *p = &v->partitions[i];
            int64_t value =
                *(const int64_t *)(const void *)((const char *)p + partition_numbers[n].at);

            if (value >= 0)
                metrics_value_of(name, "partition", p->partition, value, out);
        }
    }
}

static void
write_gauge(const char *name, const char *help, int64_t value, FILE *out)
{
    if (value < 0)
        return;
    metrics_begin(name, "gauge", help, out);
    metrics_value(name, value, out);
}

static void
write_view(const struct status_view *v, FILE *out)
{
    write_gauge("meterd_database_ok", "1 when the database answered last", v->database_ok, out);
    write_gauge("meterd_log_ok", "1 when the log takes records", v->log_ok, out);
    write_gauge("meterd_log_size_bytes", "bytes the local log may use", v->log_size_bytes, out);
    write_gauge("meterd_registry_revision", "registry revision in use", v->revision, out);
    write_gauge("meterd_degraded", "conditions /status lists", v->degraded_count, out);
    write_partitions(v, out);
}

/* Names and meanings as Prometheus' client libraries have them. */
static void
write_process(FILE *out)
{
    struct rusage use;
    FILE *statm = fopen("/proc/self/statm", "re");
    long long pages = -1;

    if (getrusage(RUSAGE_SELF, &use) == 0) {
        long long us = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000LL +
                       use.ru_utime.tv_usec + use.ru_stime.tv_usec;

        metrics_begin("process_cpu_seconds_total", "counter", "user and system CPU time", out);
        fprintf(out, "process_cpu_seconds_total %lld.%06lld\n", us / 1000000, us % 1000000);
    }
    if (statm != NULL) {
        if (fscanf(statm, "%*d %lld", &pages) != 1)
            pages = -1;
        fclose(statm);
    }
    write_gauge("process_resident_memory_bytes", "resident memory",
                pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE), out);
}

void
metrics_write(const struct status_view *v, FILE *out)
{
    metrics_begin("meterd_build_info", "gauge", "version of this process", out);
    fprintf(out, "meterd_build_info{version=\"%s\"} 1\n", METERD_VERSION);
    write_counters(out);
    if (v != NULL)
        write_view(v, out);
    write_process(out);
}
