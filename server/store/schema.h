/* The version of the schema this program works with: the number of its newest migration. */
#ifndef METERD_STORE_SCHEMA_H
#define METERD_STORE_SCHEMA_H

#define SCHEMA_VERSION 4

#endif
