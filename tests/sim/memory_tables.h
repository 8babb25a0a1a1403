/* The tables of the memory store, for its own files only. */
#ifndef METERD_SIM_MEMORY_TABLES_H
#define METERD_SIM_MEMORY_TABLES_H

#include "tests/sim/memory_store.h"

struct name_row {
    uint32_t enterprise, number;
    uint8_t name[128];
    size_t size;
};

struct partition_row {
    bool there;
    struct page_claim row;
};

/* Sorted by key. */
struct rollup_table {
    struct tx_rollup *at;
    uint32_t count;
};

struct memory_store {
    struct rollup_table rollups[4];
    TX_ARRAY(tx_arrivals) arrivals;
    TX_ARRAY(tx_point) points;
    TX_ARRAY(tx_segment) segments;
    TX_ARRAY(tx_inbox) inbox;
    TX_ARRAY(tx_superseded) superseded;
    TX_ARRAY(name_row) names;
    struct partition_row partitions[PARTITIONS_MAX];
    uint32_t quarantine_count;
};

#endif
