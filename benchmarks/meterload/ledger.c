/* Lines gather in memory; ledger_sync writes them and waits for the disk. Whoever sends calls it
 * between adding lines and acting on them. */
#include "benchmarks/meterload/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define TITLE "meterload-ledger 1\n"

struct ledger {
    char *path;
    int fd;
    struct bytes pending;
};

static const char *const order_names[] = {
    [ORDER_FILE] = "file", [ORDER_TIME] = "time", [ORDER_RANDOM] = "random"};

static void
write_header(struct bytes *b, const struct plan *p, const struct plan_options *o)
{
    bytes_add_text(b, TITLE);
    bytes_add_format(b, "registry %s\ntokens %s\norder %s\nseed %" PRIu64 "\n", o->registry_dir,
                     o->tokens_path, order_names[o->order], o->seed);
    bytes_add_format(b, "batch %u\nrepeats %u\ncorrections %u\n", o->batch, o->repeats_percent,
                     o->corrections_percent);
    for (uint32_t i = 0; i < o->file_count; i++)
        bytes_add_format(b, "file %08x %s\n", p->crcs[i], o->files[i]);
    bytes_add_format(b, "plan %u %" PRIu64 "\n", p->message_count, p->sent_once);
}

static void
take_option(struct plan_options *o, const char *name, const char *value)
{
    if (strcmp(name, "registry") == 0)
        o->registry_dir = tool_copy(value);
    else if (strcmp(name, "tokens") == 0)
        o->tokens_path = tool_copy(value);
    else if (strcmp(name, "seed") == 0)
        o->seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "batch") == 0)
        o->batch = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "repeats") == 0)
        o->repeats_percent = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "corrections") == 0)
        o->corrections_percent = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "file") == 0 && o->file_count < PLAN_FILES_MAX && strlen(value) > 9)
        o->files[o->file_count++] = tool_copy(value + 9); /* behind the CRC */
    for (unsigned i = 0; i < sizeof order_names / sizeof order_names[0]; i++)
        if (strcmp(name, "order") == 0 && strcmp(value, order_names[i]) == 0)
            o->order = (enum plan_order)i;
}

void
ledger_read_options(const char *path, struct plan_options *o)
{
    FILE *f = fopen(path, "r");
    char line[8192];

    *o = (struct plan_options){0};
    if (f == NULL)
        tool_die(EX_NOINPUT, "%s: %s", path, strerror(errno));
    if (fgets(line, sizeof line, f) == NULL || strcmp(line, TITLE) != 0)
        tool_die(EX_DATAERR, "%s: this is no ledger of meterload replay", path);
    while (fgets(line, sizeof line, f) != NULL && strncmp(line, "plan ", 5) != 0) {
        char *space = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        if (space != NULL) {
            *space = '\0';
            take_option(o, line, space + 1);
        }
    }
    fclose(f);
    if (o->registry_dir == NULL || o->tokens_path == NULL || o->batch == 0)
        tool_die(EX_DATAERR, "%s: its first lines are damaged", path);
}

void
ledger_free_options(struct plan_options *o)
{
    tool_drop(o->registry_dir);
    tool_drop(o->tokens_path);
    for (uint32_t i = 0; i < o->file_count; i++)
        tool_drop(o->files[i]);
    *o = (struct plan_options){0};
}

static void
take_receipts(struct ledger_fate *fate, const char *receipts)
{
    int partition, taken;
    long long offset;

    while (sscanf(receipts, "%d:%lld%n", &partition, &offset, &taken) == 2) {
        if (fate->partition < 0 || offset > fate->offset) {
            fate->partition = partition;
            fate->offset = offset;
        }
        receipts += taken;
        if (*receipts == ',')
            receipts++;
    }
}

/* False: no line of a ledger. */
static bool
take_line(const char *line, uint32_t message_count, struct ledger_fate *fates)
{
    char kind, receipts[512] = "";
    unsigned message, number = 0;
    long long ms;
    int found = sscanf(line, "%c %lld %u %511s %u", &kind, &ms, &message, receipts, &number);

    if (found < 3 || message >= message_count)
        return false;
    if (kind == 'S')
        fates[message].sent++;
    else if (kind == 'R')
        fates[message].refused++;
    else if (kind != 'A' || found < 5)
        return false;
    if (kind != 'A')
        return true;
    fates[message].acknowledged++;
    fates[message].quarantined = number;
    take_receipts(&fates[message], receipts);
    return true;
}

