/* Threads of ours: named, with signals blocked, joined before the process ends. A thread function
 * that does not return ST_OK has found our own state broken: the process aborts, because a process
 * with a dead thread would only look alive. */
#ifndef METERD_BASE_THREAD_H
#define METERD_BASE_THREAD_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "proto/status.h"

#define THREAD_NAME_SIZE 16 /* with the NUL: what the system keeps */

/* ST_OK: asked to stop, and did. */
typedef enum status (*thread_run)(void *context);

struct thread {
    pthread_t id;
    char name[THREAD_NAME_SIZE];
    thread_run run;
    void *context;
    bool is_started;
};

/* *t stays where it is until thread_join. A longer name is cut. All signals but those of faults
 * are blocked in the new thread: main takes them. ST_WORLD_DOWN: the system has no thread left. */
enum status thread_start(struct thread *t, const char *name, thread_run run,
                         void *context) MUST_USE;
/* Waits until the thread has ended. Nothing happens when it was not started. */
void thread_join(struct thread *t);

/* Which thread an object belongs to. */
struct thread_owner {
    const void *owner;
};

/* The calling thread owns the object from now on. */
void thread_owner_init(struct thread_owner *o);
bool thread_is_owner(const struct thread_owner *o);
#define assert_owner(o) assert(thread_is_owner(o))

#endif
