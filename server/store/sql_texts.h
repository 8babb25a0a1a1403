/* SQL files as they were when the program was built (server/ctl/embed_sql.cmake): the program needs
 * none of them where it runs. Only meterctl links them. */
#ifndef METERD_STORE_SQL_TEXTS_H
#define METERD_STORE_SQL_TEXTS_H

struct sql_text {
    const char *name; /* of the file, without .sql */
    const char *text;
};

/* migrations, in order; the n-th makes version n. */
extern const struct sql_text sql_migrations[];
extern const unsigned sql_migration_count;

extern const char sql_registry_stage[];
extern const char sql_registry_check[];
extern const char sql_registry_lost[];
extern const char sql_registry_apply[];

#endif