/* Reads what stands behind the header. Returns where the last whole line ends. */
static off_t
read_lines(FILE *f, const char *path, const struct plan *p, struct ledger_fate *fates)
{
    off_t end = ftello(f);
    char line[1024];

    while (fgets(line, sizeof line, f) != NULL && strchr(line, '\n') != NULL) {
        if (!take_line(line, p->message_count, fates))
            tool_die(EX_DATAERR, "%s: \"%.60s\" is no line of a ledger", path, line);
        end = ftello(f);
    }
    return end;
}

/* The end of the last whole line; 0: the file is empty. */
static off_t
read_ledger(FILE *f, const char *path, const struct plan *p, const struct plan_options *o,
            struct ledger_fate *fates)
{
    struct bytes header = {0};
    char *there;
    size_t size;
    off_t end = 0;

    write_header(&header, p, o);
    there = tool_grow(NULL, header.size, 1);
    size = fread(there, 1, header.size, f);
    if (size == header.size && memcmp(there, header.at, size) == 0)
        end = read_lines(f, path, p, fates);
    else if (size > 0)
        tool_die(EX_DATAERR,
                 "%s: this ledger was written for other files, registry or options: name another "
                 "file", path);
    free(there);
    free(header.at);
    return end;
}

void
ledger_read_fates(const char *path, const struct plan *p, const struct plan_options *o,
                  struct ledger_fate *fates)
{
    FILE *f = fopen(path, "r");

    if (f == NULL)
        tool_die(EX_NOINPUT, "%s: %s", path, strerror(errno));
    if (read_ledger(f, path, p, o, fates) == 0)
        tool_die(EX_DATAERR, "%s: the ledger is empty", path);
    fclose(f);
}

struct ledger *
ledger_open(const char *path, const struct plan *p, const struct plan_options *o,
            struct ledger_fate *fates)
{
    struct ledger *l = tool_grow(NULL, 1, sizeof *l);
    FILE *f = fopen(path, "a+");
    off_t end;

    if (f == NULL)
        tool_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    rewind(f);
    end = read_ledger(f, path, p, o, fates);
    fclose(f);
    *l = (struct ledger){.path = tool_copy(path), .fd = open(path, O_WRONLY | O_APPEND)};
    if (l->fd < 0 || ftruncate(l->fd, end) != 0)
        tool_die(EX_IOERR, "%s: %s", path, strerror(errno));
    if (end == 0)
        write_header(&l->pending, p, o);
    ledger_sync(l);
    return l;
}

void
ledger_add_sent(struct ledger *l, uint32_t message)
{
    bytes_add_format(&l->pending, "S %" PRId64 " %u\n", tool_wall_ms(), message);
}

void
ledger_add_stored(struct ledger *l, uint32_t message, const char *receipts, unsigned quarantined)
{
    bytes_add_format(&l->pending, "A %" PRId64 " %u %s %u\n", tool_wall_ms(), message,
                     receipts[0] == '\0' ? "-" : receipts, quarantined);
}

void
ledger_add_refused(struct ledger *l, uint32_t message, unsigned code)
{
    bytes_add_format(&l->pending, "R %" PRId64 " %u %u\n", tool_wall_ms(), message, code);
}

void
ledger_sync(struct ledger *l)
{
    size_t written = 0;

    if (l->pending.size == 0)
        return;
    while (written < l->pending.size) {
        ssize_t n = write(l->fd, l->pending.at + written, l->pending.size - written);

        if (n < 0 && errno != EINTR)
            tool_die(EX_IOERR, "%s: %s", l->path, strerror(errno));
        written += n < 0 ? 0 : (size_t)n;
    }
    if (fdatasync(l->fd) != 0)
        tool_die(EX_IOERR, "%s: %s", l->path, strerror(errno));
    l->pending.size = 0;
}

void
ledger_close(struct ledger *l)
{
    ledger_sync(l);
    close(l->fd);
    free(l->pending.at);
    free(l->path);
    free(l);
}
