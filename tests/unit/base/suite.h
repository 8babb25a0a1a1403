/* A test file of this folder: facts, and at the end SUITE("name", fact, fact ...). */
#ifndef METERD_TESTS_UNIT_BASE_SUITE_H
#define METERD_TESTS_UNIT_BASE_SUITE_H

#include <check.h>
#include <stdlib.h>

#define SUITE(name, ...)                                                                           \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const facts[] = {__VA_ARGS__};                                         \
        Suite *suite = suite_create(name);                                                         \
        TCase *tcase = tcase_create(name);                                                         \
        SRunner *runner;                                                                           \
        int failed;                                                                                \
                                                                                                   \
        tcase_set_timeout(tcase, 120);                                                             \
        for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)                              \
            tcase_add_test(tcase, facts[i]);                                                       \
        suite_add_tcase(suite, tcase);                                                             \
        runner = srunner_create(suite);                                                            \
        srunner_run_all(runner, CK_NORMAL);                                                        \
        failed = srunner_ntests_failed(runner);                                                    \
        srunner_free(runner);                                                                      \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                          \
    }

/* A fact that ends with an assert of ours: run it in a child and look at the signal. */
#define ck_assert_aborts(statement)                                                                \
    do {                                                                                           \
        pid_t child = fork();                                                                      \
        int how = 0;                                                                               \
        if (child == 0) {                                                                          \
            fclose(stderr);                                                                        \
            statement;                                                                             \
            _exit(0);                                                                              \
        }                                                                                          \
        ck_assert_int_eq(waitpid(child, &how, 0), child);                                          \
        ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);                                   \
    } while (0)

#if defined(__SANITIZE_THREAD__)
#define STRESS_COUNT 200000
#elif defined(__SANITIZE_ADDRESS__)
#define STRESS_COUNT 500000
#else
#define STRESS_COUNT 2000000
#endif

#endif
