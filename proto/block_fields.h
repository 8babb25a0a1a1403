/* The field numbers of meterd.proto, shared by the two halves of block. */
#ifndef METERD_PROTO_BLOCK_FIELDS_H
#define METERD_PROTO_BLOCK_FIELDS_H

enum block_field {
    BLOCK_F_ENTERPRISE = 1,
    BLOCK_F_GATEWAY,
    BLOCK_F_RECEIVED_AT,
    BLOCK_F_BASE_TIME,
    BLOCK_F_POINT,
    BLOCK_F_OFFSET,
    BLOCK_F_VALUE,
    BLOCK_F_QUALITY,
    BLOCK_F_NAMED,
    BLOCK_F_REFUSED
};

enum named_field { NAMED_NAME = 1, NAMED_TIME, NAMED_VALUE, NAMED_QUALITY, NAMED_INDEX };
enum refused_field { REFUSED_POINT = 1, REFUSED_DETAIL = 5, REFUSED_INDEX = 6 };

#endif
