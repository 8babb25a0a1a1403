/* meterload check: do the database and the ledgers of replays agree, reading by reading? */
#ifndef METERD_BENCHMARKS_METERLOAD_CHECK_H
#define METERD_BENCHMARKS_METERLOAD_CHECK_H

/* meterd writes readings some time after it counts them (flush_age): compares again and again for
 * up to wait_s. Returns the exit code: 0 they agree, 1 they do not (the differences are printed). Ends the
 * program when a file or the database cannot be read. */
int check_run(const char *const *ledgers, unsigned count, const char *conninfo, unsigned wait_s);

#endif
