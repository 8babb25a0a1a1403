/* The head of an HTTP/1 request, checked before the parser (llhttp) sees it: the strictness that
 * parsers leave open and that request smuggling lives on. Pure; spans live as long as the bytes.
 * Sources: RFC 9112 sections 2.2, 3, 5 and 6, RFC 9110 sections 5 and 7.2. */
#ifndef METERD_PROTO_HTTP_HEAD_H
#define METERD_PROTO_HTTP_HEAD_H

#include "proto/span.h"
#include "proto/status.h"

#define HTTP_FIELDS_MAX 100 /* contract 1 */

/* Answers of http_head_end() besides a size. */
#define HTTP_HEAD_MORE (-1) /* the head has no end yet */
#define HTTP_HEAD_BAD (-2)  /* CR without LF, or LF without CR: answer 400 at once */

/* Bytes of empty lines before a request, which a server skips (RFC 9112, 2.2). A lone CR is not
 * among them: ask again when more has come. */
size_t http_head_start(struct span bytes) MUST_USE;

/* The size of the head at the start of bytes, which begin with a request line; its CR LF CR LF
 * included. from: how many of the bytes an earlier call has seen (0 at first). */
ptrdiff_t http_head_end(struct span bytes, size_t from) MUST_USE;

/* A whole head, as http_head_end() measured it.
 * ST_FRAMING (400): anything but lines of visible characters that end in CR LF; no request line of
 *   three parts; a folded line; a field name that is empty, no token, or not followed by the colon
 *   at once; in HTTP/1.1 not exactly one Host, or one with impossible characters; Content-Length
 *   twice, or not of 1 to 18 digits; Transfer-Encoding empty, beside Content-Length, or in
 *   HTTP/1.0.
 * ST_HTTP_VERSION (505). ST_HTTP_CODING (501): not one "chunked" alone. ST_HEAD_TOO_LARGE (431):
 * more than HTTP_FIELDS_MAX fields. All close the connection. */
enum status http_head_check(struct span head) MUST_USE;

/* The value of the first field of that name, spaces around it removed, of a head that passed the
 * check; false when there is none. The name is given in lower case. */
bool http_head_field(struct span head, const char *lowercase_name, struct span *value) MUST_USE;

#endif
