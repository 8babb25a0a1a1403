/* What every part of meterload needs: giving up with a sentence, memory, growing bytes, random
 * numbers from a seed, clocks. meterload is a tool with one thread: it ends when it has no memory. */
#ifndef METERD_BENCHMARKS_METERLOAD_TOOL_H
#define METERD_BENCHMARKS_METERLOAD_TOOL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/span.h"

/* Prints "meterload: ..." on stderr and ends with an exit code of sysexits.h. */
void tool_die(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* realloc of count * size bytes, or the end. */
void *tool_grow(void *at, size_t count, size_t size);
char *tool_copy(const char *text);
/* Frees what tool_copy made; NULL is allowed. */
void tool_drop(const char *text);

struct bytes {
    uint8_t *at;
    size_t size;
    size_t capacity;
};

/* Room for size more bytes behind at + size. */
void bytes_reserve(struct bytes *b, size_t size);
void bytes_add(struct bytes *b, const void *at, size_t size);
void bytes_add_text(struct bytes *b, const char *text);
void bytes_add_format(struct bytes *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes size bytes away from the front. */
void bytes_consume(struct bytes *b, size_t size);

static inline struct span
bytes_span(const struct bytes *b)
{
    return span_of(b->at, b->size);
}

/* A number that looks random, the same for the same x (SplitMix64's finisher). */
uint64_t tool_mix(uint64_t x);

int64_t tool_mono_ms(void);
int64_t tool_wall_ms(void);

#endif
