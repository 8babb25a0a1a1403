/* Readings out of files of the columns meter,timestamp_utc,...,value,flag (deploy/sample/data). */
#ifndef METERD_BENCHMARKS_METERLOAD_PLAN_FILES_H
#define METERD_BENCHMARKS_METERLOAD_PLAN_FILES_H

#include "benchmarks/meterload/plan.h"

/* Fills readings, reading_count, texts, crcs and meter_count of *p, whose fleet is loaded. */
void plan_files_read(struct plan *p, const struct plan_options *o);

#endif
