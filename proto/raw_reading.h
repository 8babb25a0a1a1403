/* A reading as a gateway sent it, whatever the format: what the payload readers give out and intake
 * judges. Plain value. Contract section 1. */
#ifndef METERD_PROTO_RAW_READING_H
#define METERD_PROTO_RAW_READING_H

#include "proto/span.h"
#include "proto/status.h"

#define PAYLOAD_POINT_SIZE_MAX 128

enum raw_time {
    RAW_TIME_NONE, /* None was sent. */
    RAW_TIME_OK,
    RAW_TIME_BAD, /* Something that is not a time: this reading is to be refused. */
};

/* Spans: point lives until the reader's next call, t_text and v_text as long as the body. */
struct raw_reading {
    struct span point;  /* 1..128 bytes of plain UTF-8 (span_is_plain_utf8). */
    struct span t_text; /* As sent: without the quotes, with any escapes; empty when missing. */
    struct span v_text;
    int64_t t_ms;            /* 0 unless time is RAW_TIME_OK. */
    const char *time_detail; /* Static; "" unless time is RAW_TIME_BAD. */
    int64_t value;           /* Micro-units; 0 unless value_status is ST_OK. */
    enum raw_time time;
    enum status value_status; /* ST_OK or ST_BAD_VALUE. */
    uint32_t index;           /* Counts the readings of the body from 0. */
    bool rounded;             /* More decimals than micro-units have. */
    uint8_t quality;          /* The numbers of meterd.proto: 0 good ... 9 unknown. */
};

#endif
