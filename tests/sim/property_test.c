/* Any order, with repeats, in any cut into commits, with crashes anywhere, gives the same rows.
 *
 *     property_test [--cases N] [--seed S] [--verbose]
 *
 * Case i has seed S + i. Cases run in child processes, so that a failed assert is a failed case
 * like any other; a failing one is made shorter, printed, and ends the test with exit code 1. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/log_line.h"
#include "tests/sim/sim.h"

#define CASES_DEFAULT 100000u
#define CASE_SECONDS_MAX 10

/* Seeds that failed once; always run first. */
static const uint64_t regressions[] = {7, 52, 723, 30311, 56515};

struct arguments {
    uint64_t cases, seed;
    bool verbose;
};

/* New meters come with new attributes: one dated row of a point begins with its first exchange. */
static void
sharpen(struct case_data *c)
{
    for (size_t i = 0; i < c->input.point_count; i++) {
        struct naive_attributes *rows = c->rows[i];
        size_t last = c->points[i].row_count - 1;
        int64_t t = c->points[i].exchange_count > 0 ? c->exchanges[i][0].t : 0;

        if (c->seed % 2 == 0 || last == 0 || t == 0 || t <= rows[last - 1].valid_from ||
            rows[last].valid_to <= rows[last].valid_from || rows[last].valid_to <= t)
            continue;
        rows[last].valid_from = t;
    }
}

static void
generate(uint64_t seed, const bool *kept, struct case_data *c)
{
    size_t count = 0;

    case_generate(seed, c);
    sharpen(c);
    for (size_t i = 0; i < c->input.log_count && kept != NULL; i++)
        if (kept[i])
            c->log[count++] = c->log[i];
    if (kept != NULL)
        c->input.log_count = count;
}

static bool
run_case(uint64_t seed, const bool *kept, FILE *out, FILE *trace)
{
    static struct case_data c;
    struct sim_options o;

    generate(seed, kept, &c);
    sim_options_draw(seed, &o);
    o.trace = trace;
    if (trace != NULL)
        case_print(&c, trace);
    alarm(CASE_SECONDS_MAX);
    bool same = sim_run(&c, &o, out);
    alarm(0);
    if (trace != NULL)
        case_print(&c, trace);
    return same;
}

/* In a child of its own, silently unless out is given. */
static bool
survives(uint64_t seed, const bool *kept, bool tell)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    assert(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        FILE *nowhere = fopen("/dev/null", "w");
        assert(nowhere != NULL);
        setvbuf(stdout, NULL, _IOLBF, 0); /* What is said before an assert fails is seen. */
        if (!tell && freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        bool same = run_case(seed, kept, tell ? stdout : nowhere, tell ? stdout : NULL);
        fflush(stdout);
        _exit(same ? 0 : 1);
    }
    if (waitpid(child, &status, 0) != child)
        abort();
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
report(uint64_t seed)
{
    static struct case_data c;
    bool kept[CASE_LOG_MAX];
    bool shorter = true;
    size_t left = 0;

    generate(seed, NULL, &c);
    for (size_t i = 0; i < CASE_LOG_MAX; i++)
        kept[i] = i < c.input.log_count;
    printf("case %llu fails; making it shorter\n", (unsigned long long)seed);
    while (shorter) {
        shorter = false;
        for (size_t i = 0; i < c.input.log_count; i++) {
            if (!kept[i] || c.log[i].kind == NAIVE_REGISTERS)
                continue;
            kept[i] = false;
            if (survives(seed, kept, false))
                kept[i] = true;
            else
                shorter = true;
        }
    }
    for (size_t i = 0; i < c.input.log_count; i++)
        left += kept[i];
    printf("%zu of %zu entries are enough\n", left, c.input.log_count);
    survives(seed, kept, true);
    printf("case %llu failed: property_test --seed %llu --cases 1 --verbose\n",
           (unsigned long long)seed, (unsigned long long)seed);
}

static void
run_cases(const struct arguments *a, volatile uint64_t *seed)
{
    struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    for (size_t i = 0; i < sizeof regressions / sizeof *regressions; i++) {
        *seed = regressions[i];
        if (!run_case(*seed, NULL, stdout, NULL))
            _exit(1);
    }
    for (uint64_t i = 0; i < a->cases; i++) {
        *seed = a->seed + i;
        if (!run_case(*seed, NULL, stdout, NULL))
            _exit(1);
        if (a->verbose && i % 1000 == 999) {
            printf("%llu cases\n", (unsigned long long)i + 1);
            fflush(stdout);
        }
    }
}

static struct arguments
arguments_of(int argc, char **argv)
{
    struct arguments a = {.cases = CASES_DEFAULT, .seed = 1};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0)
            a.verbose = true;
        else if (strcmp(argv[i], "--cases") == 0 && i + 1 < argc)
            a.cases = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            a.seed = strtoull(argv[++i], NULL, 10);
        else {
            fprintf(stderr, "usage: property_test [--cases N] [--seed S] [--verbose]\n");
            exit(2);
        }
    }
    return a;
}

int
main(int argc, char **argv)
{
    struct arguments a = arguments_of(argc, argv);
    volatile uint64_t *seed = mmap(NULL, sizeof *seed, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    assert(seed != MAP_FAILED);
    log_level_set(LOG_ERROR);
    pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        run_cases(&a, seed);
        fflush(stdout);
        exit(0); /* Sanitizers look for leaks here. */
    }
    if (waitpid(child, &status, 0) != child)
        abort();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        printf("%llu cases, all as defined\n", (unsigned long long)a.cases);
        return 0;
    }
    report(*seed);
    return 1;
}
