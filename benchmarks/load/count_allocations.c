/* LD_PRELOAD for meterd under load: counts calls of malloc, calloc and realloc into the file that
 * COUNT_ALLOCATIONS names (8 bytes, the machine's order), so that a run can hold that readings grow
 * and allocations do not. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

static _Atomic uint64_t before_start;
static _Atomic uint64_t *counter = &before_start;

static void __attribute__((constructor))
start(void)
{
    const char *path = getenv("COUNT_ALLOCATIONS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0600);
    void *at;

    if (fd < 0 || ftruncate(fd, sizeof *counter) != 0)
        return;
    at = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        counter = at;
}

void *
malloc(size_t size)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    return __libc_calloc(count, size);
}

void *
realloc(void *at, size_t size)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    return __libc_realloc(at, size);
}
