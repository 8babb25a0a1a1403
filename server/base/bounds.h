/* Every compile-time bound, in one place. What a deployment may want to change is configuration
 * (options.def), not here. */
#ifndef METERD_BASE_BOUNDS_H
#define METERD_BASE_BOUNDS_H

/* One message of a gateway. */
#define POINT_NAME_SIZE_MAX 128      /* bytes, contract 1 */
#define VALUE_TEXT_SIZE_MAX 64       /* bytes, contract 1 */
#define JSON_DEPTH_MAX 16
#define UNREGISTERED_LISTED_MAX 100  /* names in one answer, contract 1 */
#define UNREGISTERED_NAMES_MAX 10000 /* of one enterprise, design 4 */
#define QUARANTINE_ROWS_PER_GATEWAY_DAY_MAX 10000

/* Records and blocks. */
#define BLOCK_READINGS_MAX 1024
#define RECORD_SIZE_MAX (256 * 1024) /* bytes; one block always fits */
#define BLOCK_SPAN_MS_MAX (24LL * 86400000) /* offsets are int32 ms */

/* A point's readings. */
#ifndef SEGMENT_READINGS_MAX /* the simulator builds the rollup with fewer */
#define SEGMENT_READINGS_MAX 64
#endif
#define SEGMENT_SPAN_MS_MAX (24LL * 86400000)
#define HELD_MAX 3                   /* semantics 2.1 */
#ifndef SLOTS_IN_MEMORY_MAX
#define SLOTS_IN_MEMORY_MAX 256      /* a reading that touches more goes to the inbox, design 4 */
#endif

/* Processes. */
#define PARTITIONS_MAX 1024
#define LOOPS_MAX 64
#define AGGREGATORS_MAX 64

/* The log. */
#define LOG_IN_FLIGHT_MAX 4096              /* records of one producer not yet answered */
#define LOG_BATCH_RECORDS_MAX 1024          /* records in one commit of the local log */
#define LOG_BATCH_BYTES_MAX (8 * 1024 * 1024)
#define LOG_RETENTION_RECORDS_MAX 512       /* removed in one transaction */
#define LOG_READ_SIZE_MAX (1024 * 1024)     /* bytes copied in one read transaction */

/* Doors. */
#define READ_SIZE_MAX (64 * 1024)           /* bytes of one read; shared by a loop's connections */
#define HTTP_HEAD_SIZE_MAX (8 * 1024)       /* contract 1 */
#define HTTP_OVERHEAD_MAX (8 * 1024)        /* chunk extensions and trailers of one request */
#define MQTT_CONNECT_SIZE_MAX (16 * 1024)   /* nobody is trusted before CONNECT */
#define MESSAGES_IN_FLIGHT_MAX 64           /* of one connection */
#define REPLIES_MAX 32768                   /* messages of one loop that wait for the log */
#define UNSENT_PAUSE_BYTES (64 * 1024)      /* answers the peer does not take: stop reading */
#define UNSENT_RESET_BYTES (256 * 1024)     /* ... and give up */
#define KEEP_ALIVE_S_MAX 1200
#define TAKEOVERS_MAX 1024                  /* from one loop to another, not yet seen */

/* Intake. */
#define BLOCK_TEXT_BYTES_MAX (16 * 1024)    /* names and texts of one block */
#define BLOCK_SIZE_MAX (40 * 1024)          /* bytes of a block with full columns and texts */
#define BLOCK_NAMED_MAX 1024
#define BLOCK_REFUSED_MAX 1024
#define MESSAGE_GROWTH_MAX 24               /* bytes of blocks for one byte of a small message */
#define RECORD_BYTES_MIN (4 * 1024 * 1024)  /* records of one loop, whatever the configuration */
#define REFUSED_VALUE_SIZE_MAX 200          /* bytes kept of a refused value or payload */
#define REFUSED_TIME_SIZE_MAX 40
#define ANSWER_LIST_SIZE_MAX (4 * 1024 * 1024) /* refused readings listed in an answer, bytes */
#define NEW_NAMES_MAX 262144                /* names one loop has seen since its directory */
#define QUARANTINE_GATEWAYS_MAX 16384       /* gateways with refused readings on one day */

/* A sentence for the operator, with the NUL. */
#define WHY_SIZE 256

/* Store. */
#define PAGER_REQUESTS_MAX 64      /* questions of one aggregator under way */
#define PAGER_SEGMENTS_READ_MAX 512 /* rows of one read; a long history takes several */

/* The admin door. */
#define ADMIN_CONNECTIONS_MAX 32
#define ADMIN_FDS_MAX (ADMIN_CONNECTIONS_MAX + 1)
#define ADMIN_REQUEST_SIZE_MAX 4096 /* bytes of a request's head */
#define ADMIN_DEADLINE_MS 5000      /* from accept to close */
#define ADMIN_ACCEPT_AGAIN_MS 100   /* after the system had no descriptor left */

#endif
