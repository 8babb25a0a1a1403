/* Appending to the local log beside its floor, a flat file with fdatasync, in the same minute and
 * with the same sizes: bench_log DIRECTORY [SECONDS]. DIRECTORY is on the disk to be measured.
 *
 * A round is `group` records: the floor writes them with one write and one fdatasync; the log gets
 * them from one producer that has at most `group` unanswered. CPU is of the whole process. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/base/counter.h"
#include "server/base/now.h"
#include "server/log/log_local.h"

#define FILE_BYTES_MAX (1LL << 30)
#define GROUP_MAX 64

struct result {
    int64_t records;
    int64_t commits;
    int64_t us;
    int64_t cpu_us;
};

static int64_t
cpu_us(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000LL + use.ru_utime.tv_usec +
           use.ru_stime.tv_usec;
}

static void
die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static struct result
run_file(const char *directory, uint32_t size, uint32_t group, int64_t run_us)
{
    struct result r = {.us = now_mono_us(), .cpu_us = cpu_us()};
    size_t bytes = (size_t)size * group;
    char *data = calloc(1, bytes), path[1024];
    int64_t at = 0;
    int fd;

    snprintf(path, sizeof path, "%s/flat", directory);
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (fd < 0 || data == NULL)
        die(path);
    while (now_mono_us() - r.us < run_us) {
        if (at + (int64_t)bytes > FILE_BYTES_MAX)
            at = 0;
        if (pwrite(fd, data, bytes, at) != (ssize_t)bytes || fdatasync(fd) != 0)
            die(path);
        at += (int64_t)bytes;
        r.records += group;
        r.commits++;
    }
    r.us = now_mono_us() - r.us;
    r.cpu_us = cpu_us() - r.cpu_us;
    close(fd);
    unlink(path);
    free(data);
    return r;
}

static struct log_record *
await_answer(struct log_producer *p)
{
    struct log_record *r;

    while ((r = log_producer_take(p)) == NULL) {
        struct pollfd fd = {.fd = log_producer_fd(p), .events = POLLIN};

        poll(&fd, 1, -1);
        log_producer_drain(p);
    }
    if (r->result != ST_OK)
        die("append");
    return r;
}

static void
append(struct log_producer *p, struct log_record *r)
{
    if (log_append(p, r) != ST_OK)
        die("append");
}

static struct result
append_for(struct log *l, uint32_t size, uint32_t group, int64_t run_us)
{
    struct log_producer *p = log_producer_new(l);
    struct log_record records[GROUP_MAX];
    uint8_t *data = calloc(1, size);
    uint64_t before[COUNTER_COUNT], after[COUNTER_COUNT];
    struct result r = {.us = now_mono_us(), .cpu_us = cpu_us()};

    counters_sum(before);
    for (uint32_t i = 0; i < group; i++) {
        records[i] = (struct log_record){.partition = i % 16, .size = size, .bytes = data};
        append(p, &records[i]);
    }
    while (now_mono_us() - r.us < run_us) {
        struct log_record *back = await_answer(p);

        log_set_replay_offset(l, back->partition, back->offset);
        append(p, back);
        r.records++;
    }
    r.us = now_mono_us() - r.us;
    r.cpu_us = cpu_us() - r.cpu_us;
    for (uint32_t i = 0; i < group; i++)
        await_answer(p);
    counters_sum(after);
    r.commits = (int64_t)(after[COUNT_log_syncs] - before[COUNT_log_syncs]);
    log_producer_free(p);
    free(data);
    return r;
}

static struct result
run_log(const char *directory, uint32_t size, uint32_t group, int64_t run_us)
{
    char path[1024], file[1100], why[256];
    const char *const files[] = {"data.mdb", "lock.mdb", "meterd.lock"};
    struct log_local_options o = {
        .path = path, .size_bytes = FILE_BYTES_MAX, .keep_ms = 3600000, .partitions = 16};
    struct result r;
    struct log *l;

    snprintf(path, sizeof path, "%s/log", directory);
    if (log_local_open(&o, &l, why) != ST_OK) {
        fprintf(stderr, "%s\n", why);
        exit(EXIT_FAILURE);
    }
    log_start(l);
    r = append_for(l, size, group, run_us);
    log_stop(l);
    log_close(l);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        unlink(file);
    }
    rmdir(path);
    return r;
}

static void
print(const char *what, uint32_t size, uint32_t group, const struct result *r)
{
    printf("%-5s %6u B x %2u  %8lld records/s %7.1f MB/s  %6.1f records/commit  %7.1f us/commit  "
           "%6.1f us CPU/record\n",
           what, size, group, (long long)(r->records * 1000000 / r->us),
           (double)r->records * size / (double)r->us, (double)r->records / (double)r->commits,
           (double)r->us / (double)r->commits, (double)r->cpu_us / (double)r->records);
}

int
main(int argc, char **argv)
{
    static const uint32_t sizes[] = {200, 4096, 32768};
    static const uint32_t groups[] = {1, 16, 64};
    int64_t run_us = (argc > 2 ? atoi(argv[2]) : 2) * 1000000LL;

    if (argc < 2 || run_us <= 0) {
        fprintf(stderr, "usage: bench_log DIRECTORY [SECONDS]\n");
        return EXIT_FAILURE;
    }
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
            struct result file = run_file(argv[1], sizes[s], groups[g], run_us);
            struct result log = run_log(argv[1], sizes[s], groups[g], run_us);

            print("file", sizes[s], groups[g], &file);
            print("log", sizes[s], groups[g], &log);
        }
    }
    return EXIT_SUCCESS;
}
