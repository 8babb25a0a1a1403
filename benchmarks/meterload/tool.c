/* Small things: errors end the program, memory grows or the program ends. */
#include "benchmarks/meterload/tool.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

void
tool_die(int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fflush(stdout);
    fputs("meterload: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(code);
}

void *
tool_grow(void *at, size_t count, size_t size)
{
    void *grown = reallocarray(at, count == 0 ? 1 : count, size);

    if (grown == NULL)
        tool_die(EX_OSERR, "no memory for %zu x %zu bytes", count, size);
    return grown;
}

char *
tool_copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(tool_grow(NULL, size, 1), text, size);
}

void
tool_drop(const char *text)
{
    union {
        const char *text;
        void *memory;
    } copy = {text};

    free(copy.memory);
}

void
bytes_reserve(struct bytes *b, size_t size)
{
    size_t capacity = b->capacity == 0 ? 4096 : b->capacity;

    while (capacity - b->size < size)
        capacity *= 2;
    if (capacity == b->capacity)
        return;
    b->at = tool_grow(b->at, capacity, 1);
    b->capacity = capacity;
}

void
bytes_add(struct bytes *b, const void *at, size_t size)
{
    bytes_reserve(b, size);
    memcpy(b->at + b->size, at, size);
    b->size += size;
}

void
bytes_add_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

void
bytes_add_format(struct bytes *b, const char *format, ...)
{
    va_list arguments, again;
    int size;

    va_start(arguments, format);
    va_copy(again, arguments);
    size = vsnprintf(NULL, 0, format, arguments);
    assert(size >= 0);
    bytes_reserve(b, (size_t)size + 1);
    vsnprintf((char *)b->at + b->size, (size_t)size + 1, format, again);
    b->size += (size_t)size;
    va_end(again);
    va_end(arguments);
}

void
bytes_consume(struct bytes *b, size_t size)
{
    assert(size <= b->size);
    b->size -= size;
    memmove(b->at, b->at + size, b->size);
}

uint64_t
tool_mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static int64_t
clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
tool_mono_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t
tool_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}
